"""DPO on the whiteboard: against a bare re-computation, against the optima that theory gives, and at its edges."""

from __future__ import annotations

import itertools
import math
from dataclasses import astuple, replace

import numpy as np
import pytest

from core.stages.comparisons import gather, rows, simulated_votes
from core.stages.whiteboard_dpo import WhiteboardDpoConfig, end_point, optimum, pair_terms, step_size, steps, trajectory
from core.world.candidates import NORWAY

SCORES = (1.2, 1.5, 0.9, -1.0, -0.8, -1.4, -0.6, 0.2)
LOSSES = ("sigmoid", "ipo_sum", "hinge", "cdpo", "robust")
EVEN = (math.log(0.5), math.log(0.5))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def labelled(seed=0, per_pair=3, exact=False, **changes):
    pairs = rows(gather(simulated_votes(SCORES, per_pair, seed, exact=exact)))
    return WhiteboardDpoConfig(ref_logps=NORWAY.ref_logps(), pairs=pairs, scores=SCORES, **changes)


def one_pair(beta, **changes):
    return WhiteboardDpoConfig(ref_logps=EVEN, pairs=((0, 1, 1.0),), scores=(0.0, 0.0), beta=beta, **changes)


def run(config, count):
    return trajectory(config).upto(count + 1)


@pytest.mark.parametrize("rule", ["even", "plain"])
def test_records_agree_with_a_bare_computation(rule):
    config = labelled(beta=0.4, learning_rate=1.5, step_rule=rule)
    ref = np.array(NORWAY.ref_logps())
    logits, total = ref.copy(), sum(weight for *_, weight in config.pairs)
    for record in run(config, 12):
        logps = logits - np.log(np.exp(logits).sum())
        np.testing.assert_allclose(record.logps, logps, atol=1e-12)
        gradient, loss, margins = np.zeros(8), 0.0, []
        for row, (chosen, rejected, weight) in enumerate(config.pairs):
            gap = (logps[chosen] - ref[chosen]) - (logps[rejected] - ref[rejected])
            pull = config.beta * sigmoid(-config.beta * gap)
            assert record.pair_weights[row] == pytest.approx(pull, abs=1e-12)
            assert record.rewards_chosen[row] == pytest.approx(config.beta * (logps[chosen] - ref[chosen]), abs=1e-12)
            assert record.logps_rejected[row] == pytest.approx(logps[rejected], abs=1e-12)
            gradient[chosen] -= weight / total * pull
            gradient[rejected] += weight / total * pull
            loss -= weight / total * math.log(sigmoid(config.beta * gap))
            margins.append((weight / total, config.beta * gap))
        assert record.loss == pytest.approx(loss, abs=1e-12)
        assert record.margin == pytest.approx(sum(w * m for w, m in margins), abs=1e-12)
        # Two answers end level here: on which side of 0 their margin lies is rounding.
        won = [sum(w for w, m in margins if m > bound) for bound in (1e-12, -1e-12)]
        assert won[0] - 1e-12 <= record.accuracy <= (won[1] if record.index else 0) + 1e-12
        assert record.stats.kl == pytest.approx(float(np.exp(logps) @ (logps - ref)), abs=1e-12)
        logits = logits - gradient * (1.5 / 0.4**2 if rule == "even" else 1.5)


def test_the_first_record_is_the_reference():
    first = run(labelled(), 0)[0]
    np.testing.assert_allclose(np.exp(first.logps), NORWAY.ref_probs, atol=1e-12)
    assert (first.index, first.margin, first.accuracy, first.stats.kl) == (0, 0, 0, 0)
    assert first.loss == pytest.approx(math.log(2))


def test_a_step_knows_the_policy_before_it():
    for before, after in itertools.pairwise(run(labelled(), 5)):
        assert after.old_logps == before.logps
        assert after.index == before.index + 1


@pytest.mark.parametrize("beta", [0.1, 0.5, 2.0])
def test_exact_labels_lead_to_the_optimum_of_the_voters_own_scores(beta):
    """Rafailov et al. 2023: with labels from Bradley–Terry on r, DPO's optimum is π_ref · exp(r / β)."""
    config = labelled(exact=True, beta=beta, learning_rate=8.0)
    best = optimum(config).logps.tolist()
    np.testing.assert_allclose(end_point(config), best, atol=1e-6)
    np.testing.assert_allclose(run(config, 300)[-1].logps, best, atol=1e-4)


