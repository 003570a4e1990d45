"""The dialects reproduce what running the projects gave (`disagreements.json`), and the panel is complete."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from core.objectives.dialects import TinyBatch, every_dialect, policy, preference

MEASURED = json.loads((Path(__file__).parents[1] / "reference" / "disagreements.json").read_text(encoding="utf-8"))


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def ipo(i):
    u, v, beta = i["chosen_logratio"], i["rejected_logratio"], i["beta"]
    unmoved = preference.ipo_length(0.0, 0.0, i["chosen_len"], i["rejected_len"], beta, 0, 0)
    return [*preference.ipo_length(u, v, i["chosen_len"], i["rejected_len"], beta), unmoved[-1]]


def hinge(i):
    return preference.hinge(i["chosen_logps"], i["rejected_logps"], *i["ref"], 10, 0.1)


def kto(i):
    return preference.kto_reduction(
        tensor(i["policy"]), tensor(i["reference"]), i["kl"], torch.tensor(i["labels"]), i["beta"]
    )


def aggregation(i):
    return policy.group_loss_aggregation(tensor(i["advantages"]), tensor(i["mask"]), 16)


def clipping(i):
    rows = policy.clipping_and_step_kl(tensor(i["new"]), tensor(i["old"]), tensor(i["advantages"]), 0.2)
    return [row for row in rows if row.project != "this app"]


def score(i):
    return policy.score_position(
        tensor(i["logprobs"]),
        tensor(i["ref"]),
        tensor(i["values"]),
        tensor([1.0]),
        torch.tensor([i["last_token"]]),
        0.1,
        1.0,
        0.95,
    )


def reward_model(_):
    far = preference.reward_model_loss(tensor([-400.0]), tensor([400.0]), 0.0)[:2]
    return far + preference.reward_model_loss(tensor([2.0]), tensor([0.0]), 1.0)[2:]


# Start of the topic in the file -> our rows in the order of its results.
TOPICS = {
    "IPO:": ipo,
    "label_smoothing": lambda i: preference.label_smoothing(i["margin"], i["beta"], i["label_smoothing"]),
    "hinge": hinge,
    "KTO": kto,
    "SimPO": lambda i: preference.simpo_gamma(-1.0, -1.5, i["beta"], i["gamma"]),
    "SFT": lambda i: preference.sft_aggregation(tensor(i["logps"]), tensor(i["mask"])),
    "KL(pi||ref)": lambda i: policy.kl_estimators(tensor(i["logp"]), tensor(i["ref"])),
    "advantage whitening": lambda i: policy.whitening(tensor(i["values"]), tensor(i["mask"])),
    "GRPO advantages for group rewards [1,": lambda i: policy.group_std(tensor(i["rewards"])),
    "GRPO advantages for group rewards [1e-4": lambda i: policy.group_std(tensor(i["rewards"])),
    "GRPO loss aggregation": aggregation,
    "GRPO KL": lambda i: policy.grpo_kl_gradient(i["logp"], i["ref"]),
    "clip fraction": clipping,
    "negative advantage": lambda i: policy.far_ratio(3.0, i["advantage"], 0.2),
    "3-token response": score,
    "RLOO": lambda i: policy.kl_placement(tensor(i["rewards"]), tensor(i["kl"]), i["beta"]),
    "reward-model loss": reward_model,
}


def test_every_measured_topic_is_computed():
    assert len(MEASURED) == len(TOPICS) == 17
    for topic in MEASURED:
        assert sum(topic["topic"].startswith(start) for start in TOPICS) == 1, topic["topic"]


@pytest.mark.parametrize("measured", MEASURED, ids=[topic["topic"][:30] for topic in MEASURED])
def test_the_projects_numbers_are_reproduced(measured):
    (ours,) = (rows for start, rows in TOPICS.items() if measured["topic"].startswith(start))
    values = [row.value for row in ours(measured["inputs"])]
    # One result is no number but a crash of the project; it has no row.
    results = {k: v for k, v in measured["results"].items() if not str(v).startswith("RuntimeError")}
    assert len(values) == len(results)
    for value, (label, want) in zip(values, results.items(), strict=True):
        if want == "nan":
            assert value is None, label
            continue
        if label.startswith("HALOs SLiC"):
            want = want[0]  # it broadcasts one loss over the tokens; each of them is the value
        # Some peers work in float32, and verl divides by n + 1e-8: 1e-7 relative covers both.
        np.testing.assert_allclose(np.asarray(value), float(want) if want == "inf" else want, 1e-7, 1e-7, err_msg=label)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(3)
    old = -torch.rand(4, 5, generator=generator, dtype=torch.float64) * 3
    noise = [torch.randn(4, 5, generator=generator, dtype=torch.float64) for _ in range(3)]
    mask = tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [1, 1, 1, 1, 0]])
    new, ref = (old + noise[0]).clamp(max=-0.01), (old + 0.4 * noise[1]).clamp(max=-0.01)
    return TinyBatch(new, old, ref, noise[2], mask, tensor([1.0, -0.5, 0.3, 0.7]))


def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, tuple) else [value]


def test_the_panel_has_every_topic_and_one_convention_of_ours_in_each(batch):
    rows = every_dialect(batch)
    topics = {row.topic for row in rows}
    assert len(topics) == 19
    for topic in topics:
        mine = [row for row in rows if row.topic == topic]
        assert any(row.used_here for row in mine), topic
        if topic != "ORPO's logged odds":
            assert len({str(row.value) for row in mine}) > 1, f"no disagreement on {topic}"
    assert not any(x is not None and math.isnan(x) for row in rows for x in flat(row.value))


def test_the_panel_ignores_what_the_padding_holds(batch):
    spoiled = batch._replace(
        **{
            name: torch.where(batch.mask > 0, getattr(batch, name), torch.nan)
            for name in ("logps", "old_logps", "ref_logps", "values")
        }
    )
    assert every_dialect(spoiled) == every_dialect(batch)


def test_the_panel_survives_equal_policies_and_equal_scores(batch):
    same = batch._replace(old_logps=batch.logps, ref_logps=batch.logps, scores=torch.zeros_like(batch.scores))
    assert not any(x is not None and math.isnan(x) for row in every_dialect(same) for x in flat(row.value))


def test_the_panel_refuses_what_it_cannot_compare(batch):
    with pytest.raises(ValueError, match="at least two"):
        every_dialect(TinyBatch(*(x[:1] for x in batch)))
    with pytest.raises(ValueError, match="each with a token"):
        every_dialect(batch._replace(mask=torch.zeros_like(batch.mask)))
    with pytest.raises(ValueError, match="right"):
        every_dialect(batch._replace(mask=batch.mask.flip(1)))
