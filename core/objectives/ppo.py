"""PPO's clipped policy loss and clipped value loss, with the diagnostics that the projects log.

The loss functions do only what the gradient needs, because the whiteboard calls them hundreds of times a second;
`policy_diagnostics` computes the rest from their result when it is asked for.
Source: Schulman et al. 2017, arXiv:1707.06347, equation 7.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from core.objectives.masking import masked_mean

TIE, UNCLIPPED, CLIPPED, DUAL = 0, 1, 2, 3
"""Values of `PolicyDiagnostics.winning`: which term of the minimum gave the loss."""

# exp() of more than this overflows and would turn the other, clipped branch's gradient into 0 * inf = NaN.
_LARGEST_LOG_RATIO = {torch.float64: 700.0, torch.float32: 80.0}


class PolicyLoss(NamedTuple):
    """Everything on the way to the loss. All tensors have the shape of the log-probabilities but `loss`, a scalar.

    `ratios` = policy / behaviour policy; `clipped_ratios` = ratios inside [1 - eps, 1 + eps]; `unclipped` = ratio times
    advantage; `clipped_surrogate` = clipped ratio times advantage; `losses` = minus the smaller of the two.
    """

    loss: Tensor
    ratios: Tensor
    clipped_ratios: Tensor
    unclipped: Tensor
    clipped_surrogate: Tensor
    losses: Tensor


class PolicyDiagnostics(NamedTuple):
    """What the projects log about a policy step. No gradient.

    Per element: `winning` (TIE, UNCLIPPED, CLIPPED, DUAL) and `clipped` (the clip changed the loss).
    Scalars: `clip_fraction` = mean of `clipped` (TRL, verl, OpenRLHF); `clip_fraction_outside` = share of
    |ratio - 1| > eps (CleanRL); `dual_clip_fraction` (verl's pg_clipfrac_lower); `approx_kl` = k2 of new and old
    (TRL), `approx_kl_k3` (CleanRL approx_kl), `approx_kl_k1` = mean(old - new) (verl, OpenRLHF ppo_kl). The three
    estimate the KL of one update step, not the KL to the reference.
    """

    winning: Tensor
    clipped: Tensor
    clip_fraction: Tensor
    clip_fraction_outside: Tensor
    dual_clip_fraction: Tensor
    approx_kl: Tensor
    approx_kl_k1: Tensor
    approx_kl_k3: Tensor


class ValueLoss(NamedTuple):
    """`loss` = half the mean of `losses` [...]; `clipped` [...] = the clip raised the loss; `clip_fraction`."""

    loss: Tensor
    losses: Tensor
    clipped: Tensor
    clip_fraction: Tensor


class PPOLoss(NamedTuple):
    """`loss` = policy.loss + vf_coef * value.loss."""

    loss: Tensor
    policy: PolicyLoss
    value: ValueLoss


def policy_loss(
    new_logps: Tensor,
    old_logps: Tensor,
    advantages: Tensor,
    clip_epsilon: float,
    mask: Tensor | None = None,
    dual_clip: float | None = None,
    clip_epsilon_high: float | None = None,
    log_ratio_clamp: float | None = None,
) -> PolicyLoss:
    """Minus the (weighted) mean of min(ratio A, clip(ratio, 1 - eps, 1 + eps) A).

    Shapes: new_logps, old_logps, advantages, mask [...]; loss []. `mask` holds weights (see `masking`); what stands at
    weight 0 does not matter. `clip_epsilon_high` sets another upper bound ("clip higher"). `dual_clip` = C > 1 bounds
    the loss of a negative advantage by -C A (Ye et al. 2020, arXiv:1912.09729, equation 5). `log_ratio_clamp` limits
    the log-ratio (verl and OpenRLHF: 20); without it only what exp() cannot hold is limited. Arguments are not
    checked: this is the inner loop.
    """
    log_ratios = new_logps - old_logps
    if mask is not None:
        keep = mask > 0
        log_ratios = torch.where(keep, log_ratios, 0.0)
        advantages = torch.where(keep, advantages, 0.0)
    limit = _LARGEST_LOG_RATIO.get(log_ratios.dtype, 80.0) if log_ratio_clamp is None else log_ratio_clamp
    ratios = log_ratios.clamp(-limit, limit).exp()
    high = clip_epsilon if clip_epsilon_high is None else clip_epsilon_high
    clipped_ratios = ratios.clamp(1.0 - clip_epsilon, 1.0 + high)
    unclipped = ratios * advantages
    clipped_surrogate = clipped_ratios * advantages
    surrogate = torch.minimum(unclipped, clipped_surrogate)
    if dual_clip is not None:
        surrogate = torch.where(advantages < 0, torch.maximum(surrogate, dual_clip * advantages), surrogate)
    losses = -surrogate
    return PolicyLoss(masked_mean(losses, mask), ratios, clipped_ratios, unclipped, clipped_surrogate, losses)


def policy_diagnostics(
    result: PolicyLoss,
    new_logps: Tensor,
    old_logps: Tensor,
    clip_epsilon: float,
    mask: Tensor | None = None,
    clip_epsilon_high: float | None = None,
) -> PolicyDiagnostics:
    """What the projects log about the step that gave `result`; pass the same arguments as to `policy_loss`."""
    unclipped, clipped_surrogate = result.unclipped.detach(), result.clipped_surrogate.detach()
    losses, ratios = result.losses.detach(), result.ratios.detach()
    log_ratios = new_logps.detach() - old_logps
    if mask is not None:
        log_ratios = torch.where(mask > 0, log_ratios, 0.0)
    clipped = clipped_surrogate < unclipped
    dual = -losses > torch.minimum(unclipped, clipped_surrogate)
    winning = clipped * CLIPPED + (unclipped < clipped_surrogate) * UNCLIPPED
    high = clip_epsilon if clip_epsilon_high is None else clip_epsilon_high
    outside = (ratios < 1.0 - clip_epsilon) | (ratios > 1.0 + high)
    dtype = losses.dtype
    columns = torch.stack(
        [
            clipped.to(dtype),
            outside.to(dtype),
            dual.to(dtype),
            0.5 * log_ratios * log_ratios,
            -log_ratios,
            torch.expm1(log_ratios) - log_ratios,
        ]
    )
    if mask is None:
        means = columns.flatten(1).mean(1)
    else:
        means = masked_mean(columns.flatten(1), mask.expand(losses.shape).flatten(), dim=1)
    return PolicyDiagnostics(torch.where(dual, DUAL, winning), clipped, *means.unbind())


def value_loss(
    new_values: Tensor,
    old_values: Tensor,
    returns: Tensor,
    cliprange_value: float | None,
    mask: Tensor | None = None,
) -> ValueLoss:
    """Half the (weighted) mean of max((V - R)^2, (V_clip - R)^2), V_clip within +-cliprange_value of the old value.

    Shapes: all [...]; loss []. Units: squares of the return. `cliprange_value` None leaves the values unclipped.
    Source: the value clipping of OpenAI's PPO code, as in TRL's PPOTrainer; it is not in the paper.
    """
    if mask is not None:
        keep = mask > 0
        new_values, old_values, returns = (torch.where(keep, x, 0.0) for x in (new_values, old_values, returns))
    losses = (new_values - returns) ** 2
    if cliprange_value is None:
        clipped = torch.zeros_like(losses, dtype=torch.bool)
    else:
        held = torch.clamp(new_values, old_values - cliprange_value, old_values + cliprange_value)
        clipped_losses = (held - returns) ** 2
        clipped = clipped_losses.detach() > losses.detach()
        losses = torch.maximum(losses, clipped_losses)
    fraction = masked_mean(clipped.to(losses.dtype), mask)
    return ValueLoss(0.5 * masked_mean(losses, mask), losses, clipped, fraction)


def ppo_loss(
    new_logps: Tensor,
    old_logps: Tensor,
    advantages: Tensor,
    new_values: Tensor,
    old_values: Tensor,
    returns: Tensor,
    clip_epsilon: float,
    cliprange_value: float | None,
    vf_coef: float,
    mask: Tensor | None = None,
    value_mask: Tensor | None = None,
) -> PPOLoss:
    """Policy loss + vf_coef times value loss; `value_mask` defaults to `mask` (TRL keeps one more position in it)."""
    policy = policy_loss(new_logps, old_logps, advantages, clip_epsilon, mask)
    value = value_loss(new_values, old_values, returns, cliprange_value, mask if value_mask is None else value_mask)
    return PPOLoss(policy.loss + vf_coef * value.loss, policy, value)
