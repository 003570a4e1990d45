"""PPO's clipped policy loss and clipped value loss, with the diagnostics that the projects log.

The loss functions do only what the gradient needs, because the whiteboard calls them hundreds of times a second;
`policy_diagnostics` computes the rest from their result when it is asked for.
Source: Schulman et al. 2017, arXiv:1707.06347, equation 7.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from core.objectives.advantages import whiten
from core.objectives.masking import masked_mean

TIE, UNCLIPPED, CLIPPED, DUAL = 0, 1, 2, 3
"""Values of `PolicyDiagnostics.winning`: which term of the minimum gave the loss."""

# A total weight of 0 comes with a sum of 0, so any positive divisor gives 0 instead of 0/0.
_TINY = 1e-38
# exp() of more than this overflows and would turn the other, clipped branch's gradient into 0 * inf = NaN.
LARGEST_LOG_RATIO = {torch.float64: 700.0, torch.float32: 80.0}


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
    clip_fraction: float
    clip_fraction_outside: float
    dual_clip_fraction: float
    approx_kl: float
    approx_kl_k1: float
    approx_kl_k3: float


class ValueLoss(NamedTuple):
    """`loss` = half the mean of `losses` [...]; `clipped` [...] = the clip raised the loss; `clip_fraction`."""

    loss: Tensor
    losses: Tensor
    clipped: Tensor
    clip_fraction: Tensor


class PPOLoss(NamedTuple):
    """`loss` = policy.loss + vf_coef * value.loss - entropy_coef * entropy; `entropy` is the (weighted) mean."""

    loss: Tensor
    policy: PolicyLoss
    value: ValueLoss
    entropy: Tensor


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
        if not keep.all():  # nothing to blank out is the common case on the whiteboard
            log_ratios = torch.where(keep, log_ratios, 0.0)
            advantages = torch.where(keep, advantages, 0.0)
    limit = LARGEST_LOG_RATIO.get(log_ratios.dtype, 80.0) if log_ratio_clamp is None else log_ratio_clamp
    ratios = log_ratios.clamp(-limit, limit).exp()
    high = clip_epsilon if clip_epsilon_high is None else clip_epsilon_high
    clipped_ratios = ratios.clamp(1.0 - clip_epsilon, 1.0 + high)
    unclipped = ratios * advantages
    clipped_surrogate = clipped_ratios * advantages
    surrogate = torch.minimum(unclipped, clipped_surrogate)
    if dual_clip is not None:
        surrogate = torch.where(advantages < 0, torch.maximum(surrogate, dual_clip * advantages), surrogate)
    losses = -surrogate
    if mask is None:
        loss = losses.mean() if losses.numel() else losses.sum()
    else:  # masked_mean without its own masking: the positions of weight 0 hold 0 already
        weights = mask.to(losses.dtype)
        if weights.shape != losses.shape:
            weights = weights.expand(losses.shape)
        loss = torch.dot(losses.flatten(), (weights / weights.sum().clamp_min(_TINY)).flatten())
    return PolicyLoss(loss, ratios, clipped_ratios, unclipped, clipped_surrogate, losses)


def policy_diagnostics(
    result: PolicyLoss,
    new_logps: Tensor,
    old_logps: Tensor,
    clip_epsilon: float,
    mask: Tensor | None = None,
    clip_epsilon_high: float | None = None,
    log_ratio_clamp: float | None = None,
) -> PolicyDiagnostics:
    """What the projects log about the step that gave `result`; pass the same arguments as to `policy_loss`.

    Runs in numpy on the tensors' own memory: on a few candidates that costs a fifth of the same steps in torch.
    """
    unclipped, clipped_surrogate = result.unclipped.detach().numpy(), result.clipped_surrogate.detach().numpy()
    surrogate, ratios = -result.losses.detach().numpy(), result.ratios.detach().numpy()
    log_ratios = (new_logps.detach() - old_logps.detach()).numpy()
    if log_ratio_clamp is not None:
        log_ratios = np.clip(log_ratios, -log_ratio_clamp, log_ratio_clamp)
    if mask is None:
        weights = np.full(surrogate.size, 1.0 / max(surrogate.size, 1))
    else:
        weights = mask.detach().numpy()
        if weights.shape != surrogate.shape:
            weights = np.broadcast_to(weights, surrogate.shape)
        log_ratios = np.where(weights > 0, log_ratios, 0.0)
        weights = weights.ravel() / max(float(weights.sum()), _TINY)
    high = clip_epsilon if clip_epsilon_high is None else clip_epsilon_high
    clipped = clipped_surrogate < unclipped
    dual = surrogate > np.minimum(unclipped, clipped_surrogate)
    winning = np.where(dual, DUAL, clipped * CLIPPED + (unclipped < clipped_surrogate) * UNCLIPPED)
    outside = (ratios < 1.0 - clip_epsilon) | (ratios > 1.0 + high)
    with np.errstate(over="ignore"):  # a log-ratio above 709 makes k3 infinite, which is its value in float64
        k3 = np.expm1(log_ratios) - log_ratios
    flat = log_ratios.ravel()
    return PolicyDiagnostics(
        torch.from_numpy(winning),
        torch.from_numpy(np.asarray(clipped)),
        float(clipped.ravel().dot(weights)),
        float(outside.ravel().dot(weights)),
        float(dual.ravel().dot(weights)),
        0.5 * float((flat * flat).dot(weights)),
        -float(flat.dot(weights)),
        float(k3.ravel().dot(weights)),
    )


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
    entropies: Tensor | None = None,
    entropy_coef: float = 0.0,
    whiten_variant: str | None = None,
) -> PPOLoss:
    """Policy loss + vf_coef times value loss - entropy_coef times mean entropy (arXiv:1707.06347, equation 9).

    Shapes: all tensors [...]; loss []. `value_mask` defaults to `mask` (TRL keeps one more position in it).
    CleanRL's loss has entropies with a coefficient of 0.01 and `whiten_variant="cleanrl"`, which whitens the advantages
    of this minibatch; TRL's has no entropy term and whitens once per rollout batch, before it comes here.
    """
    if whiten_variant is not None:
        advantages = whiten(advantages, mask, whiten_variant)
    policy = policy_loss(new_logps, old_logps, advantages, clip_epsilon, mask)
    value = value_loss(new_values, old_values, returns, cliprange_value, mask if value_mask is None else value_mask)
    entropy = torch.zeros_like(policy.loss) if entropies is None else masked_mean(entropies, mask)
    return PPOLoss(policy.loss + vf_coef * value.loss - entropy_coef * entropy, policy, value, entropy)
