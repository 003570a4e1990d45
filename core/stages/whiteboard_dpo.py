"""DPO and its relatives on the whiteboard policy: gradient steps on pairs of whole responses, each with all its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.objectives.bradley_terry_fit import fit_item_strengths
from core.objectives.dpo import dpo_loss
from core.objectives.masking import masked_mean
from core.objectives.optimum import Optimum, kl_optimal_policy
from core.objectives.preference import PreferenceLoss
from core.policies.tabular import logps as softmax_logps
from core.policies.tabular import policy_stats
from core.records import PreferenceStep
from core.stages.trajectory import Trajectory

LARGEST_LOGIT = 1e4
LossType = Literal["sigmoid", "ipo_sum", "hinge", "cdpo", "robust"]


@dataclass(frozen=True)
class WhiteboardDpoConfig:
    """Everything that one run depends on; equal configurations give equal runs.

    `pairs` holds rows (chosen, rejected, weight): a weight of 2 is the same row twice, and a tie is one row each way
    with half its weight. `scores` play no part in training: they are the reward model by which the policy is judged.
    `batch_size` 0 uses every row in every step; otherwise that many rows are drawn by weight.
    With `step_rule` "even" the learning rate is divided by four times the largest curvature of a pair's loss in its gap
    u − v (β² for the sigmoid losses, 8 for IPO), so that β sets where a run goes and not how fast; "plain" leaves it.
    """

    ref_logps: tuple[float, ...]
    pairs: tuple[tuple[int, int, float], ...]
    scores: tuple[float, ...]
    beta: float = 0.5
    loss_type: LossType = "sigmoid"
    label_smoothing: float = 0.0
    learning_rate: float = 2.0
    step_rule: Literal["even", "plain"] = "even"
    batch_size: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        size = len(self.ref_logps)
        if not self.pairs:
            raise ValueError("DPO needs at least one pair.")
        if any(not (0 <= c < size and 0 <= r < size and c != r and w > 0) for c, r, w in self.pairs):
            raise ValueError("Each pair needs two different responses of the policy and a weight above 0.")
        if len(self.scores) != size:
            raise ValueError("Each response needs one score.")
        if not self.beta > 0:
            raise ValueError("beta must be above 0.")


def step_size(config: WhiteboardDpoConfig) -> float:
    """What the gradient of the mean loss is multiplied with."""
    if config.step_rule == "plain":
        return config.learning_rate
    return config.learning_rate / (8.0 if config.loss_type == "ipo_sum" else config.beta**2)


def steps(config: WhiteboardDpoConfig) -> Iterator[PreferenceStep]:
    """Gradient steps without end; the first record, of index 0, is the reference itself. Stops only if the run diverges.

    All figures of a record belong to the policy *after* its step. `pair_weights` are minus the slope of each row's loss
    in its gap u − v: how hard the row will pull its two responses apart next; below 0 it pulls them together.
    """
    ref_logps = softmax_logps(_tensor(config.ref_logps))
    scores = _tensor(config.scores)
    chosen, rejected = (torch.tensor([row[side] for row in config.pairs]) for side in (0, 1))
    weights = _tensor(tuple(row[2] for row in config.pairs))
    best = optimum(config)
    rng = np.random.default_rng(config.seed)
    logits, old_logps, index = ref_logps, ref_logps, 0
    while True:
        leaf = logits.detach().requires_grad_()
        logps = softmax_logps(leaf)
        logps_chosen, logps_rejected = logps[chosen], logps[rejected]
        found = dpo_loss(
            logps_chosen,
            logps_rejected,
            ref_logps[chosen],
            ref_logps[rejected],
            config.beta,
            config.loss_type,
            label_smoothing=config.label_smoothing,
            weights=weights,
        )
        batch = _batch(weights, config.batch_size, rng)
        pulls, gradient = _gradients(found, leaf, batch)
        record = _record(config, index, leaf, old_logps, found, pulls, weights, ref_logps, scores, best)
        yield record
        if record.diverged:
            return
        logits = leaf.detach() - step_size(config) * gradient
        old_logps, index = logps.detach(), index + 1


@lru_cache(maxsize=256)
def trajectory(config: WhiteboardDpoConfig) -> Trajectory[PreferenceStep]:
    """The run of a configuration, computed as far as somebody has asked, once for all who ask."""
    return Trajectory(steps(config))


def optimum(config: WhiteboardDpoConfig) -> Optimum:
    """π* ∝ π_ref · exp(score / β) of the reward model that judges the run: where PPO with kl_coef = β would end."""
    return kl_optimal_policy(_tensor(config.ref_logps), _tensor(config.scores), config.beta)


@dataclass(frozen=True)
class PairTerms:
    """One pair under one policy. `u`, `v` are log π/π_ref of its two responses; `share` of the votes went to the first.

    `loss` is the mean over its votes, `pull` minus that loss's slope in the gap u − v, nats.
    """

    u: float
    v: float
    loss: float
    pull: float

    @property
    def gap(self) -> float:
        """u − v."""
        return self.u - self.v


def pair_terms(
    config: WhiteboardDpoConfig, logps: tuple[float, ...], first: int, second: int, share: float
) -> PairTerms:
    """What the loss says of one pair of responses, of whose votes `share` went to `first`, under the policy `logps`."""
    log_ratios = _tensor(logps) - softmax_logps(_tensor(config.ref_logps))
    gap_ends = torch.stack((log_ratios[[first, second]], log_ratios[[second, first]]))  # one row for either direction
    u = gap_ends[:, 0].requires_grad_()
    nothing = torch.zeros(2, dtype=torch.float64)
    weights = _tensor((share, 1 - share))
    found = dpo_loss(
        u,
        gap_ends[:, 1],
        nothing,
        nothing,
        config.beta,
        config.loss_type,
        label_smoothing=config.label_smoothing,
        weights=weights,
    )
    (slopes,) = torch.autograd.grad(found.loss, u)
    return PairTerms(
        u=float(log_ratios[first]),
        v=float(log_ratios[second]),
        loss=found.loss.item(),
        pull=float(slopes[1] - slopes[0]),
    )


@lru_cache(maxsize=256)
def end_point(config: WhiteboardDpoConfig) -> tuple[float, ...] | None:
    """Log-probabilities at the lowest point of the loss itself, for "sigmoid", "cdpo" and "ipo_sum"; None if there is none.

    Sigmoid losses: β·log(π/π_ref) are then the Bradley–Terry strengths of the responses without any prior, which are
    finite only where, among responses that were compared, everybody also lost to everybody else along some chain (Ford
    1957). IPO: the least-squares gaps to (2·share − 1)/(2β). Responses that no chain of pairs connects keep their mean.
    Raises ValueError unless the weights of each pair add up to a whole number of votes.
    """
    votes = _votes(config)
    if config.loss_type == "ipo_sum":
        log_ratios = _ipo_log_ratios(votes, len(config.ref_logps), config.beta)
    elif config.loss_type in ("sigmoid", "cdpo"):
        smoothing = config.label_smoothing if config.loss_type == "cdpo" else 0.0
        strengths = _strengths(votes, len(config.ref_logps), smoothing)
        if strengths is None:
            return None
        log_ratios = strengths / config.beta
    else:
        return None
    return tuple(softmax_logps(_tensor(config.ref_logps) + torch.from_numpy(log_ratios)).tolist())


Votes = dict[tuple[int, int], tuple[float, int]]
"""(low, high) -> the low one's share, and the number of votes."""


