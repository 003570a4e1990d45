"""Typed step records of the whiteboard: what one policy update did, under the field's names. A leaf: imports nothing of core."""

from __future__ import annotations

from dataclasses import dataclass

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One pass over the batch inside an update. Every vector has one entry per response.

    `logps` are the policy's log-probabilities at the start of the epoch; `ratios` = exp(logps − old logps);
    `unclipped` and `clipped` are the two branches ρ·A and clip(ρ, 1−ε, 1+ε)·A; `clip_won` says where, among the responses
    of the batch, the clipped branch is strictly the smaller one, so that the gradient of that response is zero;
    `logit_steps` are what the gradient step added to the logits. `approx_kl` is the k2 estimate to the *old* policy, as
    TRL logs it (mean over the batch, nats).
    """

    logps: Vector
    ratios: Vector
    clipped_ratios: Vector
    unclipped: Vector
    clipped: Vector
    clip_won: tuple[bool, ...]
    loss: float
    clip_fraction: float
    approx_kl: float
    kl_to_old: float
    logit_steps: Vector


@dataclass(frozen=True, slots=True)
class PolicyStats:
    """Exact figures of one policy over all responses, nats where nothing else is said."""

    expected_reward: float
    kl: float
    entropy: float
    objective: float
    tv_to_optimum: float


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """One whole update of a whiteboard policy: sample → score → KL penalty → advantage → ratio and clip → gradient → new policy.

    Vectors have one entry per response. `weights` are the batch's counts, or the old probabilities for the exact
    expectation. `kl` is the per-response KL penalty before the coefficient; `rewards` = scores − kl_coef · kl;
    `baseline` is their mean over the batch; `advantages` are what the loss used (whitened if asked for).
    `k1`, `k2`, `k3` are the batch estimates of KL(old policy ‖ reference), `exact_kl_old` the exact value.
    """

    index: int
    weights: Vector
    scores: Vector
    ref_logps: Vector
    old_logps: Vector
    kl: Vector
    kl_coef: float
    rewards: Vector
    baseline: float
    advantages: Vector
    epochs: tuple[EpochRecord, ...]
    logps: Vector
    k1: float
    k2: float
    k3: float
    exact_kl_old: float
    clip_fraction: float
    stats: PolicyStats
    diverged: str | None = None


@dataclass(frozen=True, slots=True)
class PreferenceStep:
    """One gradient step of a preference loss (DPO and its relatives) on the whiteboard policy.

    Per pair: `logps_chosen`, `logps_rejected`, and implicit rewards β·log(π/π_ref) as `rewards_chosen`,
    `rewards_rejected`; `pair_weights` is how much each pair pulls its two responses apart (minus the loss's slope in the
    gap of their log-ratios; below 0 it pulls them together).
    """

    index: int
    logps: Vector
    old_logps: Vector
    logps_chosen: Vector
    logps_rejected: Vector
    rewards_chosen: Vector
    rewards_rejected: Vector
    pair_weights: Vector
    loss: float
    accuracy: float
    margin: float
    stats: PolicyStats
    diverged: str | None = None
