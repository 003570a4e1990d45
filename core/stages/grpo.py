"""GRPO on the tiny language model: advantages relative to the group, the KL to the reference in the loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.lm_records import Diverged, PolicyGradientStep
from core.objectives.grpo import LOSS_TYPES, grpo_advantages, grpo_loss
from core.policies.transformer import TinyLM
from core.stages.config import require_choice, require_range
from core.stages.policy_update import Losses, PolicyConfig, Rows, Shaped, begin, policy_stage
from core.stages.rollout import Rollout, Scorer
from core.stages.task import Task
from core.stages.training import State

__all__ = ["GrpoConfig", "begin", "grpo"]


@dataclass(frozen=True)
class GrpoConfig(PolicyConfig):
    """Settings of GRPO; the shared ones are in `PolicyConfig`. `kl_coef` is its beta.

    A step of k3 in the loss holds less than a penalty in the reward, so the leash must be stronger than PPO's.
    """

    num_generations: int = 8
    kl_coef: float = 0.3
    scale_rewards: str = "group"
    loss_type: str = "dapo"
    use_bias_correction_kl: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("num_generations", self.num_generations, 2, self.batch_size)
        require_choice("scale_rewards", self.scale_rewards, ("group", "batch", "none"))
        require_choice("loss_type", self.loss_type, LOSS_TYPES)

    @property
    def answers_per_prompt(self) -> int:
        """How many answers each prompt gets in a batch."""
        return self.num_generations


def grpo(
    state: State, reference: TinyLM, task: Task, scorer: Scorer, config: GrpoConfig
) -> Iterator[PolicyGradientStep | Diverged]:
    """Run GRPO up to `config.steps`, one record per update. See `policy_stage` for the arguments.

    Shao et al. 2024 with the loss averages of TRL 1.16. With an adaptive coefficient the loss takes the present one.
    """
    present = config.kl_coef

    def shape(rollout: Rollout, kl_coef: float) -> Shaped:
        nonlocal present
        present = kl_coef
        found = grpo_advantages(rollout.scores, config.num_generations, scale_rewards=config.scale_rewards)
        per_token = torch.where(rollout.mask, found.advantages[:, None], 0.0)
        rewards = torch.where(rollout.mask, rollout.scores[:, None], 0.0)
        return Shaped(rewards, per_token, rewards)

    def loss(rows: Rows) -> Losses:
        found = grpo_loss(
            rows.logps,
            rows.old_logps,
            rows.advantages[:, 0],  # every answer has at least one token
            rows.mask,
            rows.ref_logps,
            present,
            config.clip_epsilon,
            config.clip_epsilon,
            config.loss_type,
            max_completion_length=config.max_new_tokens,
            use_bias_correction_kl=config.use_bias_correction_kl,
        )
        clipped = found.low_clipped | found.high_clipped
        share = clipped[rows.mask].float().mean().item()
        return Losses(found.loss, found.loss.item(), 0.0, clipped, share, 0.0)

    return policy_stage("grpo", state, reference, task, scorer, config, shape, loss)