def _votes(config: WhiteboardDpoConfig) -> Votes:
    won: dict[tuple[int, int], list[float]] = {}
    for chosen, rejected, weight in config.pairs:
        won.setdefault((min(chosen, rejected), max(chosen, rejected)), [0.0, 0.0])[chosen > rejected] += weight
    found = {}
    for pair, (low, high) in won.items():
        count = round(low + high)
        if count < 1 or abs(low + high - count) > 1e-9:
            raise ValueError("The end point is known only where each pair's weights add up to a whole number of votes.")
        found[pair] = (min(low / count, 1.0), count)
    return found


def _strengths(votes: Votes, size: int, smoothing: float) -> np.ndarray | None:
    """Bradley–Terry strengths [V] without a prior, mean zero in every connected group; None if some would be infinite."""
    met = np.eye(size)
    for low, high in votes:
        met[low, high] = met[high, low] = 1
    group = (np.linalg.matrix_power(met, size) > 0).argmax(axis=1)
    strengths = np.zeros(size)
    for number in set(group.tolist()):
        members = np.flatnonzero(group == number)
        if len(members) == 1:
            continue
        place = {int(response): row for row, response in enumerate(members)}
        compared, shares = [], []
        for (low, high), (share, count) in votes.items():
            if low in place:
                compared += [(place[low], place[high])] * count
                shares += [(1 - smoothing) * share + smoothing * (1 - share)] * count
        try:
            strengths[members] = fit_item_strengths(len(members), compared, shares).strengths
        except ValueError:
            return None
    return strengths


