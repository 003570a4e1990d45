"""What a team's own labels do to a policy over its own candidates: by DPO on the pairs, and by a reward model with PPO.

Both routes are the whiteboard of the lessons (`whiteboard_dpo`, `whiteboard`); nothing is computed here a second time. The
candidates have no measured features, so the reward model is one Bradley–Terry strength a candidate, with a prior that keeps an
undefeated one finite.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from core.objectives.bradley_terry_fit import fit_item_strengths
from core.records import PolicyStats, PolicyStep, PreferenceStep
from core.stages import whiteboard, whiteboard_dpo
from core.stages.whiteboard import WhiteboardConfig
from core.stages.whiteboard_dpo import WhiteboardDpoConfig

MOST_CANDIDATES = 16
Judgement = tuple[int, int, float]
Item = TypeVar("Item")


@dataclass(frozen=True)
class OwnPolicySetup:
    """Everything the two runs depend on. `judgements` holds (first, second, the first one's share of the win: 1, 0, or 0.5).

    `ref_probs` is the policy before training, one number a candidate, in any unit; empty stands for equal chances, because a page
    cannot know how likely your model writes each of them. `prior_sd` is the width of the prior on a candidate's reward.
    """

    n_candidates: int
    judgements: tuple[Judgement, ...]
    ref_probs: tuple[float, ...] = ()
    beta: float = 0.5
    kl_coef: float = 0.5
    prior_sd: float = 2.0
    steps: int = 40
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.n_candidates <= MOST_CANDIDATES:
            raise ValueError(f"A policy over candidates needs 2 to {MOST_CANDIDATES} of them.")
        if not self.judgements:
            raise ValueError("The policy learns from labels, and none of these candidates has one yet.")
        for first, second, share in self.judgements:
            if first == second or not (0 <= first < self.n_candidates and 0 <= second < self.n_candidates):
                raise ValueError("Every label must compare two different candidates of this prompt.")
            if share not in (0.0, 0.5, 1.0):
                raise ValueError("The share of a win is 1, 0, or 0.5 for a tie.")
        if self.ref_probs and len(self.ref_probs) != self.n_candidates:
            raise ValueError("There must be one starting probability a candidate.")
        if self.ref_probs and not all(math.isfinite(p) and p > 0 for p in self.ref_probs):
            raise ValueError(
                "Every starting probability must be above 0: a response that never comes cannot be learned."
            )
        if not all(math.isfinite(v) and v > 0 for v in (self.beta, self.prior_sd)) or not (
            math.isfinite(self.kl_coef) and self.kl_coef >= 0
        ):
            raise ValueError("β and the prior must be above 0, and the KL coefficient not negative.")
        if self.steps < 1:
            raise ValueError("There must be at least one step.")

    @property
    def start(self) -> tuple[float, ...]:
        """The starting probabilities, adding up to 1."""
        given = self.ref_probs or (1.0,) * self.n_candidates
        return tuple(p / sum(given) for p in given)


@dataclass(frozen=True)
class OwnPolicyRun:
    """Both trajectories, policies [steps + 1][candidates] from the start on, and what they are measured against.

    `scores` are the reward model's; `optimum` is π* ∝ π_ref · exp(score / kl_coef), where PPO is heading; `dpo_end` where the loss
    of DPO is lowest (None where it has no lowest point: some candidate never lost along any chain, and DPO would push on for ever).
    `diverged` holds a sentence for a run that stopped by itself; its last policy is repeated.
    """

    setup: OwnPolicySetup
    scores: tuple[float, ...]
    dpo: tuple[tuple[float, ...], ...]
    ppo: tuple[tuple[float, ...], ...]
    dpo_stats: tuple[PolicyStats, ...]
    ppo_stats: tuple[PolicyStats, ...]
    optimum: tuple[float, ...]
    dpo_end: tuple[float, ...] | None
    dpo_steps: tuple[PreferenceStep, ...]
    ppo_steps: tuple[PolicyStep, ...]
    diverged: tuple[str, ...]


def scores(setup: OwnPolicySetup) -> tuple[float, ...]:
    """The reward of each candidate: Bradley–Terry strengths, mean zero, with the prior N(0, prior_sd²)."""
    pairs = [(first, second) for first, second, _ in setup.judgements]
    shares = [share for _, _, share in setup.judgements]
    fit = fit_item_strengths(setup.n_candidates, pairs, shares, l2_penalty=1 / (2 * setup.prior_sd**2))
    return tuple(fit.strengths.tolist())


def dpo_config(setup: OwnPolicySetup) -> WhiteboardDpoConfig:
    """The labels as weighted rows (chosen, rejected): a tie is half a row each way."""
    weights: Counter[tuple[int, int]] = Counter()
    for first, second, share in setup.judgements:
        if share > 0:
            weights[first, second] += share
        if share < 1:
            weights[second, first] += 1 - share
    rows = tuple((chosen, rejected, float(weight)) for (chosen, rejected), weight in sorted(weights.items()))
    return WhiteboardDpoConfig(_logps(setup), rows, scores(setup), beta=setup.beta, seed=setup.seed)


def ppo_config(setup: OwnPolicySetup) -> WhiteboardConfig:
    """PPO on the reward model's scores, with the exact expectation in place of a sampled batch: no luck, only the labels."""
    return WhiteboardConfig(_logps(setup), scores(setup), kl_coef=setup.kl_coef, batch_size=0, seed=setup.seed)


@lru_cache(maxsize=64)
def run(setup: OwnPolicySetup) -> OwnPolicyRun:
    """Train both policies for `steps` steps from the same start."""
    direct, sampled = dpo_config(setup), ppo_config(setup)
    dpo_steps = whiteboard_dpo.trajectory(direct).upto(setup.steps + 1)  # its first record is the start itself
    ppo_steps = whiteboard.trajectory(sampled).upto(setup.steps)
    dpo = [_probs(step.logps) for step in dpo_steps]
    ppo = [setup.start, *(_probs(step.logps) for step in ppo_steps)]
    dpo_stats = [step.stats for step in dpo_steps]
    ppo_stats = [whiteboard.start(sampled), *(step.stats for step in ppo_steps)]
    end = whiteboard_dpo.end_point(direct)
    stopped = (("DPO", dpo_steps[-1].diverged), ("PPO", ppo_steps[-1].diverged))
    return OwnPolicyRun(
        setup=setup,
        scores=direct.scores,
        dpo=_filled(dpo, setup.steps + 1),
        ppo=_filled(ppo, setup.steps + 1),
        dpo_stats=_filled(dpo_stats, setup.steps + 1),
        ppo_stats=_filled(ppo_stats, setup.steps + 1),
        optimum=_probs(tuple(whiteboard.optimum(sampled).logps.tolist())),
        dpo_end=None if end is None else _probs(end),
        dpo_steps=dpo_steps,
        ppo_steps=ppo_steps,
        diverged=tuple(f"{name}: {sentence}" for name, sentence in stopped if sentence),
    )


def _filled(values: list[Item], size: int) -> tuple[Item, ...]:
    return (*values, *[values[-1]] * (size - len(values)))


def _logps(setup: OwnPolicySetup) -> tuple[float, ...]:
    return tuple(math.log(p) for p in setup.start)


def _probs(logps: tuple[float, ...]) -> tuple[float, ...]:
    values = np.exp(np.asarray(logps) - max(logps))
    return tuple((values / values.sum()).tolist())
