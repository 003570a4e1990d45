"""What lesson 7 computes: one batch used many times, the clipped surrogate with its gradient, and four runs on two leashes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.objectives.kl import exact_kl
from core.objectives.policy_gradient import reinforce_loss
from core.objectives.ppo import policy_loss
from core.policies.tabular import logps as softmax_logps
from core.records import PolicyStep
from core.stages.whiteboard import WhiteboardConfig, optimum, trajectory
from core.world.candidates import CandidateSet

HORIZON = 30
UPDATES = 20
LOOK_AHEAD = 3
GRID = 61
SMALLEST_RATIO = 1e-3
NO_GRADIENT = 1e-9

View = Literal["response", "epochs", "leashes"]
RUNS = ("neither", "clip", "kl", "both")
Run = Literal["neither", "clip", "kl", "both"]


@dataclass(frozen=True)
class Surrogate:
    """PPO's objective of single responses at given ratios, as arrays of one shape: the two branches, the smaller of them,
    and the slope of that in the ratio (by automatic differentiation)."""

    ratios: np.ndarray
    unclipped: np.ndarray
    clipped: np.ndarray
    smaller: np.ndarray
    slopes: np.ndarray


def surrogate(ratios: Tensor, advantages: Tensor, clip_epsilon: float) -> Surrogate:
    """min(ρA, clip(ρ, 1−ε, 1+ε)A) and its slope in ρ, element by element; shapes [...], all ratios above 0.

    Source: Schulman et al. 2017, arXiv:1707.06347, equation 7, as `policy_loss` computes it.
    """
    leaf = ratios.detach().clone().requires_grad_()
    result = policy_loss(leaf.log(), torch.zeros_like(leaf), advantages, clip_epsilon)
    (slopes,) = torch.autograd.grad(-result.losses.sum(), leaf)
    parts = (leaf, result.unclipped, result.clipped_surrogate, -result.losses, slopes)
    return Surrogate(*(part.detach().numpy() for part in parts))


def first_gradients(
    old_logps: Tensor, advantages: Tensor, weights: Tensor, clip_epsilon: float
) -> tuple[Tensor, Tensor]:
    """Gradients in the logits of the plain policy gradient's loss and of PPO's, both at the policy that drew the batch.

    Shapes: all [V]. At ratio 1 they agree: clipping has nothing to act on yet.
    """
    leaf = old_logps.detach().clone().requires_grad_()
    plain = reinforce_loss(softmax_logps(leaf), advantages, weights)
    ppo = policy_loss(softmax_logps(leaf), old_logps, advantages, clip_epsilon, weights).loss
    return torch.autograd.grad(plain, leaf)[0], torch.autograd.grad(ppo, leaf)[0]


@dataclass(frozen=True, eq=False)
class Reuse:
    """One batch used `HORIZON` times, once with the plain policy gradient and once with PPO.

    Row k of every array is the policy after k epochs, k = 0 … HORIZON. `first_gap` is the largest difference of the two
    gradients in the first epoch. `points` are the responses on PPO's objective, `fan` is that objective over a grid of ratios
    (rows: responses), `pushes_*` are the lengths of the gradient steps of epochs 1 … HORIZON relative to the first.
    """

    config: WhiteboardConfig
    batch: PolicyStep
    ppo_logps: np.ndarray
    plain_logps: np.ndarray
    ppo_kl: np.ndarray
    plain_kl: np.ndarray
    pushes_ppo: np.ndarray
    pushes_plain: np.ndarray
    first_gap: float
    points: Surrogate

    @property
    def drawn(self) -> np.ndarray:
        """Which responses are in the batch at all."""
        return np.asarray(self.batch.weights) > 0

    @property
    def rewards(self) -> tuple[np.ndarray, np.ndarray]:
        """Expected reward of PPO's and of the plain policy, after each epoch."""
        scores = np.asarray(self.config.scores)
        return np.exp(self.ppo_logps) @ scores, np.exp(self.plain_logps) @ scores

    @property
    def clipped(self) -> np.ndarray:
        """Where the clip holds a drawn response: its branch is the smaller one, so that the gradient is 0."""
        return (self.points.clipped < self.points.unclipped) & self.drawn

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The interval of ratios that holds every response at every epoch, both edges of the clip, and some room."""
        epsilon = self.config.clip_epsilon
        low = max(0.5, 1.25 * epsilon, 1.12 * (1 - self.points.ratios.min()))
        high = max(0.5, 1.25 * epsilon, 1.12 * (self.points.ratios.max() - 1))
        return max(0.0, 1 - np.ceil(10 * low) / 10), 1 + np.ceil(10 * high) / 10

    @cached_property
    def heights(self) -> tuple[float, float]:
        """The interval of the objective that holds every response at every epoch, and what the clip allows each to reach."""
        seen = np.concatenate((self.points.smaller.ravel(), self.points.clipped.ravel()))
        edges = np.outer((1 - self.config.clip_epsilon, 1 + self.config.clip_epsilon), self.batch.advantages)
        return float(min(seen.min(), edges.min())), float(max(seen.max(), edges.max()))

    @cached_property
    def fan(self) -> Surrogate:
        """The clipped surrogate of every response over the interval `reach`, its corners included."""
        epsilon, (low, high) = self.config.clip_epsilon, self.reach
        # A hair inside the edges: log and exp may carry the edge itself to either side.
        corners = ((1 - epsilon) * (1 + 1e-12), 1.0, (1 + epsilon) * (1 - 1e-12))
        grid = np.unique(
            [*np.linspace(max(low, SMALLEST_RATIO), high, GRID), *(c for c in corners if c > SMALLEST_RATIO)]
        )
        advantages = torch.tensor(self.batch.advantages, dtype=torch.float64)[:, None]
        ratios = torch.from_numpy(grid).expand(len(self.batch.advantages), -1)
        return surrogate(ratios, advantages.expand_as(ratios), epsilon)

    def flat(self, response: int) -> tuple[tuple[float, float], ...]:
        """The intervals of the ratio on which the response's gradient is 0, within `reach`."""
        silent = np.abs(self.fan.slopes[response]) < NO_GRADIENT
        edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False])).astype(int)))
        grid = self.fan.ratios[response]
        # The slope just at a corner belongs to the sloping side, so a flat piece begins one grid point earlier.
        last = len(grid) - 1
        return tuple((float(grid[max(a - 1, 0)]), float(grid[min(b, last)])) for a, b in zip(edges[::2], edges[1::2]))


