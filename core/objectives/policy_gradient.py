"""The plain policy gradient (REINFORCE), the loss that PPO reduces to on its first step."""

from torch import Tensor

from core.objectives.masking import masked_mean


def reinforce_loss(logps: Tensor, advantages: Tensor, mask: Tensor | None = None) -> Tensor:
    """Minus the (weighted) mean of advantage times log-probability: a scalar whose gradient is the policy gradient.

    Shapes: logps, advantages, mask [...] -> []. The advantages are constants here; no gradient runs through them.
    Its value has no meaning of its own, only its gradient. Source: Williams 1992, REINFORCE.
    """
    return -masked_mean(advantages.detach() * logps, mask)
