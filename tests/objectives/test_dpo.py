"""The DPO family: gradients, optima that theory predicts, noise, padding, and the far ends of beta and log-ratios."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from core.objectives.dpo import LOSSES, dpo_loss, dpo_token_loss
from core.objectives.optimum import kl_optimal_policy

FEW = settings(max_examples=40, deadline=None)
NEEDS = {"label_smoothing": 0.1}


def log_probabilities(seed, n=5, scale=10.0):
    generator = torch.Generator().manual_seed(seed)
    return [-scale * torch.rand(n, generator=generator, dtype=torch.float64) for _ in range(4)]


def lengths(n=5):
    return {"chosen_lengths": torch.arange(1, n + 1), "rejected_lengths": torch.arange(n, 0, -1)}


@pytest.mark.parametrize("loss_type", LOSSES)
@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_gradients_agree_with_finite_differences(loss_type, beta):
    chosen, rejected, *reference = log_probabilities(3)
    pair = (chosen.requires_grad_(), rejected.requires_grad_())
    assert gradcheck(
        lambda c, r: dpo_loss(c, r, *reference, beta, loss_type, **lengths(), **NEEDS, discopop_tau=0.5).loss, pair
    )


@pytest.mark.parametrize("loss_type", LOSSES)
@pytest.mark.parametrize("beta", [0.001, 0.1, 5.0])
@pytest.mark.parametrize("ratio", [0.0, 1e-9, 1e4, -1e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extremes_stay_finite_in_value_and_gradient(loss_type, beta, ratio, dtype):
    policy = torch.tensor([ratio], dtype=dtype, requires_grad=True)
    zero = torch.zeros(1, dtype=dtype)
    for pair in ((policy, zero), (zero, policy)):
        result = dpo_loss(*pair, zero, zero, beta, loss_type, chosen_lengths=zero, rejected_lengths=zero, **NEEDS)
        (slope,) = torch.autograd.grad(result.loss, policy)
        assert torch.isfinite(result.loss)
        assert torch.isfinite(slope).all()
        assert all(math.isfinite(value) for value in result.metrics.values())


@FEW
@given(st.integers(0, 10**6), st.floats(0.05, 5.0))
def test_the_expected_loss_under_bradley_terry_labels_is_stationary_at_the_optimum(seed, beta):
    """Rafailov et al. 2023: the policy that solves the KL-regularised problem also solves DPO on its labels."""
    generator = torch.Generator().manual_seed(seed)
    n = 5
    ref_logps = torch.log_softmax(torch.randn(n, generator=generator, dtype=torch.float64), -1)
    rewards = torch.randn(n, generator=generator, dtype=torch.float64)
    shown = torch.rand(n, n, generator=generator, dtype=torch.float64)  # how often each pair is shown: any weights
    winners, losers = (index.flatten() for index in torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij"))
    shown = (shown + shown.T).flatten() * (winners != losers)
    weights = shown * torch.sigmoid(rewards[winners] - rewards[losers])

    def slope(logits):
        logits = logits.clone().requires_grad_()
        logps = torch.log_softmax(logits, -1)
        result = dpo_loss(logps[winners], logps[losers], ref_logps[winners], ref_logps[losers], beta, weights=weights)
        return torch.autograd.grad(result.loss, logits)[0].abs().max().item()

    optimum = kl_optimal_policy(ref_logps, rewards, beta).logps
    assert slope(optimum) < 1e-9 * max(1.0, beta)
    moved = optimum + torch.linspace(-1, 1, n, dtype=torch.float64)
    assert slope(moved) > 1e-4 * beta  # the check can fail


@FEW
@given(st.floats(0.01, 5.0))
def test_ipo_stops_at_a_gap_of_one_over_two_beta_and_dpo_never_stops(beta):
    zero = torch.zeros(1, dtype=torch.float64)

    def slope(gap, loss_type):
        policy = torch.tensor([gap], dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(dpo_loss(policy, zero, zero, zero, beta, loss_type).loss, policy)[0].item()

    target = 1 / (2 * beta)
    assert slope(target, "ipo_sum") == pytest.approx(0.0, abs=1e-12)
    assert slope(0.9 * target, "ipo_sum") < 0 < slope(1.1 * target, "ipo_sum")
    assert slope(30 / beta, "sigmoid") < 0


def sigma(x):
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(
    "loss_type, by_hand",
    [
        ("apo_zero", lambda c, r: 1 - sigma(c) + sigma(r)),
        ("apo_down", lambda c, r: sigma(c) + 1 - sigma(c - r)),
        ("nca_pair", lambda c, r: -math.log(sigma(c)) - 0.5 * math.log(sigma(-c)) - 0.5 * math.log(sigma(-r))),
        ("bco_pair", lambda c, r: -math.log(sigma(c)) - math.log(1 - sigma(r))),
        ("sppo_hard", lambda c, r: (c / 0.4 - 1.25) ** 2 + (r / 0.4 + 1.25) ** 2),
        (
            "exo_pair",
            lambda c, r: sigma(c - r) * math.log(sigma(c - r) / 0.9) + sigma(r - c) * math.log(sigma(r - c) / 0.1),
        ),
        (
            "discopop",
            lambda c, r: -math.log(sigma(c - r)) * (1 - sigma((c - r) / 0.5)) + math.exp(r - c) * sigma((c - r) / 0.5),
        ),
    ],
)
@pytest.mark.parametrize("u, v", [(1.5, -2.0), (-3.0, 0.5), (0.0, 0.0)])
def test_further_variants_follow_their_formulas(loss_type, by_hand, u, v):
    """`by_hand` takes the rewards c = beta u and r = beta v, with beta = 0.4."""
    u_, v_, zero = (torch.tensor([x], dtype=torch.float64) for x in (u, v, 0.0))
    ours = dpo_loss(u_, v_, zero, zero, 0.4, loss_type, label_smoothing=0.1, discopop_tau=0.5).loss.item()
    assert ours == pytest.approx(by_hand(0.4 * u, 0.4 * v), rel=1e-12)


def test_per_token_ipo_is_the_summed_one_on_averages():
    chosen, rejected, ref_chosen, ref_rejected = log_probabilities(1)
    n_chosen, n_rejected = lengths().values()
    per_token = dpo_loss(chosen, rejected, ref_chosen, ref_rejected, 0.1, "ipo", **lengths())
    averages = dpo_loss(
        chosen / n_chosen, rejected / n_rejected, ref_chosen / n_chosen, ref_rejected / n_rejected, 0.1, "ipo_sum"
    )
    assert per_token.losses.tolist() == pytest.approx(averages.losses.tolist())
    assert per_token.chosen_rewards.tolist() == pytest.approx((0.1 * (chosen - ref_chosen)).tolist())


@FEW
@given(st.integers(0, 10**6), st.floats(0.0, 0.49), st.sampled_from([0.001, 0.1, 1.0, 5.0]))
def test_robust_dpo_is_unbiased_under_flipped_labels(seed, flips, beta):
    chosen, rejected, ref_chosen, ref_rejected = log_probabilities(seed)
    clean = dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta)
    kept = dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta, "robust", label_smoothing=flips)
    flipped = dpo_loss(rejected, chosen, ref_rejected, ref_chosen, beta, "robust", label_smoothing=flips)
    expected = (1 - flips) * kept.losses + flips * flipped.losses
    assert expected.tolist() == pytest.approx(clean.losses.tolist(), rel=1e-9, abs=1e-9)


@FEW
@given(st.floats(0.01, 0.49), st.sampled_from([0.1, 1.0, 5.0]))
def test_cdpo_stops_where_the_model_is_as_sure_as_the_labels(flips, beta):
    margin = math.log((1 - flips) / flips) / beta
    policy = torch.tensor([margin], dtype=torch.float64, requires_grad=True)
    zero = torch.zeros(1, dtype=torch.float64)
    loss = dpo_loss(policy, zero, zero, zero, beta, "cdpo", label_smoothing=flips).loss
    assert torch.autograd.grad(loss, policy)[0].item() == pytest.approx(0.0, abs=1e-9)


def test_the_plain_loss_ignores_label_smoothing_and_cdpo_without_it_is_dpo():
    x = log_probabilities(4)
    plain = dpo_loss(*x).loss.item()
    assert dpo_loss(*x, label_smoothing=0.3).loss.item() == plain
    assert dpo_loss(*x, loss_type="cdpo").loss.item() == pytest.approx(plain)
    assert dpo_loss(*x, loss_type="cdpo", label_smoothing=0.3).loss.item() != pytest.approx(plain)


def test_weights_are_counts_of_pairs():
    x = log_probabilities(5, n=2)
    counted = dpo_loss(*x, weights=torch.tensor([3.0, 1.0]))
    written_out = dpo_loss(*(values[[0, 0, 0, 1]] for values in x))
    assert counted.loss.item() == pytest.approx(written_out.loss.item())
    assert counted.metrics == pytest.approx(written_out.metrics)


def test_metrics_use_the_names_of_the_field_and_a_tie_is_no_win():
    minus_one = torch.full((2,), -1.0)
    metrics = dpo_loss(minus_one, torch.tensor([-1.0, -2.0]), minus_one, minus_one, beta=0.5).metrics
    assert metrics == {
        "rewards/chosen": 0.0,
        "rewards/rejected": -0.25,
        "rewards/accuracies": 0.5,
        "rewards/margins": 0.25,
        "logps/chosen": -1.0,
        "logps/rejected": -1.5,
    }


@pytest.mark.parametrize("loss_type", ["sigmoid", "ipo", "sigmoid_norm", "hinge"])
def test_padding_is_irrelevant_even_when_it_is_not_a_number(loss_type):
    generator = torch.Generator().manual_seed(0)
    logps = -torch.rand(6, 4, generator=generator, dtype=torch.float64)
    reference = -torch.rand(6, 4, generator=generator, dtype=torch.float64)
    mask = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
    clean = dpo_token_loss(logps, reference, mask, 0.3, loss_type)
    wide = torch.cat([mask, torch.zeros(6, 2, dtype=mask.dtype)], 1)

    def soiled(values):
        values = torch.cat([values, torch.zeros(6, 2, dtype=torch.float64)], 1)
        return torch.where(wide > 0, values, torch.tensor([math.nan, math.inf, -1e30] * 2, dtype=torch.float64))

    leaf = soiled(logps).requires_grad_()
    result = dpo_token_loss(leaf, soiled(reference), wide, 0.3, loss_type)
    (slope,) = torch.autograd.grad(result.loss, leaf)
    assert result.loss.item() == clean.loss.item()
    assert result.metrics == clean.metrics
    assert torch.isfinite(slope).all()
    assert (slope[wide == 0] == 0).all()
    # the third pair has no tokens on either side: log-ratio 0 and no pull
    assert result.chosen_rewards[2] == result.rejected_rewards[2] == 0


def test_no_pairs_cost_nothing():
    none = torch.zeros(0, requires_grad=True)
    result = dpo_loss(none, none, none, none)
    result.loss.backward()
    assert result.loss.item() == 0.0
    assert set(result.metrics.values()) == {0.0}


@pytest.mark.parametrize(
    "loss_type, settings_, sentence",
    [
        ("sygmoid", {}, "no preference loss"),
        ("sigmoid", {"beta": 0.0}, "beta"),
        ("sigmoid", {"beta": math.nan}, "beta"),
        ("ipo", {}, "lengths"),
        ("robust", {"label_smoothing": 0.5}, "Robust"),
        ("cdpo", {"label_smoothing": -0.1}, "smoothing"),
        ("exo_pair", {"label_smoothing": 0.0}, "EXO"),
    ],
)
def test_bad_settings_are_refused_in_words(loss_type, settings_, sentence):
    with pytest.raises(ValueError, match=sentence):
        dpo_loss(*log_probabilities(0), loss_type=loss_type, **settings_)


def test_an_odd_number_of_rows_is_refused():
    with pytest.raises(ValueError, match="as many chosen as rejected"):
        dpo_token_loss(torch.zeros(3, 2), torch.zeros(3, 2), torch.ones(3, 2))
