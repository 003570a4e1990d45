"""PPO (or the plain policy gradient) on the whiteboard policy: one generator of whole updates, each with all its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.objectives.advantages import whiten
from core.objectives.kl import AdaptiveKLController, exact_kl, k1, k2, k3, update_kl_controller
from core.objectives.optimum import Optimum, kl_optimal_policy
from core.objectives.policy_gradient import reinforce_loss
from core.objectives.ppo import policy_loss
from core.policies.tabular import logps as softmax_logps
from core.policies.tabular import policy_stats
from core.records import EpochRecord, PolicyStats, PolicyStep
from core.stages.trajectory import Trajectory

# exp() of a larger gap, and the k3 estimate with it, would come near the end of float64.
LARGEST_LOGIT_GAP = 600.0


@dataclass(frozen=True)
class WhiteboardConfig:
    """Everything that one run depends on; equal configurations give equal runs.

    `batch_size` 0 stands for the exact expectation over all responses instead of a sampled batch. `kl_target` makes the
    coefficient adaptive (nats per response; Ziegler et al. 2019), with `kl_horizon` in responses. Without `use_baseline`
    the rewards themselves are the advantages, unless `whitening` takes their mean off all the same.
    """

    ref_logps: tuple[float, ...]
    scores: tuple[float, ...]
    kl_coef: float = 0.5
    clip_epsilon: float = 0.2
    learning_rate: float = 1.0
    epochs: int = 4
    batch_size: int = 64
    whitening: bool = False
    kl_estimator: Literal["k1", "k2", "k3"] = "k1"
    algorithm: Literal["ppo", "reinforce"] = "ppo"
    kl_target: float | None = None
    kl_horizon: float = 640.0
    seed: int = 0
    use_baseline: bool = True


def optimum(config: WhiteboardConfig, kl_coef: float | None = None) -> Optimum:
    """π* ∝ π_ref · exp(score / kl_coef), the policy that maximises E[score] − kl_coef · KL."""
    coefficient = config.kl_coef if kl_coef is None else kl_coef
    return kl_optimal_policy(_tensor(config.ref_logps), _tensor(config.scores), coefficient)


def start(config: WhiteboardConfig) -> PolicyStats:
    """The figures of the reference policy itself, before any update."""
    ref = softmax_logps(_tensor(config.ref_logps))
    return policy_stats(ref, ref, _tensor(config.scores), config.kl_coef, optimum(config))


def updates(config: WhiteboardConfig) -> Iterator[PolicyStep]:
    """Whole updates, from the reference policy on, without end; stops by itself only if the run diverges."""
    scores = _tensor(config.scores)
    ref_logps = softmax_logps(_tensor(config.ref_logps))
    ref_vector = tuple(ref_logps.tolist())
    logits = new_logps = ref_logps
    rng = np.random.default_rng(config.seed)
    coefficient, best = config.kl_coef, optimum(config)
    stats = policy_stats(ref_logps, ref_logps, scores, coefficient, best)
    estimator = ("k1", "k2", "k3").index(config.kl_estimator)
    index = 0
    while True:
        index += 1
        old_logps, exact_kl_old = new_logps, stats.kl
        weights = _batch(old_logps, config.batch_size, rng)
        # What stands at weight 0 is finite here, so that every mean over the batch is one dot product.
        shares = weights / weights.sum()
        estimates = torch.stack((k1(old_logps, ref_logps), k2(old_logps, ref_logps), k3(old_logps, ref_logps)))
        kl = estimates[estimator]
        rewards = scores - coefficient * kl
        baseline = rewards @ shares if config.use_baseline else rewards.new_zeros(())
        advantages = rewards - baseline
        if config.whitening:
            # Probabilities are not observations: the exact expectation takes the variance without n/(n−1).
            advantages = whiten(rewards, weights, "trl" if config.batch_size else "openrlhf")
        logits, epochs, diverged = _epochs(config, logits, old_logps, advantages, shares)
        new_logps = softmax_logps(logits)
        stats = policy_stats(new_logps, ref_logps, scores, coefficient, best)
        batch_k1, batch_k2, batch_k3 = (estimates @ shares).tolist()
        vectors = torch.stack((weights, old_logps, kl, rewards, advantages, new_logps)).tolist()
        yield PolicyStep(
            index=index,
            weights=tuple(vectors[0]),
            scores=config.scores,
            ref_logps=ref_vector,
            old_logps=tuple(vectors[1]),
            kl=tuple(vectors[2]),
            kl_coef=coefficient,
            rewards=tuple(vectors[3]),
            baseline=baseline.item(),
            advantages=tuple(vectors[4]),
            epochs=epochs,
            logps=tuple(vectors[5]),
            k1=batch_k1,
            k2=batch_k2,
            k3=batch_k3,
            exact_kl_old=exact_kl_old,
            clip_fraction=sum(epoch.clip_fraction for epoch in epochs) / len(epochs),
            stats=stats,
            diverged=diverged,
        )
        if diverged:
            return
        if config.kl_target is not None:
            controller = AdaptiveKLController(coefficient, config.kl_target, config.kl_horizon)
            coefficient = update_kl_controller(controller, batch_k1, config.batch_size or 64).kl_coef
            best = optimum(config, coefficient)


@lru_cache(maxsize=256)
def trajectory(config: WhiteboardConfig) -> Trajectory[PolicyStep]:
    """The run of a configuration, computed as far as somebody has asked, once for all who ask."""
    return Trajectory(updates(config))


def _epochs(
    config: WhiteboardConfig, logits: Tensor, old_logps: Tensor, advantages: Tensor, shares: Tensor
) -> tuple[Tensor, tuple[EpochRecord, ...], str | None]:
    """Several gradient steps on one batch: the new logits, one record an epoch, and a sentence if the steps exploded.

    After an explosion the logits are those of the epoch that crossed the bound; the epochs behind it repeat its record
    with a step of 0, because the run was stopped there.
    """
    rows: list[list[Tensor]] = []
    losses: list[Tensor] = []
    for _ in range(config.epochs):
        leaf = logits.detach().requires_grad_()
        logps = softmax_logps(leaf)
        surrogate = policy_loss(logps, old_logps, advantages, config.clip_epsilon)
        ppo = config.algorithm == "ppo"
        loss = surrogate.losses @ shares if ppo else reinforce_loss(logps, advantages, shares)
        (gradient,) = torch.autograd.grad(loss, leaf)
        step = -config.learning_rate * gradient
        logits = leaf.detach() + step
        rows.append([logps, *surrogate[1:5], step])
        losses.append(loss)
    diverged = _divergence(logits)
    if diverged:
        logits = _stop_where_it_exploded(logits, rows, losses)
    # Stacked once after the loop: every extra tensor operation in there is paid in each epoch of each update.
    with torch.no_grad():
        table = torch.stack([tensor for row in rows for tensor in row]).view(config.epochs, 6, -1)
    loss_values = [loss.item() for loss in losses]
    logps = table[:, 0]
    clip_won = (table[:, 4] < table[:, 3]) & (shares > 0)
    in_use = torch.stack((clip_won.to(table.dtype), k2(logps, old_logps)))
    clip_fraction, approx_kl = (in_use @ shares).tolist()
    kl_to_old = exact_kl(logps, old_logps).tolist()
    return (
        logits,
        tuple(
            EpochRecord(
                logps=tuple(row[0]),
                ratios=tuple(row[1]),
                clipped_ratios=tuple(row[2]),
                unclipped=tuple(row[3]),
                clipped=tuple(row[4]),
                clip_won=tuple(won),
                loss=loss_values[number],
                clip_fraction=clip_fraction[number],
                approx_kl=approx_kl[number],
                kl_to_old=kl_to_old[number],
                logit_steps=tuple(row[5]),
            )
            for number, (row, won) in enumerate(zip(table.tolist(), clip_won.tolist(), strict=True))
        ),
        diverged,
    )


def _stop_where_it_exploded(end: Tensor, rows: list[list[Tensor]], losses: list[Tensor]) -> Tensor:
    """The logits right after the first epoch that crossed the bound; later epochs are overwritten in place."""
    for number, row in enumerate(rows):
        after = row[0].detach() + row[5]
        if _divergence(after):
            for later in range(number + 1, len(rows)):
                rows[later] = [*row[:5], torch.zeros_like(row[5])]
                losses[later] = losses[number]
            return after
    return end


def _batch(old_logps: Tensor, batch_size: int, rng: np.random.Generator) -> Tensor:
    """Counts of a sampled batch, or the probabilities themselves for the exact expectation."""
    probs = old_logps.exp()
    if batch_size == 0:
        return probs
    return torch.from_numpy(rng.multinomial(batch_size, (probs / probs.sum()).numpy()).astype(np.float64))


def _divergence(logits: Tensor) -> str | None:
    if (logits.max() - logits.min()).item() < LARGEST_LOGIT_GAP:  # also False for NaN
        return None
    return "The run was stopped: the steps became so large that the policy can no longer be computed."


def _tensor(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
