"""Adapters for the policy side: they rename and reshape, choose the peer's convention by name, and take gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from core.objectives import kl as kl_terms
from core.objectives.advantages import gae, gae_with_dones, whiten
from core.objectives.best_of_n import best_of_n
from core.objectives.grpo import grpo_advantages, grpo_loss, grpo_metrics
from core.objectives.logprobs import entropy, sequence_logps, token_logps
from core.objectives.masking import aggregate, masked_mean, masked_values
from core.objectives.optimum import kl_optimal_policy
from core.objectives.ppo import policy_diagnostics, policy_loss, ppo_loss
from core.objectives.rewards import kl_penalised_rewards, last_token_rewards, reward_summary
from core.objectives.rloo import rloo_advantages, rloo_loss, rloo_metrics, sequence_k1
from tests.reference.bigram import bigram_logits

Case = dict[str, Any]


def _tensor(value: Any) -> Tensor | None:
    return None if value is None else torch.tensor(value, dtype=torch.float64)


def _leaf(value: Any) -> Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def _gradients(loss: Tensor, **leaves: Tensor) -> dict[str, Tensor]:
    """d loss / d leaf under the name grad_<leaf>; zeros where the loss does not depend on it."""
    grads = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, retain_graph=True)
    return {
        f"grad_{name}": torch.zeros_like(leaf) if grad is None else grad
        for (name, leaf), grad in zip(leaves.items(), grads, strict=True)
    }


def _adaptive_kl(case: Case) -> Case:
    controller = kl_terms.AdaptiveKLController(case["init_kl_coef"], case["target"], case["horizon"])
    trace = []
    for observed in case["observed_kl"]:
        controller = kl_terms.update_kl_controller(controller, observed, case["n_steps"])
        trace.append(controller.kl_coef)
    return {"kl_coef_after_each_update": trace}


def _best_of_n(case: Case) -> Case:
    best = best_of_n(_tensor(case["reference_probs"]).log(), _tensor(case["rewards"]), case["n"])
    return {
        "bon_probs": best.logps.exp(),
        "kl_exact": best.kl,
        "kl_formula_upper_bound": best.kl_upper_bound,
        "expected_reward": best.expected_reward,
        "expected_reward_reference": best.expected_reward_reference,
    }


def _gae(case: Case) -> Case:
    return gae(_tensor(case["rewards"]), _tensor(case["values"]), case["gamma"], case["lam"])._asdict()


def _gae_dones(case: Case) -> Case:
    names = ("rewards_TB", "values_TB", "dones_TB", "next_value_B", "next_done_B")
    result = gae_with_dones(*(_tensor(case[name]) for name in names), case["gamma"], case["gae_lambda"])
    return {"advantages_TB": result.advantages, "returns_TB": result.returns}


def _grpo_advantages(case: Case) -> Case:
    result = grpo_advantages(
        _tensor(case["rewards_per_func"]),
        case["num_generations"],
        _tensor(case["reward_weights"]),
        case["scale_rewards"],
        case["multi_objective_aggregation"],
    )
    return result._asdict()


def _grpo_loss(case: Case) -> Case:
    logps, mask = _leaf(case["per_token_logps"]), _tensor(case["completion_mask"])
    old = case.get("old_per_token_logps")
    result = grpo_loss(
        logps,
        logps.detach() if old is None else _tensor(old),
        _tensor(case["advantages"]),
        mask,
        _tensor(case.get("ref_per_token_logps")),
        sapo_temperatures=(case.get("sapo_temperature_pos", 1.0), case.get("sapo_temperature_neg", 1.05)),
        **{name: case[name] for name in _GRPO_SETTINGS if name in case},
    )
    metrics = grpo_metrics(result, mask, _tensor(case.get("entropies")))
    return {"loss": result.loss, "metrics": metrics, **_gradients(result.loss, per_token_logps=logps)}


_GRPO_SETTINGS = (
    "beta",
    "epsilon_low",
    "epsilon_high",
    "loss_type",
    "importance_sampling_level",
    "delta",
    "max_completion_length",
    "use_bias_correction_kl",
    "num_items_in_batch",
)


def _kl_estimators(case: Case) -> Case:
    policy = torch.log_softmax(_tensor(case["policy_logits"]), -1)
    reference = torch.log_softmax(_tensor(case["reference_logits"]), -1)
    sampled = torch.tensor(case["sampled_token"])
    logps, ref_logps = token_logps(policy, sampled), token_logps(reference, sampled)
    return {
        "policy_logp": logps,
        "reference_logp": ref_logps,
        "k1": kl_terms.k1(logps, ref_logps),
        "k2": kl_terms.k2(logps, ref_logps),
        "k3": kl_terms.k3(logps, ref_logps),
        "k3_verl_clamped": kl_terms.k3(logps, ref_logps, clamp=10.0, exponent_clamp=20.0),
        "exact_kl": kl_terms.exact_kl(policy, reference),
        "exact_kl_reverse_direction": kl_terms.exact_kl(reference, policy),
    }


def _kl_optimal_policy(case: Case) -> Case:
    best = kl_optimal_policy(_tensor(case["reference_probs"]).log(), _tensor(case["rewards"]), case["beta"])
    return {
        "optimal_probs": best.logps.exp(),
        "kl_to_reference": best.kl,
        "expected_reward": best.expected_reward,
        "objective": best.objective,
        "beta_log_partition": best.beta_log_partition,
    }


def _ppo_rewards(case: Case) -> Case:
    logps, scores = _tensor(case["logprobs"]), _tensor(case["scores"])
    rewards = kl_penalised_rewards(
        logps,
        _tensor(case["ref_logprobs"]),
        scores,
        torch.tensor(case["last_token_index"]),
        case["kl_coef"],
        case["kl_estimator"],
        case["whiten_rewards"],
    )
    summary = reward_summary(rewards, logps, scores)._asdict()
    return rewards._asdict() | {"metrics": {f"objective/{name}": value for name, value in summary.items()}}


def _ppo_rewards_last_token(case: Case) -> Case:
    clip = case["reward_clip_range"]
    return last_token_rewards(
        *(_tensor(case[name]) for name in ("logprobs", "ref_logprobs", "scores", "action_mask")),
        case["kl_coef"],
        case["kl_estimator"],
        None if clip is None else tuple(clip),
    )._asdict()


def _ppo_loss(case: Case) -> Case:
    logps, values = _leaf(case["new_logprobs"]), _leaf(case["new_values"])
    old, keep = _tensor(case["old_logprobs"]), 1.0 - _tensor(case["padding_mask"])
    result = ppo_loss(
        logps,
        old,
        _tensor(case["advantages"]),
        values,
        _tensor(case["old_values"]),
        _tensor(case["returns"]),
        case["cliprange"],
        case["cliprange_value"],
        case["vf_coef"],
        keep,
        1.0 - _tensor(case["padding_mask_p1"]),
    )
    seen = policy_diagnostics(result.policy, logps, old, case["cliprange"], keep)
    return {
        "loss": result.loss,
        "pg_loss": result.policy.loss,
        "vf_loss": result.value.loss,
        "pg_clipfrac": seen.clip_fraction,
        "vf_clipfrac": result.value.clip_fraction,
        # TRL averages over the padding too, where the log-ratio is 0.
        "approxkl_trl_k2_all_positions": masked_mean(masked_values(kl_terms.k2(logps, old), keep)),
        "ratio": result.policy.ratios,
        "ratio_mean_all_positions": result.policy.ratios.mean(),
        **_gradients(result.loss, new_logprobs=logps, new_values=values),
    }


def _ppo_loss_dual_clip(case: Case) -> Case:
    logps, old = _leaf(case["new_logprobs"]), _tensor(case["old_logprobs"])
    mask = _tensor(case["response_mask"])
    low, high, clamp = case["cliprange_low"], case["cliprange_high"], 20.0
    result = policy_loss(logps, old, _tensor(case["advantages"]), low, mask, case["clip_ratio_c"], high, clamp)
    seen = policy_diagnostics(result, logps, old, low, mask, high, clamp)
    loss = aggregate(result.losses, mask, case["loss_agg_mode"])
    return {
        "pg_loss": loss,
        "pg_clipfrac": seen.clip_fraction,
        "ppo_kl": seen.approx_kl_k1,
        "pg_clipfrac_lower": seen.dual_clip_fraction,
        **_gradients(loss, new_logprobs=logps),
    }


def _ppo_loss_cleanrl(case: Case) -> Case:
    logps, values, entropies = (_leaf(case[name]) for name in ("new_logprobs", "new_values", "entropy"))
    old = _tensor(case["old_logprobs"])
    result = ppo_loss(
        logps,
        old,
        _tensor(case["advantages"]),
        values,
        _tensor(case["old_values"]),
        _tensor(case["returns"]),
        case["clip_coef"],
        case["clip_coef"] if case["clip_vloss"] else None,
        case["vf_coef"],
        entropies=entropies,
        entropy_coef=case["ent_coef"],
        whiten_variant="cleanrl" if case["norm_adv"] else None,
    )
    seen = policy_diagnostics(result.policy, logps, old, case["clip_coef"])
    return {
        "loss": result.loss,
        "pg_loss": result.policy.loss,
        "v_loss": result.value.loss,
        "entropy_loss": result.entropy,
        "approx_kl": seen.approx_kl_k3,
        "old_approx_kl": seen.approx_kl_k1,
        "clipfrac": seen.clip_fraction_outside,
        **_gradients(result.loss, new_logprobs=logps, new_values=values, entropy=entropies),
    }


def _rloo_advantages(case: Case) -> Case:
    clip, sequence_kl = case["reward_clip_range"], None
    if case["beta"] != 0.0:
        names = ("old_per_token_logps", "ref_per_token_logps", "completion_mask")
        sequence_kl = sequence_k1(*(_tensor(case[name]) for name in names))
    return rloo_advantages(
        _tensor(case["rewards_per_func"]),
        case["num_generations"],
        _tensor(case["reward_weights"]),
        case["beta"],
        sequence_kl,
        None if clip is None else tuple(clip),
        case["normalize_advantages"],
    )._asdict()


def _rloo_loss(case: Case) -> Case:
    logps, advantages = _leaf(case["per_token_logps"]), _tensor(case["advantages"])
    bounds = (case["epsilon_low"], case["epsilon_high"])
    result = rloo_loss(logps, _tensor(case["old_logps"]), advantages, _tensor(case["completion_mask"]), *bounds)
    metrics = rloo_metrics(result, advantages, *bounds)
    return {"loss": result.loss, "metrics": metrics, **_gradients(result.loss, per_token_logps=logps)}


def _sequence_logps(case: Case) -> Case:
    logits = _leaf(case["logits"])
    scored = sequence_logps(logits, torch.tensor(case["labels"]), empty_average=math.nan)
    weighted = (_tensor(case["weights_for_grad"]) * scored.sum).sum()
    gradient = _gradients(weighted, logits=logits)["grad_logits"]
    outputs = {"sum_logps": scored.sum, "avg_logps": scored.average}
    return outputs | {"grad_logits_of_weighted_sum_logps": gradient}


def _token_logp_entropy(case: Case) -> Case:
    logits = _leaf(case["logits"])
    logps = token_logps(logits, torch.tensor(case["token_ids"]), case["temperature"])
    nats = entropy(logits, case["temperature"])
    return {
        "logps": logps,
        "entropy": nats,
        "grad_logits_of_sum_logps": _gradients(logps.sum(), logits=logits)["grad_logits"],
        "grad_logits_of_sum_entropy": _gradients(nats.sum(), logits=logits)["grad_logits"],
    }


def _whiten(case: Case) -> Case:
    return {
        "whitened": whiten(_tensor(case["values"]), _tensor(case["mask"]), case["variant"], case["shift_mean"]),
    }


def _e2e_grpo_rloo(case: Case) -> Case:
    completions, mask = torch.tensor(case["completion_ids"]), _tensor(case["completion_mask"])
    previous = torch.cat([torch.tensor(case["prompt_ids"])[:, -1:], completions[:, :-1]], dim=1)
    table, advantages = _leaf(case["W"]), _tensor(case["advantages"])

    def logits_under(weights: Tensor) -> Tensor:
        return bigram_logits(weights, previous)

    logps = token_logps(logits_under(table), completions)
    entropies = entropy(logits_under(table))
    old = token_logps(logits_under(_tensor(case["W_old"])), completions)
    if case["algorithm"] == "rloo":
        bounds = (case["epsilon_low"], case["epsilon_high"])
        result = rloo_loss(logps, (old * mask).sum(-1), advantages, mask, *bounds)
        metrics = rloo_metrics(result, advantages, *bounds) | {"entropy": masked_mean(entropies, mask)}
    else:
        reference = case.get("W_reference")
        ref = None if reference is None else token_logps(logits_under(_tensor(reference)), completions)
        settings = {name: case[name] for name in _GRPO_SETTINGS if name in case}
        result = grpo_loss(logps, old, advantages, mask, ref, **settings)
        metrics = grpo_metrics(result, mask, entropies)
    return {"loss": result.loss, "metrics": metrics, **_gradients(result.loss, W=table)}


ADAPTERS: dict[str, Callable[[Case], Case]] = {
    "adaptive_kl": _adaptive_kl,
    "best_of_n": _best_of_n,
    "e2e_grpo_rloo": _e2e_grpo_rloo,
    "gae": _gae,
    "gae_dones": _gae_dones,
    "grpo_advantages": _grpo_advantages,
    "grpo_loss": _grpo_loss,
    "kl_estimators": _kl_estimators,
    "kl_optimal_policy": _kl_optimal_policy,
    "ppo_loss": _ppo_loss,
    "ppo_loss_cleanrl": _ppo_loss_cleanrl,
    "ppo_loss_dual_clip": _ppo_loss_dual_clip,
    "ppo_rewards": _ppo_rewards,
    "ppo_rewards_last_token": _ppo_rewards_last_token,
    "rloo_advantages": _rloo_advantages,
    "rloo_loss": _rloo_loss,
    "sequence_logps": _sequence_logps,
    "token_logp_entropy": _token_logp_entropy,
    "whiten": _whiten,
}
