"""RLOO on the tiny language model: no value head; each answer is judged against its siblings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.lm_records import Diverged, PolicyGradientStep
from core.objectives.masking import masked_sum
from core.objectives.rloo import rloo_advantages, rloo_loss
from core.policies.transformer import TinyLM
from core.stages.config import require_range
from core.stages.policy_update import Losses, PolicyConfig, Rows, Shaped, begin, policy_stage
from core.stages.rollout import Rollout, Scorer
from core.stages.task import Task
from core.stages.training import State

__all__ = ["RlooConfig", "begin", "rloo"]


@dataclass(frozen=True)
class RlooConfig(PolicyConfig):
    """Settings of RLOO; the shared ones are in `PolicyConfig`. `num_generations` answers to each prompt."""

    num_generations: int = 4
    normalize_advantages: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("num_generations", self.num_generations, 2, self.batch_size)

    @property
    def answers_per_prompt(self) -> int:
        """How many answers each prompt gets in a batch."""
        return self.num_generations


def rloo(
    state: State, reference: TinyLM, task: Task, scorer: Scorer, config: RlooConfig
) -> Iterator[PolicyGradientStep | Diverged]:
    """Run RLOO up to `config.steps`, one record per update. See `policy_stage` for the arguments.

    Ahmadian et al. 2024, with TRL's choices: the KL of the whole answer is part of the reward that the siblings are
    compared by, and one ratio of whole answers is clipped.
    """

    def shape(rollout: Rollout, kl_coef: float) -> Shaped:
        found = rloo_advantages(
            rollout.scores,
            config.num_generations,
            beta=kl_coef,
            sequence_kl=rollout.kl.sum(dim=1),
            normalize_advantages=config.normalize_advantages,
        )
        per_token = torch.where(rollout.mask, found.advantages[:, None], 0.0)
        rewards = torch.where(rollout.mask, found.shaped_rewards[:, None], 0.0)
        return Shaped(rewards, per_token, rewards)

    def loss(rows: Rows) -> Losses:
        advantages = rows.advantages[:, 0]  # every answer has at least one token
        old = masked_sum(rows.old_logps, rows.mask, -1)
        found = rloo_loss(rows.logps, old, advantages, rows.mask, config.clip_epsilon, config.clip_epsilon)
        clipped = (found.clipped_surrogate.detach() < found.unclipped.detach())[:, None]
        return Losses(found.loss, found.loss.item(), 0.0, clipped, clipped.float().mean().item(), 0.0)

    return policy_stage("rloo", state, reference, task, scorer, config, shape, loss)
