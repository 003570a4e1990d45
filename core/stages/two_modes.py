"""A target with two modes and a policy with one bump: what descending either KL makes of it, exactly, on a small grid.

The policy is π(x) ∝ exp(−(x − mean)² / 2 width²) over a row of answers x. Both divergences come from
`core.objectives.kl.exact_kl`, their gradients from autograd. The descent follows the natural gradient (Amari 1998): the
gradient divided by the bump's Fisher information, so that a narrow policy takes small steps and a wide one large steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from core.objectives.kl import exact_kl
from core.stages.config import require_range

REACH = 6.0
POINTS = 61
STEPS = 30
_RATE = 0.35
_TRIES = 8
_ARRIVED = 1e-6
_LONGEST = 0.25  # of one step, in the mean and in the log of the width: the policy glides and jumps over no valley
_NARROWEST = 0.15
_WIDEST = 6.0


@dataclass(frozen=True)
class TwoModes:
    """`separation` of the two modes, each of standard deviation `spread`; `weight` of the left one; the policy begins
    with its mean at `start` and width 1."""

    separation: float = 4.0
    weight: float = 0.5
    spread: float = 0.5
    start: float = 1.0

    def __post_init__(self) -> None:
        require_range("The separation", self.separation, 0.0, 6.0)
        require_range("The weight of the left mode", self.weight, 0.0, 1.0)
        require_range("The spread of a mode", self.spread, 0.2, 2.0)
        require_range("The start", self.start, -REACH, REACH)


@dataclass(frozen=True)
class BumpStep:
    """One policy of the descent: its mean and width, its KL in nats, and its probability of every answer."""

    mean: float
    width: float
    kl: float
    probs: tuple[float, ...]


@dataclass(frozen=True)
class Descents:
    """Both descents from the same start. `forward` makes KL(target ‖ policy) small, `reverse` KL(policy ‖ target).

    `lowest` is the end of the best descent of the reverse KL: from this start, from either mode, and from the middle.
    """

    x: tuple[float, ...]
    target: tuple[float, ...]
    forward: tuple[BumpStep, ...]
    reverse: tuple[BumpStep, ...]
    lowest: BumpStep


def grid() -> Tensor:
    """The answers in a row, [POINTS]."""
    return torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64)


def target_logps(config: TwoModes) -> Tensor:
    """Log-probabilities of the target, [POINTS]: a mixture of two bumps, renormalised on the grid."""
    x, half = grid(), config.separation / 2
    bumps = torch.stack([-((x - place) ** 2) / (2 * config.spread**2) for place in (-half, half)])
    weights = torch.tensor([[config.weight], [1 - config.weight]], dtype=torch.float64).log()
    return torch.log_softmax(torch.logsumexp(bumps + weights, dim=0), dim=0)


def bump_logps(parameters: Tensor) -> Tensor:
    """Log-probabilities of one-bump policies: parameters [..., 2] (mean, log width) -> [..., POINTS]."""
    mean, log_width = parameters[..., :1], parameters[..., 1:]
    return torch.log_softmax(-((grid() - mean) ** 2) / (2 * torch.exp(2 * log_width)), dim=-1)


def kls_of(parameters: Tensor, target: Tensor) -> Tensor:
    """KL(target ‖ policy) of the first policy and KL(policy ‖ target) of all others, nats: [N, 2] -> [N]."""
    logps = bump_logps(parameters)
    towards = target.expand(len(logps) - 1, -1)
    return exact_kl(torch.cat([target[None], logps[1:]]), torch.cat([logps[:1], towards]))


@lru_cache(maxsize=256)
def descents(config: TwoModes, steps: int = STEPS) -> Descents:
    """`steps` steps of natural-gradient descent on either KL. A step is shortened until its KL is lower, so none ever rises."""
    target, half = target_logps(config), config.separation / 2
    starts = (config.start, config.start, -half, 0.0, half)
    now = torch.tensor([[start, 0.0] for start in starts], dtype=torch.float64)
    kls, gradient = _with_gradient(now, target)
    path = [(now, kls)]
    for _ in range(steps):
        # Fisher information of a bump: 1 / width² for its mean, 2 for the log of its width.
        inverse_fisher = torch.stack(
            [torch.exp(2 * now[:, 1]), torch.full((len(now),), 0.5, dtype=torch.float64)], dim=1
        )
        move = (-_RATE * inverse_fisher * gradient).clamp(-_LONGEST, _LONGEST)
        now, kls, gradient = _lower(now, kls, gradient, move, target)
        path.append((now, kls))
    best = int(kls[1:].argmin()) + 1
    return Descents(
        tuple(grid().tolist()),
        tuple(target.exp().tolist()),
        tuple(_step(at[0], kl[0]) for at, kl in path),
        tuple(_step(at[1], kl[1]) for at, kl in path),
        _step(now[best], kls[best]),
    )


def _with_gradient(parameters: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    free = parameters.clone().requires_grad_()
    kls = kls_of(free, target)
    (gradient,) = torch.autograd.grad(kls.sum(), free)
    return kls.detach(), gradient


def _lower(now: Tensor, kls: Tensor, gradient: Tensor, move: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The policies after the move, each shortened until its KL is lower; a policy that no move lowers stays."""
    arrived = move.abs().amax(dim=1, keepdim=True) < _ARRIVED
    for _ in range(_TRIES):
        moved = _inside(now + move)
        new_kls, new_gradient = _with_gradient(moved, target)
        lower = (new_kls < kls)[:, None]
        if bool((lower | arrived).all()):
            break
        move = torch.where(lower, move, move / 4)
    return (
        torch.where(lower, moved, now),
        torch.where(lower[:, 0], new_kls, kls),
        torch.where(lower, new_gradient, gradient),
    )


def _inside(parameters: Tensor) -> Tensor:
    low, high = math.log(_NARROWEST), math.log(_WIDEST)
    return torch.stack([parameters[:, 0].clamp(-REACH, REACH), parameters[:, 1].clamp(low, high)], dim=1)


def _step(parameters: Tensor, kl: Tensor) -> BumpStep:
    mean, log_width = parameters.tolist()
    return BumpStep(mean, math.exp(log_width), kl.item(), tuple(bump_logps(parameters).exp().tolist()))
