"""Same name, different number: what several projects compute under one name, from one tiny batch.

`every_dialect` fills the panel of the app; each topic is a function of its own in `preference` and `policy`.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from core.objectives.advantages import baseline_advantages, gae
from core.objectives.dialects import policy, preference
from core.objectives.dialects.row import Row
from core.objectives.kl import k1
from core.objectives.masking import masked_mean, masked_sum, masked_values
from core.objectives.rewards import kl_penalised_rewards

__all__ = ["DialectSettings", "Row", "TinyBatch", "every_dialect"]


class TinyBatch(NamedTuple):
    """N >= 2 sampled responses of one prompt, padded on the right; every row has a token.

    `logps`, `old_logps`, `ref_logps`, `values`, `mask` [N, T] (mask 1 = token); `scores` [N].
    """

    logps: Tensor
    old_logps: Tensor
    ref_logps: Tensor
    values: Tensor
    mask: Tensor
    scores: Tensor


class DialectSettings(NamedTuple):
    """The settings that the definitions are compared under; each is a dial of some lesson."""

    beta: float = 0.1
    label_smoothing: float = 0.2
    simpo_beta: float = 2.0
    simpo_gamma: float = 0.5
    margin: float = 1.0
    kl_coef: float = 0.1
    clip_epsilon: float = 0.2
    gamma: float = 1.0
    lam: float = 0.95
    n: int = 4


def every_dialect(batch: TinyBatch, settings: DialectSettings | None = None) -> list[Row]:
    """All topics on one batch. The best-scored response plays the chosen one, the worst the rejected one.

    Raises ValueError for fewer than two responses, a response without a token, or padding that is not on the right.
    """
    s = settings or DialectSettings()
    mask = (batch.mask > 0).to(batch.logps.dtype)
    lengths = mask.sum(-1).long()
    if batch.scores.shape[0] < 2 or not bool((lengths > 0).all()):
        raise ValueError("The comparison needs at least two responses, each with a token.")
    if bool((mask[:, 1:] > mask[:, :-1]).any()):
        raise ValueError("The responses must be padded on the right.")
    # What the padding holds must not reach any project's formula.
    logps, old, ref, values = (
        masked_values(x.detach(), mask) for x in (batch.logps, batch.old_logps, batch.ref_logps, batch.values)
    )
    sums, ref_sums = masked_sum(logps, mask, -1), masked_sum(ref, mask, -1)
    averages, log_ratios = masked_mean(logps, mask, -1), sums - ref_sums
    best, worst = int(batch.scores.argmax()), int(batch.scores.argmin())
    pair = [best, worst]
    moved = ((logps != ref) & (mask > 0)).sum(-1)
    first = slice(0, int(lengths[0]))
    advantages = baseline_advantages(batch.scores)
    token_advantages = advantages.unsqueeze(1) * mask
    rewards = kl_penalised_rewards(logps, ref, batch.scores, lengths - 1, s.kl_coef)
    raw = gae(rewards.rewards, values, s.gamma, s.lam).advantages * mask
    farthest = (logps - old).max().item()

    return [
        *preference.ipo_length(*log_ratios[pair].tolist(), *lengths[pair].tolist(), s.beta, *moved[pair].tolist()),
        *preference.label_smoothing(float(log_ratios[best] - log_ratios[worst]), s.beta, s.label_smoothing),
        *preference.hinge(*sums[pair].tolist(), *ref_sums[pair].tolist(), int(lengths[best]), s.beta),
        *preference.kto_reduction(sums, ref_sums, max(log_ratios.mean().item(), 0.0), advantages >= 0, s.beta),
        *preference.simpo_gamma(*averages[pair].tolist(), s.simpo_beta, s.simpo_gamma),
        *preference.sft_aggregation(logps, mask),
        *preference.reward_model_loss(batch.scores[[best]], batch.scores[[worst]], s.margin),
        *preference.orpo_logs(averages[[best]], averages[[worst]]),
        *policy.kl_estimators(logps[0, first], ref[0, first]),
        *policy.grpo_kl_gradient(logps[0, 0].item(), ref[0, 0].item()),
        *policy.kl_placement(batch.scores, masked_sum(k1(logps, ref), mask, -1), s.beta),
        *policy.score_position(logps, ref, values, batch.scores, lengths - 1, s.kl_coef, s.gamma, s.lam),
        *policy.whitening(raw, mask),
        *policy.group_std(batch.scores),
        *policy.group_loss_aggregation(advantages, mask, logps.shape[1]),
        *policy.far_ratio(farthest, -1.0, s.clip_epsilon),
        *policy.clipping_and_step_kl(logps, old, token_advantages, s.clip_epsilon, mask),
        *policy.best_of_n_kl(ref_sums, batch.scores, s.n),
    ]
