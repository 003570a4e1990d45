"""The state of lesson 10's lab, and the figures that its charts, tables and sentences read from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.records import PolicyStats, PolicyStep, PreferenceStep
from core.stages.comparisons import Comparison
from core.stages.reward_fit import RewardFit
from core.stages.whiteboard import WhiteboardConfig
from core.stages.whiteboard_dpo import WhiteboardDpoConfig
from core.world.candidates import CandidateSet
from core.world.votes import Vote


@dataclass(frozen=True)
class Result:
    """Both runs so far, the labels they share, and where in them the learner stands."""

    config: WhiteboardDpoConfig
    ppo_config: WhiteboardConfig
    candidates: CandidateSet
    source: str
    votes: tuple[Vote, ...]
    comparisons: tuple[Comparison, ...]
    labels_exact: bool
    fit: RewardFit
    reward_kind: str
    prior_sd: float
    steps: tuple[PreferenceStep, ...]
    foreseen: PreferenceStep
    ppo_steps: tuple[PolicyStep, ...]
    ppo_first: PolicyStats
    step: int
    view: str
    about: int
    listed: tuple[Comparison, ...]
    picked: Comparison
    optimum_logps: tuple[float, ...]
    end_logps: tuple[float, ...] | None

    @property
    def now(self) -> PreferenceStep:
        """The record of the policy shown; that of step 0 is the reference."""
        return self.steps[self.step]

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of the responses."""
        return self.candidates.names

    @property
    def ties(self) -> int:
        """How many of the labels are ties."""
        return sum(vote.share == 0.5 for vote in self.votes)

    @property
    def about_in_a_pair(self) -> bool:
        """Whether the answer that the table is about was compared with any other."""
        return any(self.about in (pair.first, pair.second) for pair in self.comparisons)

    def probs(self, step: int) -> np.ndarray:
        """The policy after `step` steps [responses]."""
        return np.exp(self.steps[step].logps)

    def log_ratios(self, step: int) -> np.ndarray:
        """log π/π_ref after `step` steps [responses]."""
        return np.subtract(self.steps[step].logps, self.steps[0].logps)

    def implicit_rewards(self, step: int) -> np.ndarray:
        """β·log π/π_ref after `step` steps, mean zero, as the scores are [responses]."""
        rewards = self.config.beta * self.log_ratios(step)
        return rewards - rewards.mean()

    def mean_over_labels(self, values: tuple[float, ...]) -> float:
        """Mean of one number per row of the pairs, by their weights."""
        return float(np.dot(values, self.row_shares))

    def series(self, name: str) -> tuple[float, ...]:
        """Mean over the labels of one vector of the records ("logps_chosen", …), at every step from 0 on."""
        return tuple((np.array([getattr(record, name) for record in self.steps]) @ self.row_shares).tolist())

    @cached_property
    def row_shares(self) -> np.ndarray:
        """Weights of the rows of the pairs, summing to 1 [rows]."""
        weights = np.array([row[2] for row in self.config.pairs])
        return weights / weights.sum()

    def own_push(self, step: int, response: int) -> float:
        """What all steps so far added to the response's own logit, nats.

        Every row pushes one logit up and another down by as much, so the pushes sum to 0 and the mean log-ratio is what
        the normaliser took: log π/π_ref = own push − normaliser, exactly.
        """
        moved = self.log_ratios(step)
        return float(moved[response] - moved.mean())

    def normaliser(self, step: int) -> float:
        """How much log Z grew, nats: what every response lost because all must share a probability of 1."""
        return float(-self.log_ratios(step).mean())

    @property
    def scores(self) -> np.ndarray:
        """Scores of the reward model, mean zero [responses]."""
        return np.subtract(self.config.scores, np.mean(self.config.scores))

    def sampled(self, step: int) -> int:
        """Answers that PPO has drawn by its update number `step`, counted from its records."""
        return round(sum(sum(record.weights) for record in self.ppo_steps[:step]))

    def ppo_stats(self, step: int) -> PolicyStats:
        """Figures of PPO's policy after as many updates; if its run ended earlier, of its last one."""
        done = min(step, len(self.ppo_steps))
        return self.ppo_steps[done - 1].stats if done else self.ppo_first

    def ppo_logps(self, step: int) -> tuple[float, ...]:
        """PPO's policy after as many updates; if its run ended earlier, its last one."""
        done = min(step, len(self.ppo_steps))
        return self.ppo_steps[done - 1].logps if done else self.steps[0].logps


def distance(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Total-variation distance of two policies given as log-probabilities: 0 (equal) to 1."""
    return 0.5 * float(np.abs(np.exp(first) - np.exp(second)).sum())