def batch_config(config: WhiteboardConfig) -> WhiteboardConfig:
    """The first update of a run with its batch used `HORIZON` times, and one epoch more to see where that led.

    The first batch is drawn from the reference, where the KL penalty is 0 whatever it costs.
    """
    return replace(config, epochs=HORIZON + 1, kl_coef=0.0, algorithm="ppo")


@lru_cache(maxsize=64)
def reuse(config: WhiteboardConfig) -> Reuse:
    """The batch of a configuration (see `batch_config`), used many times by both algorithms."""
    ppo = trajectory(config).upto(1)[0]
    plain = trajectory(replace(config, algorithm="reinforce")).upto(1)[0]
    old = torch.tensor(ppo.old_logps, dtype=torch.float64)
    advantages, weights = (torch.tensor(v, dtype=torch.float64) for v in (ppo.advantages, ppo.weights))
    first, first_ppo = first_gradients(old, advantages, weights, config.clip_epsilon)
    ppo_logps = torch.tensor([epoch.logps for epoch in ppo.epochs], dtype=torch.float64)
    ratios = (ppo_logps - old).clamp(min=-700.0).exp()
    return Reuse(
        config=config,
        batch=ppo,
        ppo_logps=ppo_logps.numpy(),
        plain_logps=np.array([epoch.logps for epoch in plain.epochs]),
        ppo_kl=np.array([epoch.kl_to_old for epoch in ppo.epochs]),
        plain_kl=np.array([epoch.kl_to_old for epoch in plain.epochs]),
        pushes_ppo=_pushes(ppo),
        pushes_plain=_pushes(plain),
        first_gap=(first - first_ppo).abs().max().item(),
        points=surrogate(ratios, advantages.expand_as(ratios), config.clip_epsilon),
    )


