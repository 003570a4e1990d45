"""What every loss on pairs of completions returns: the loss, the implicit rewards and TRL's log names."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from core.objectives.masking import masked_mean


class PreferenceLoss(NamedTuple):
    """A loss on B pairs. `loss` is a differentiable scalar, `losses` [B] its terms before averaging.

    `chosen_scores` and `rejected_scores` [B] are what beta multiplies to give the rewards: log-ratios to the reference
    (DPO family) or log-probabilities (reference-free losses). `weights` [B] are counts or probabilities of the pairs.
    """

    loss: Tensor
    losses: Tensor
    chosen_scores: Tensor
    rejected_scores: Tensor
    policy_chosen_logps: Tensor
    policy_rejected_logps: Tensor
    beta: float
    weights: Tensor | None = None
    nll_loss: Tensor | None = None  # reference-free losses only: the likelihood term that was added

    @property
    def chosen_rewards(self) -> Tensor:
        """beta * score of the chosen completion [B], detached. Worked out when asked for, like everything below."""
        return self.beta * self.chosen_scores.detach()

    @property
    def rejected_rewards(self) -> Tensor:
        """beta * score of the rejected completion [B], detached."""
        return self.beta * self.rejected_scores.detach()

    @property
    def metrics(self) -> dict[str, float]:
        """TRL's log names. `rewards/accuracies` counts chosen > rejected strictly: a tie is not a win."""
        chosen, rejected = self.chosen_rewards, self.rejected_rewards

        def mean(values: Tensor) -> float:
            return masked_mean(values.detach(), self.weights).item()

        named = {
            "rewards/chosen": mean(chosen),
            "rewards/rejected": mean(rejected),
            "rewards/accuracies": mean((chosen > rejected).to(chosen.dtype)),
            "rewards/margins": mean(chosen - rejected),
            "logps/chosen": mean(self.policy_chosen_logps),
            "logps/rejected": mean(self.policy_rejected_logps),
        }
        if self.nll_loss is not None:
            named["nll_loss"] = self.nll_loss.detach().item()
        return named
