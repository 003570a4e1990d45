"""Where projects differ on KL, rewards, advantages, clipping and best-of-n. Every value is computed from the arguments.

Read in the code of TRL 1.16 (PPO: 1.12), OpenRLHF, verl, CleanRL, OpenAI's lm-human-preferences, HALOs, open-instruct
and rlhf-book. Shapes: [B, T] per token, [B] per response, [G] per group; nats.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.objectives.advantages import gae, whiten
from core.objectives.best_of_n import best_of_n
from core.objectives.dialects.row import Row, rows
from core.objectives.grpo import grpo_advantages, grpo_loss
from core.objectives.kl import k1, k2, k3
from core.objectives.ppo import policy_diagnostics, policy_loss
from core.objectives.rewards import kl_penalised_rewards, last_token_rewards, response_padding
from core.objectives.rloo import rloo_advantages


def kl_estimators(logps: Tensor, ref_logps: Tensor) -> list[Row]:
    """Estimates of KL(policy || reference) per sampled token [T]."""
    return rows(
        "KL estimator",
        ("TRL (PPO)", "k1", k1(logps, ref_logps), True),
        ("TRL (PPO, GRPO)", "k3", k3(logps, ref_logps)),
        ("verl", "k1", k1(logps, ref_logps)),
        ("verl", "k2", k2(logps, ref_logps)),
        ("verl", "k3, limited to 10", k3(logps, ref_logps, clamp=10.0, exponent_clamp=20.0)),
        ("OpenRLHF", "k1, limited to 10", k1(logps, ref_logps, clamp=10.0)),
        ("OpenRLHF", "k2, limited to 10", k2(logps, ref_logps, clamp=10.0)),
        ("OpenRLHF", "k3, limited to 10", k3(logps, ref_logps, clamp=10.0)),
        ("rlhf-book", "kl1, the other sign", k1(ref_logps, logps)),
        ("rlhf-book", "kl3, the ratio turned over", k3(ref_logps, logps)),
    )


def whitening(values: Tensor, mask: Tensor) -> list[Row]:
    """Whitened advantages [B, T]."""
    return rows(
        "whitening",
        ("TRL", "unbiased, without the padding", whiten(values, mask, "trl"), True),
        # Also ours where the weights are probabilities: n - 1 has no meaning there.
        ("OpenRLHF", "biased, without the padding", whiten(values, mask, "openrlhf"), True),
        ("OpenAI", "biased, padding counted", whiten(values, mask, "openai")),
        ("CleanRL", "unbiased, padding counted, per minibatch", whiten(values, mask, "cleanrl")),
        ("verl", "as TRL, means divided by n + 1e-8", whiten(values, mask, "verl")),
    )


def group_std(rewards: Tensor) -> list[Row]:
    """Advantages of one group [G]: the divisor of the standard deviation and what is added to it."""

    def scaled(epsilon: float, unbiased: bool, scale: str = "group") -> Tensor:
        group = rewards.shape[0]
        return grpo_advantages(rewards, group, None, scale, std_epsilon=epsilon, unbiased=unbiased).advantages

    return rows(
        "group advantages",
        ("TRL", "n - 1, + 1e-4", scaled(1e-4, True), True),
        ("verl", "n - 1, + 1e-6", scaled(1e-6, True)),
        ("OpenRLHF", "n - 1, + 1e-9", scaled(1e-9, True)),
        ("rlhf-book", "n - 1, + 1e-8", scaled(1e-8, True)),
        ("HALOs", "n, + 1e-2", scaled(1e-2, False)),
        ("open-instruct", "standard: n, + 1e-8", scaled(1e-8, False)),
        ("open-instruct, Dr. GRPO", "centered: no division", scaled(0.0, True, "none")),
    )


def group_loss_aggregation(advantages: Tensor, mask: Tensor, max_completion_length: int) -> list[Row]:
    """GRPO's loss at ratio 1 for advantages [B] and a mask [B, T]: what is averaged over what."""
    logps = torch.zeros(mask.shape, dtype=advantages.dtype)

    def loss(kind: str) -> Tensor:
        length = max_completion_length
        return grpo_loss(logps, logps, advantages, mask, loss_type=kind, max_completion_length=length).loss

    return rows(
        "GRPO: what is averaged",
        ("TRL", "grpo: mean of sequence means (the paper)", loss("grpo")),
        ("TRL", "bnpo: mean over this batch's tokens", loss("bnpo")),
        ("TRL", "dapo: mean over the step's tokens (default)", loss("dapo"), True),
        ("TRL", "dr_grpo: sum / (batch * max_completion_length)", loss("dr_grpo")),
    )


def grpo_kl_gradient(logp: float, ref_logp: float) -> list[Row]:
    """(value, gradient) of GRPO's KL term for one token, on-policy, with coefficient 1."""

    def term(bias_correction: bool) -> tuple[float, float]:
        new = torch.tensor([[logp]], dtype=torch.float64, requires_grad=True)
        zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
        ref = torch.full_like(one, ref_logp)
        result = grpo_loss(new, new.detach(), zero, one, ref, beta=1.0, use_bias_correction_kl=bias_correction)
        (gradient,) = torch.autograd.grad(result.loss, new)
        return result.loss.item(), gradient.item()

    return rows(
        "GRPO: gradient of the KL term",
        ("TRL", "use_bias_correction_kl=True (default)", term(True), True),
        ("GRPO paper", "use_bias_correction_kl=False", term(False)),
    )


