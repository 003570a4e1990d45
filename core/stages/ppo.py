"""PPO on the tiny language model: per-token KL penalty in the reward, value head, GAE, whitening, clipped losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.lm_records import Diverged, PolicyGradientStep
from core.objectives.advantages import gae, whiten
from core.objectives.kl import ESTIMATORS
from core.objectives.ppo import ppo_loss
from core.objectives.rewards import last_token_rewards
from core.policies.transformer import TinyLM
from core.stages.config import require_choice, require_range
from core.stages.policy_update import Losses, PolicyConfig, Rows, Shaped, begin, policy_stage
from core.stages.rollout import Rollout, Scorer
from core.stages.task import Task
from core.stages.training import State

__all__ = ["PpoConfig", "begin", "ppo"]


@dataclass(frozen=True)
class PpoConfig(PolicyConfig):
    """Settings of PPO; the shared ones are in `PolicyConfig`. `cliprange_value` None leaves the values unclipped."""

    vf_coef: float = 0.1
    cliprange_value: float | None = 0.2
    gamma: float = 1.0
    lam: float = 0.95
    whiten: bool = True
    kl_estimator: str = "k1"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("vf_coef", self.vf_coef, 0.0, 1000.0)
        require_range("gamma", self.gamma, 0.0, 1.0)
        require_range("lam", self.lam, 0.0, 1.0)
        require_choice("kl_estimator", self.kl_estimator, ESTIMATORS)
        if self.cliprange_value is not None:
            require_range("cliprange_value", self.cliprange_value, 1e-4, 1000.0)


def ppo(
    state: State, reference: TinyLM, task: Task, scorer: Scorer, config: PpoConfig
) -> Iterator[PolicyGradientStep | Diverged]:
    """Run PPO up to `config.steps`, one record per update. See `policy_stage` for the arguments.

    Schulman et al. 2017 with the reward of Ziegler et al. 2019, equation 2. The score stands on the answer's last
    token (OpenRLHF, verl); the advantages are whitened once per batch (TRL, verl).
    """

    def shape(rollout: Rollout, kl_coef: float) -> Shaped:
        rewards = last_token_rewards(
            rollout.logps, rollout.ref_logps, rollout.scores, rollout.mask, kl_coef, config.kl_estimator, kl_clamp=None
        ).rewards
        advantages, returns = gae(rewards, rollout.values, config.gamma, config.lam)
        if config.whiten:
            advantages = whiten(advantages, rollout.mask)
        mask = rollout.mask
        return Shaped(rewards, torch.where(mask, advantages, 0.0), torch.where(mask, returns, 0.0))

    def loss(rows: Rows) -> Losses:
        found = ppo_loss(
            rows.logps,
            rows.old_logps,
            rows.advantages,
            rows.values,
            rows.old_values,
            rows.returns,
            config.clip_epsilon,
            config.cliprange_value,
            config.vf_coef,
            rows.mask,
        )
        policy = found.policy
        clipped = policy.clipped_surrogate.detach() < policy.unclipped.detach()
        share = clipped[rows.mask].float().mean().item()
        return Losses(
            found.loss,
            policy.loss.item(),
            found.value.loss.item(),
            clipped,
            share,
            found.value.clip_fraction.item(),
        )

    return policy_stage("ppo", state, reference, task, scorer, config, shape, loss)