def _ipo_log_ratios(votes: Votes, size: int, beta: float) -> np.ndarray:
    """log π/π_ref [V] that bring the gaps closest to IPO's targets, mean zero in every connected group."""
    laplacian, pull = np.zeros((size, size)), np.zeros(size)
    for (low, high), (share, count) in votes.items():
        edge = np.zeros(size)
        edge[low], edge[high] = 1, -1
        laplacian += count * np.outer(edge, edge)
        pull += count * (2 * share - 1) / (2 * beta) * edge
    return np.linalg.pinv(laplacian, hermitian=True) @ pull


@torch.no_grad()
def _record(
    config: WhiteboardDpoConfig,
    index: int,
    logits: Tensor,
    old_logps: Tensor,
    found: PreferenceLoss,
    pulls: Tensor,
    weights: Tensor,
    ref_logps: Tensor,
    scores: Tensor,
    best: Optimum,
) -> PreferenceStep:
    logps = softmax_logps(logits)
    chosen, rejected = found.chosen_rewards, found.rejected_rewards
    margins = chosen - rejected
    means = torch.stack((found.losses, (margins > 0).to(margins.dtype), margins))
    loss, accuracy, margin = masked_mean(means, weights, dim=-1).tolist()
    rows = torch.stack((found.policy_chosen_logps, found.policy_rejected_logps, chosen, rejected, pulls)).tolist()
    return PreferenceStep(
        index=index,
        logps=tuple(logps.tolist()),
        old_logps=tuple(old_logps.tolist()),
        logps_chosen=tuple(rows[0]),
        logps_rejected=tuple(rows[1]),
        rewards_chosen=tuple(rows[2]),
        rewards_rejected=tuple(rows[3]),
        pair_weights=tuple(rows[4]),
        loss=loss,
        accuracy=accuracy,
        margin=margin,
        stats=policy_stats(logps, ref_logps, scores, config.beta, best),
        diverged=_divergence(logits),
    )


def _gradients(found: PreferenceLoss, logits: Tensor, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Minus the slope of each row's loss in its gap [rows], and the gradient of the batch's mean loss in the logits [V]."""
    ends = (found.policy_chosen_logps, found.policy_rejected_logps)
    slopes = torch.autograd.grad(found.losses.sum(), ends, retain_graph=True)
    # The chain rule's second half takes the batch's weights along, so that one pass through the losses is enough.
    shares = batch / batch.sum()
    (gradient,) = torch.autograd.grad(ends, logits, tuple(slope * shares for slope in slopes))
    return -slopes[0], gradient


def _batch(weights: Tensor, batch_size: int, rng: np.random.Generator) -> Tensor:
    """The weights of all rows, or how often each was drawn for a batch."""
    if batch_size == 0:
        return weights
    drawn = rng.multinomial(batch_size, (weights / weights.sum()).numpy())
    return torch.from_numpy(drawn.astype(np.float64))


def _divergence(logits: Tensor) -> str | None:
    if logits.detach().abs().max().item() < LARGEST_LOGIT:  # also False for NaN
        return None
    return "The run was stopped: the steps became so large that the policy can no longer be computed."


def _tensor(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