def clipping_and_step_kl(
    new_logps: Tensor, old_logps: Tensor, advantages: Tensor, clip_epsilon: float, mask: Tensor | None = None
) -> list[Row]:
    """Clip fraction and the "approximate KL" of one update; [B, T] or any one shape."""
    result = policy_loss(new_logps, old_logps, advantages, clip_epsilon, mask)
    seen = policy_diagnostics(result, new_logps, old_logps, clip_epsilon, mask)
    # TRL also averages the padding, where the difference counts as 0.
    share = 1.0 if mask is None else (mask > 0).double().mean().item()
    return rows(
        "clip fraction",
        ("TRL", "policy/clipfrac_avg: the clip changed the loss", seen.clip_fraction, True),
        ("verl", "actor/pg_clipfrac", seen.clip_fraction),
        ("OpenRLHF", "clip_ratio", seen.clip_fraction),
        ("CleanRL", "losses/clipfrac: the ratio left the range", seen.clip_fraction_outside),
    ) + rows(
        "approximate KL of the update",
        ("TRL", "policy/approxkl_avg: k2, padding counted", seen.approx_kl * share),
        ("CleanRL", "losses/approx_kl: k3", seen.approx_kl_k3),
        ("CleanRL", "losses/old_approx_kl: k1", seen.approx_kl_k1),
        ("verl", "actor/ppo_kl: k1", seen.approx_kl_k1),
        ("OpenRLHF", "ppo_kl: k1", seen.approx_kl_k1),
        ("this app", "approx_kl: k2, without the padding", seen.approx_kl, True),
    )


def far_ratio(log_ratio: float, advantage: float, clip_epsilon: float) -> list[Row]:
    """The policy loss of one token whose ratio has run far away."""
    new, old = (torch.tensor([[x]], dtype=torch.float64) for x in (log_ratio, 0.0))
    adv, one = torch.tensor([advantage], dtype=torch.float64), torch.ones_like(new)
    return rows(
        "a ratio far from 1",
        ("PPO paper, TRL, OpenRLHF", "one-sided clip", policy_loss(new, old, adv, clip_epsilon).loss, True),
        ("verl", "dual clip, C = 3 (default)", policy_loss(new, old, adv, clip_epsilon, dual_clip=3.0).loss),
        (
            "TRL (GRPO)",
            "delta = 1.5",
            grpo_loss(new, old, adv, one, epsilon_low=clip_epsilon, epsilon_high=clip_epsilon, delta=1.5).loss,
        ),
    )


def score_position(
    logps: Tensor,
    ref_logps: Tensor,
    values: Tensor,
    scores: Tensor,
    last_token_index: Tensor,
    kl_coef: float,
    gamma: float,
    lam: float,
) -> list[Row]:
    """Token rewards and advantages [B, T]: the score one past the last token, or on it."""
    padding, padding_p1 = response_padding(last_token_index, logps.shape[1])
    after = kl_penalised_rewards(logps, ref_logps, scores, last_token_index, kl_coef).rewards
    on = last_token_rewards(logps, ref_logps, scores, ~padding, kl_coef).rewards
    advantages_after = gae(after, torch.where(padding_p1, 0.0, values), gamma, lam).advantages
    advantages_on = gae(on, torch.where(padding, 0.0, values), gamma, lam).advantages
    advantages_after, advantages_on = (torch.where(padding, 0.0, x) for x in (advantages_after, advantages_on))
    return rows(
        "where the score stands",
        ("TRL", "rewards, one past the last token", after, True),
        ("OpenRLHF", "rewards, on the last token", on),
        ("TRL", "advantages", advantages_after, True),
        ("OpenRLHF", "advantages", advantages_on),
        ("verl", "advantages", advantages_on),
    )


def kl_placement(rewards: Tensor, sequence_kl: Tensor, beta: float) -> list[Row]:
    """RLOO's advantages of one group [G]: is the KL part of the reward that the baseline averages?"""
    group = rewards.shape[0]
    inside = rloo_advantages(rewards, group, None, beta, sequence_kl)
    outside = rloo_advantages(rewards, group, None, beta, sequence_kl, kl_in_baseline=False)
    return rows(
        "RLOO: where the KL goes",
        ("TRL", "inside the reward and the baseline", inside.advantages, True),
        ("OpenRLHF", "subtracted after the baseline", outside.advantages),
    )


def best_of_n_kl(ref_logps: Tensor, rewards: Tensor, n: int) -> list[Row]:
    """KL of best-of-n to the reference over [V] responses: the usual formula, and the exact sum."""
    best = best_of_n(ref_logps, rewards, n)
    return rows(
        "KL of best-of-n",
        ("Stiennon et al. 2020", "log n - (n - 1)/n", best.kl_upper_bound),
        ("exact", "sum over the responses", best.kl, True),
    )
