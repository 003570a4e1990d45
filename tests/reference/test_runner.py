"""The runner must be able to fail: each kind of fault is planted and has to be found."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.reference.adapters import policy, preference, statistics
from tests.reference.runner import evaluate, run

CASE = {
    "id": "toy__1",
    "algorithm": "toy",
    "inputs": {"x": [1.0, 2.0], "hole": None, "far": ["inf", "nan"]},
    "outputs": {
        "loss": 0.5,
        "grad": [[1.0, -2.0], [0.0, 3.0]],
        "rate": 0.25,
        "nothing": None,
        "ragged": [[1.0], [2.0, 3.0]],
        "metrics": {"kl": 0.1, "logits/mean": 4.0, "nested": {"deep": 7}},
        "brute_force_probs": [1.0],
        "other_peers": {"a": 1.0},
        "cross_checks_max": 3.0,
    },
    "tolerance": {"rtol": 1e-9, "atol": 1e-10},
    "float32_outputs": ["rate"],
}
RIGHT = {
    "loss": torch.tensor(0.5),
    "grad": torch.tensor([[1.0, -2.0], [0.0, 3.0]]),
    "rate": np.float32(0.25),
    "nothing": None,
    "ragged": [[1.0], torch.tensor([2.0, 3.0])],
    "metrics": {"kl": 0.1, "nested": {"deep": 7}},
    "ours alone": 1.0,
}


def outcome_of(case=CASE, **changes):
    return evaluate("name", case, {"toy": lambda inputs: RIGHT | changes})


def with_outputs(**outputs):
    return {**CASE, "outputs": outputs}


def test_right_outputs_pass():
    outcome = outcome_of()
    assert outcome.status == "passed", outcome


@pytest.mark.parametrize(
    "key, changes",
    [
        ("loss", {"loss": 0.5 + 1e-8}),
        ("loss", {"loss": math.nan}),
        ("loss", {"loss": math.inf}),
        ("loss", {"loss": [0.5]}),
        ("loss", {"loss": None}),
        ("loss", {"loss": "0.5"}),
        ("grad[1, 0]", {"grad": [[1.0, -2.0], [1e-9, 3.0]]}),
        ("grad[0, 1]", {"grad": [[1.0, math.nan], [0.0, 3.0]]}),
        ("grad", {"grad": [1.0, -2.0, 0.0, 3.0]}),
        ("grad", {"grad": [[1.0, -2.0]]}),
        ("rate", {"rate": 0.25 + 2e-6}),
        ("nothing", {"nothing": 0.0}),
        ("ragged.1[1]", {"ragged": [[1.0], [2.0, 4.0]]}),
        ("ragged", {"ragged": [[1.0]]}),
        ("metrics.kl", {"metrics": {"kl": 0.2, "nested": {"deep": 7}}}),
        ("metrics.kl", {"metrics": {"nested": {"deep": 7}}}),
        ("metrics.nested.deep", {"metrics": {"kl": 0.1, "nested": {"deep": 8}}}),
        ("metrics.nested.deep", {"metrics": {"kl": 0.1}}),
    ],
)
def test_a_wrong_output_fails_and_is_named(key, changes):
    outcome = outcome_of(**changes)
    assert outcome.status == "failed"
    assert [failure.key for failure in outcome.failures] == [key]


@pytest.mark.parametrize("key", ["loss", "grad", "rate", "nothing", "ragged"])
def test_a_missing_key_fails(key):
    outcome = evaluate("name", CASE, {"toy": lambda inputs: {k: v for k, v in RIGHT.items() if k != key}})
    assert [failure.key for failure in outcome.failures] == [key]


def test_float32_outputs_have_the_wider_tolerance_and_only_they():
    assert outcome_of(rate=0.25 + 5e-7).status == "passed"
    assert outcome_of(loss=0.5 + 5e-7).status == "failed"


@pytest.mark.parametrize("text, value", [("nan", math.nan), ("inf", math.inf), ("-inf", -math.inf)])
def test_non_finite_numbers_match_only_themselves(text, value):
    case = with_outputs(loss=[1.0, text])
    assert outcome_of(case, loss=[1.0, value]).status == "passed"
    for other in {0.0, 1e308, math.inf, -math.inf} - {value}:
        assert outcome_of(case, loss=[1.0, other]).status == "failed"


def test_the_adapter_gets_decoded_inputs():
    seen = {}

    def adapter(inputs):
        seen.update(inputs)
        return RIGHT

    evaluate("name", CASE, {"toy": adapter})
    assert seen["far"][0] == math.inf
    assert math.isnan(seen["far"][1])
    assert seen["hole"] is None


def test_a_crash_is_a_failure_of_that_case():
    def crash(inputs):
        raise KeyError("beta")

    outcome = evaluate("name", CASE, {"toy": crash})
    assert outcome.status == "failed"
    assert "KeyError" in outcome.reason
    assert outcome_of(metrics=None).status == "failed"
    assert evaluate("name", CASE, {"toy": lambda inputs: None}).status == "failed"


def test_an_unknown_algorithm_fails_unless_the_case_is_optional():
    assert evaluate("name", CASE, {}).status == "failed"
    skipped = evaluate("name", {**CASE, "optional": True}, {})
    assert skipped.status == "skipped"
    assert "toy" in skipped.reason
    assert evaluate("name", {**CASE, "optional": True}, {"toy": lambda inputs: {}}).status == "failed"


@pytest.mark.parametrize("case", [[], {}, ValueError("bad"), with_outputs(), with_outputs(brute_force_x=1.0)])
def test_what_is_no_case_or_compares_nothing_fails(case):
    assert outcome_of(case).status == "failed"


def test_the_report_and_the_exit_code(tmp_path):
    lines: list[str] = []
    assert run(tmp_path / "absent", {}, lines.append) != 0
    assert run(tmp_path, {}, lines.append) != 0
    assert lines[-1] == "0 passed, 0 failed, 0 skipped"
    (tmp_path / "a.json").write_text(json.dumps(CASE))
    assert run(tmp_path, {"toy": lambda inputs: RIGHT}, lines.append) == 0
    assert lines[-1] == "1 passed, 0 failed, 0 skipped"
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text(json.dumps({**CASE, "id": "spare", "algorithm": "other", "optional": True}))
    lines.clear()
    assert run(tmp_path, {"toy": lambda inputs: RIGHT | {"loss": 0.75}}, lines.append) == 1
    assert lines[-1] == "0 passed, 2 failed, 1 skipped"
    assert any("toy__1: loss: ours 0.75, theirs 0.5, tolerance 1e-10" in line for line in lines)
    assert any(line.startswith("SKIPPED spare") for line in lines)


def test_each_adapter_belongs_to_one_module():
    names = [name for module in (policy, preference, statistics) for name in module.ADAPTERS]
    assert len(names) == len(set(names))


def test_the_command_line_fails_on_an_empty_folder(tmp_path):
    command = [sys.executable, "-m", "tests.reference", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1] == "0 passed, 0 failed, 0 skipped"
