"""Kullback-Leibler divergence between policy and reference: estimators, the exact sum, the adaptive coefficient.

The direction is always KL(policy || reference) and the log-ratio is `logps - ref_logps`, in nats. Swap the arguments
for the other direction. Estimators: J. Schulman, "Approximating KL divergence" (2020); they are unbiased (k1, k3) or
biased (k2) when the tokens were sampled from the policy.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

ESTIMATORS = ("k1", "k2", "k3")


def k1(logps: Tensor, ref_logps: Tensor, clamp: float | None = None) -> Tensor:
    """log-ratio: unbiased, may be negative. Shapes [...] -> [...], nats. `clamp` limits the result to +-clamp."""
    log_ratio = logps - ref_logps
    return log_ratio if clamp is None else log_ratio.clamp(-clamp, clamp)


def k2(logps: Tensor, ref_logps: Tensor, clamp: float | None = None) -> Tensor:
    """Half the squared log-ratio: biased, never negative. Shapes [...] -> [...], nats."""
    estimate = 0.5 * (logps - ref_logps) ** 2
    return estimate if clamp is None else estimate.clamp(-clamp, clamp)


def k3(logps: Tensor, ref_logps: Tensor, clamp: float | None = None, exponent_clamp: float | None = None) -> Tensor:
    """exp(-log-ratio) - 1 + log-ratio: unbiased, never negative. Shapes [...] -> [...], nats.

    Written with expm1, so that it equals (log-ratio)^2 / 2 near zero instead of rounding noise. `exponent_clamp`
    limits the log-ratio before it is used and `clamp` the result (verl: 20 and 10; OpenRLHF: only the result, 10).
    Without them a reference that gives the token far more probability than the policy can yield infinity.
    """
    log_ratio = logps - ref_logps
    if exponent_clamp is not None:
        log_ratio = log_ratio.clamp(-exponent_clamp, exponent_clamp)
    # Never below zero in exact arithmetic; rounding can leave -1e-17.
    estimate = torch.expm1(-log_ratio) + log_ratio
    return estimate if clamp is None else estimate.clamp(-clamp, clamp)


def kl_estimate(logps: Tensor, ref_logps: Tensor, estimator: str = "k1", clamp: float | None = None) -> Tensor:
    """One of the estimators by name. Raises ValueError for an unknown name."""
    if estimator == "k1":
        return k1(logps, ref_logps, clamp)
    if estimator == "k2":
        return k2(logps, ref_logps, clamp)
    if estimator == "k3":
        return k3(logps, ref_logps, clamp)
    raise ValueError(f"Unknown KL estimator '{estimator}'; known are {', '.join(ESTIMATORS)}.")


def exact_kl(logps: Tensor, ref_logps: Tensor) -> Tensor:
    """KL(policy || reference) summed over the last axis. Shapes [..., V], [..., V] -> [...], nats.

    Both arguments are log-probabilities (normalised over the last axis). Tokens of probability 0 (-inf) add nothing;
    a token that the policy uses and the reference excludes makes the result +inf.
    """
    probs, possible = logps.exp(), logps > -torch.inf
    if not possible.all():  # replaced before subtracting, so that -inf - -inf can reach neither value nor gradient
        logps, ref_logps = torch.where(possible, logps, 0.0), torch.where(possible, ref_logps, 0.0)
    kl = (probs * (logps - ref_logps)).sum(-1)
    # Rounding can leave -1e-17 for equal distributions. Lift the value and keep the gradient.
    if not kl.requires_grad:
        return kl.clamp_min(0.0)
    return kl + (kl.clamp_min(0.0) - kl).nan_to_num(posinf=0.0).detach()


@dataclass(frozen=True)
class AdaptiveKLController:
    """State of the adaptive KL coefficient: the coefficient, the target KL (nats per response), the horizon (steps)."""

    kl_coef: float
    target: float
    horizon: float

    def __post_init__(self) -> None:
        if not (self.target > 0 and self.horizon > 0):
            raise ValueError("The adaptive KL controller needs target > 0 and horizon > 0.")


def update_kl_controller(controller: AdaptiveKLController, observed_kl: float, n_steps: float) -> AdaptiveKLController:
    """The controller after one batch of `n_steps` episodes with mean KL `observed_kl` (nats per response).

    kl_coef *= 1 + clip(observed / target - 1, -0.2, 0.2) * n_steps / horizon
    (Ziegler et al. 2019, arXiv:1909.08593, section 2.2). Batches above five horizons can turn the coefficient negative,
    as in the original: choose a longer horizon.
    """
    error = min(max(observed_kl / controller.target - 1.0, -0.2), 0.2)
    return replace(controller, kl_coef=controller.kl_coef * (1.0 + error * n_steps / controller.horizon))