@pytest.mark.parametrize("loss_type", ["sigmoid", "cdpo", "ipo_sum"])
@pytest.mark.parametrize("seed", [0, 2, 4])
def test_no_neighbour_of_the_end_point_has_a_smaller_loss(loss_type, seed):
    config = labelled(seed=seed, loss_type=loss_type, label_smoothing=0.1 if loss_type == "cdpo" else 0.0)
    end = np.array(end_point(config))

    def loss(logps):
        terms = [(pair_terms(config, tuple(logps), c, r, 1.0).loss, w) for c, r, w in config.pairs]
        return sum(value * weight for value, weight in terms)

    lowest, rng = loss(end), np.random.default_rng(seed)
    for _ in range(20):
        near = end + rng.normal(0, 0.05, 8)
        assert loss(near - np.log(np.exp(near).sum())) > lowest


@pytest.mark.parametrize("loss_type", ["sigmoid", "cdpo", "ipo_sum"])
def test_the_run_arrives_at_the_end_point(loss_type):
    config = labelled(loss_type=loss_type, label_smoothing=0.1 if loss_type == "cdpo" else 0.0, learning_rate=8.0)
    last = run(config, 400)[-1]
    assert 0.5 * np.abs(np.exp(last.logps) - np.exp(end_point(config))).sum() < 1e-3


def test_labels_without_contradiction_have_no_end_point():
    order = tuple((i, j, 1.0) for i in range(8) for j in range(i + 1, 8))
    config = replace(labelled(), pairs=order)
    assert end_point(config) is None
    assert end_point(replace(config, loss_type="cdpo", label_smoothing=0.1)) is not None
    assert end_point(replace(config, loss_type="ipo_sum")) is not None
    assert end_point(replace(config, loss_type="hinge")) is None


def test_groups_that_were_never_compared_keep_their_shares_of_the_reference():
    ties = replace(labelled(), pairs=((0, 1, 0.5), (1, 0, 0.5), (2, 3, 2.0), (3, 2, 1.0)), beta=1.0)
    end = np.array(end_point(ties))
    gaps = end - np.array(NORWAY.ref_logps())
    assert gaps[2] - gaps[3] == pytest.approx(math.log(2))
    assert gaps[2] + gaps[3] == pytest.approx(2 * gaps[0])
    np.testing.assert_allclose(gaps[[1, 4, 5, 6, 7]], gaps[0])
    np.testing.assert_allclose(run(ties, 200)[-1].logps, end, atol=1e-6)


@pytest.mark.parametrize("tau, probability", [(0.1, 0.993), (0.5, 0.731), (1.0, 0.622), (5.0, 0.525)])
def test_ipo_holds_at_a_certain_label_where_dpo_runs_on(tau, probability):
    """Azar et al. 2023: two arms, the first always preferred; IPO ends at σ(0.5/τ), DPO at 1 whatever τ is."""
    ipo = run(one_pair(tau, loss_type="ipo_sum"), 60)[-1]
    assert math.exp(ipo.logps[0]) == pytest.approx(probability, abs=5e-4)
    assert math.exp(end_point(one_pair(tau, loss_type="ipo_sum"))[0]) == pytest.approx(probability, abs=5e-4)
    dpo = run(one_pair(tau), 60)
    assert end_point(one_pair(tau)) is None
    assert all(after.margin > before.margin for before, after in itertools.pairwise(dpo))
    longer = run(one_pair(tau, learning_rate=32.0), 4000 if tau > 1 else 200)[-1]
    assert longer.logps[1] < dpo[-1].logps[1]


def test_with_even_steps_the_margins_are_the_same_at_every_beta_and_with_plain_ones_not():
    even = [run(labelled(beta=beta), 15)[-1].margin for beta in (0.1, 0.5, 2.0)]
    np.testing.assert_allclose(even, even[0], rtol=1e-9)
    plain = [run(labelled(beta=beta, step_rule="plain"), 15)[-1].margin for beta in (0.1, 0.5, 2.0)]
    assert plain[0] < plain[1] < plain[2]
    assert step_size(labelled(loss_type="ipo_sum", learning_rate=4.0)) == 0.5


@pytest.mark.parametrize("loss_type", LOSSES)
def test_one_pair_alone_always_lifts_its_chosen_answer_on_a_softmax_over_answers(loss_type):
    """Its pushes are +s and −s, so the normaliser grows by less than s: falling needs other pairs (or shared weights)."""
    config = replace(labelled(), pairs=((3, 1, 1.0),), loss_type=loss_type)
    records = run(config, 5)
    assert all(after.logps_chosen[0] >= before.logps_chosen[0] for before, after in itertools.pairwise(records))
    assert records[-1].logps_chosen[0] > records[0].logps_chosen[0]