def _pushes(step: PolicyStep) -> np.ndarray:
    lengths = np.linalg.norm([epoch.logit_steps for epoch in step.epochs], axis=1)[:-1]
    return lengths / lengths[0] if lengths[0] > 0 else np.zeros_like(lengths)


@dataclass(frozen=True, eq=False)
class Leash:
    """One of the four runs, as far as it was computed: its updates, and per step (from 0 on) two distances in nats.

    `kl_to_old` is KL(new ‖ old) of each update, 0 at step 0; `kl_to_ref` is KL(policy ‖ frozen reference).
    """

    run: Run
    config: WhiteboardConfig
    steps: tuple[PolicyStep, ...]
    kl_to_old: np.ndarray
    kl_to_ref: np.ndarray

    @property
    def has_clip(self) -> bool:
        """Whether the clip is one of its leashes."""
        return self.run in ("clip", "both")

    @property
    def has_kl(self) -> bool:
        """Whether the KL penalty is one of its leashes."""
        return self.run in ("kl", "both")

    def probs(self, step: int) -> np.ndarray:
        """The policy after `step` updates."""
        return np.exp(self.steps[step - 1].logps if step else self.config.ref_logps)


def leash_config(config: WhiteboardConfig, run: Run) -> WhiteboardConfig:
    """The configuration of one of the four runs: without the clip it is the plain policy gradient, without KL its cost is 0."""
    return replace(
        config,
        algorithm="ppo" if run in ("clip", "both") else "reinforce",
        kl_coef=config.kl_coef if run in ("kl", "both") else 0.0,
    )


def kl_to_old(steps: tuple[PolicyStep, ...]) -> Tensor:
    """Exact KL(new ‖ old) of each update, shape [updates], nats: how far one update moved the policy."""
    new, old = (
        torch.tensor(rows, dtype=torch.float64) for rows in ([s.logps for s in steps], [s.old_logps for s in steps])
    )
    return exact_kl(new, old)


def leashes(config: WhiteboardConfig, updates: int) -> tuple[Leash, ...]:
    """The four runs of a configuration, each `updates` long (shorter if one of them diverged), in the order of `RUNS`."""
    runs = [(run, leash_config(config, run)) for run in RUNS]
    every = [trajectory(setting).upto(updates) for _, setting in runs]
    length = min(map(len, every))
    return tuple(
        Leash(
            run=run,  # type: ignore[arg-type]
            config=setting,
            steps=steps[:length],
            kl_to_old=np.concatenate(([0.0], kl_to_old(steps[:length]).numpy() if length else [])),
            kl_to_ref=np.array([0.0, *(step.stats.kl for step in steps[:length])]),
        )
        for (run, setting), steps in zip(runs, every)
    )


@dataclass(frozen=True)
class Result:
    """The state of the lab: the view, the batch and its two policies, the four runs (only in their own view), and the place."""

    view: View
    config: WhiteboardConfig
    candidates: CandidateSet
    scores_from: str
    leashes: tuple[Leash, ...]
    step: int
    picked: int
    run: Run

    @cached_property
    def reuse(self) -> Reuse:
        """The first batch, used many times."""
        return reuse(batch_config(self.config))

    @property
    def steps(self) -> tuple[PolicyStep, ...]:
        """Updates of the run that ended first, for the player; empty where the steps are epochs of one update."""
        ended = [leash.steps for leash in self.leashes if leash.steps and leash.steps[-1].diverged]
        return ended[0] if ended else ()

    @property
    def leash(self) -> Leash:
        """The run whose numbers fill the formula."""
        return self.leashes[RUNS.index(self.run)]

    @property
    def optimum_kl(self) -> float:
        """KL of π* to the reference at the KL coefficient in use, nats."""
        return optimum(self.config).kl.item()