def test_batches_are_seeded_and_on_average_the_full_gradient():
    base = labelled(batch_size=4)
    assert run(base, 6) == tuple(itertools.islice(steps(base), 7))
    assert run(base, 6)[-1].logps != run(replace(base, seed=1), 6)[-1].logps

    def centre(record):
        log_ratios = np.subtract(record.logps, NORWAY.ref_logps())
        return log_ratios - log_ratios.mean()

    full = centre(run(labelled(), 1)[1])
    drawn = [
        centre(next(r for r in steps(replace(base, batch_size=64, seed=seed)) if r.index == 1)) for seed in range(150)
    ]
    error = np.std(drawn, axis=0) / math.sqrt(150)
    assert (np.abs(np.mean(drawn, axis=0) - full) < 5 * error).all()


@pytest.mark.parametrize("loss_type", LOSSES)
@pytest.mark.parametrize("beta", [0.05, 2.0])
@pytest.mark.parametrize("rate, rule", [(0.0, "even"), (32.0, "even"), (32.0, "plain")])
def test_the_ends_of_every_slider_give_finite_numbers(loss_type, beta, rate, rule):
    smoothing = 0.45 if loss_type in ("cdpo", "robust") else 0.0
    config = labelled(loss_type=loss_type, beta=beta, learning_rate=rate, step_rule=rule, label_smoothing=smoothing)
    records = run(config, 60)
    for record in (records[0], records[1], records[-1]):
        figures = [
            *record.logps,
            *record.rewards_chosen,
            *record.pair_weights,
            record.loss,
            record.margin,
            record.stats.kl,
        ]
        assert np.isfinite(figures).all()
        assert np.isfinite(astuple(record.stats)).all()
    if rate == 0:
        assert records[-1].logps == records[0].logps
    if len(records) < 61:
        assert records[-1].diverged
        assert trajectory(config).ended


def test_a_run_that_explodes_stops_and_says_so():
    config = labelled(loss_type="ipo_sum", learning_rate=32.0, step_rule="plain")
    records = run(config, 60)
    assert len(records) < 61
    assert records[-1].diverged.startswith("The run was stopped")
    assert not any(record.diverged for record in records[:-1])


@pytest.mark.parametrize(
    "loss_type, loss, pull",
    [
        ("sigmoid", lambda m, s, b: -s * np.log(sigmoid(m)) - (1 - s) * np.log(sigmoid(-m)), lambda m, s, b: b * (s - sigmoid(m))),
        ("ipo_sum", lambda m, s, b: s * (m / b - 0.5 / b) ** 2 + (1 - s) * (m / b + 0.5 / b) ** 2,
         lambda m, s, b: 2 * ((2 * s - 1) / (2 * b) - m / b)),
        ("hinge", lambda m, s, b: s * max(0, 1 - m) + (1 - s) * max(0, 1 + m), lambda m, s, b: b * (s * (m < 1) - (1 - s) * (m > -1))),
        ("cdpo", lambda m, s, b: -(0.8 * s + 0.1) * np.log(sigmoid(m)) - (0.9 - 0.8 * s) * np.log(sigmoid(-m)),
         lambda m, s, b: b * (0.9 * s + 0.1 * (1 - s) - sigmoid(m))),
        ("robust", lambda m, s, b: -(s - 0.1) / 0.8 * np.log(sigmoid(m)) - (0.9 - s) / 0.8 * np.log(sigmoid(-m)),
         lambda m, s, b: b * ((s - 0.1) / 0.8 - sigmoid(m))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("share", [1.0, 2 / 3, 0.5])
def test_a_pairs_terms_are_those_of_the_formula_on_screen(loss_type, loss, pull, share):
    config = labelled(beta=0.7, loss_type=loss_type, label_smoothing=0.1 if loss_type in ("cdpo", "robust") else 0.0)
    logps = np.log([0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05])
    terms = pair_terms(config, tuple(logps), 0, 4, share)
    u, v = logps[0] - NORWAY.ref_logps()[0], logps[4] - NORWAY.ref_logps()[4]
    assert (terms.u, terms.v, terms.gap) == pytest.approx((u, v, u - v))
    margin = 0.7 * (u - v)
    assert terms.loss == pytest.approx(loss(margin, share, 0.7))
    assert terms.pull == pytest.approx(pull(margin, share, 0.7))


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"pairs": ()}, "at least one pair"),
        ({"pairs": ((0, 0, 1.0),)}, "two different responses"),
        ({"pairs": ((0, 8, 1.0),)}, "two different responses"),
        ({"pairs": ((0, 1, 0.0),)}, "weight above 0"),
        ({"scores": (0.0,)}, "one score"),
        ({"beta": 0.0}, "beta must be above 0"),
    ],
)
def test_impossible_settings_are_refused_in_one_sentence(changes, reason):
    with pytest.raises(ValueError, match=reason):
        replace(labelled(), **changes)


def test_an_end_point_needs_whole_votes():
    with pytest.raises(ValueError, match="whole number of votes"):
        end_point(replace(labelled(), pairs=((0, 1, 0.7),)))
