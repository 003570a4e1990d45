"""Adapters for the preference side: they rename and reshape, and take gradients of the loss as it stands.

Each takes the case's decoded `inputs` and returns its `outputs`, nested as in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from core.objectives.bradley_terry import fit_item_strengths, pairwise_loss
from core.objectives.dpo import dpo_loss, dpo_token_loss
from core.objectives.kto import kto_loss, kto_reference_kl
from core.objectives.logprobs import entropy, sequence_logps
from core.objectives.masking import masked_mean
from core.objectives.orpo import orpo_loss
from core.objectives.preference import PreferenceLoss
from core.objectives.sft import sft_loss
from core.objectives.simpo import cpo_loss, simpo_loss
from tests.reference.bigram import IGNORE, bigram_logits, gradient_step, padded, prompt_and_completion

PAIR = ("policy_chosen_logps", "policy_rejected_logps", "reference_chosen_logps", "reference_rejected_logps")
AVERAGES = ("policy_chosen_avg_logps", "policy_rejected_avg_logps")


def _tensor(values: list | float | None) -> Tensor | None:
    return None if values is None else torch.tensor(values, dtype=torch.float64)


def _leaves(inputs: dict, *names: str) -> list[Tensor]:
    return [_tensor(inputs[name]).requires_grad_(True) for name in names]


def _gradients(loss: Tensor, names: tuple[str, ...], leaves: list[Tensor]) -> dict:
    grads = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
    return {f"grad_{name}": grad for name, grad in zip(names, grads, strict=True)}


# --- losses on pairs and single completions ---------------------------------------------------------------------


def _dpo(inputs: dict, loss_type: str | None = None) -> dict:
    leaves = _leaves(inputs, *PAIR)
    result = dpo_loss(
        *leaves,
        inputs["beta"],
        loss_type or inputs["loss_type"],
        label_smoothing=inputs.get("label_smoothing", 0.0),
        chosen_lengths=_tensor(inputs.get("chosen_lengths")),
        rejected_lengths=_tensor(inputs.get("rejected_lengths")),
        discopop_tau=inputs.get("discopop_tau", 0.05),
    )
    return _pair_outputs(result) | _gradients(result.loss, PAIR, leaves)


def _pair_outputs(result: PreferenceLoss) -> dict:
    return {
        "loss": result.loss,
        "losses": result.losses,
        "chosen_rewards": result.chosen_rewards,
        "rejected_rewards": result.rejected_rewards,
        "metrics": result.metrics,
    }


def _dpo_tokens(inputs: dict) -> dict:
    (token_logps,) = leaves = _leaves(inputs, "token_logps")
    mask, reference = torch.tensor(inputs["completion_mask"]), _tensor(inputs["reference_token_logps"])
    smoothing = inputs.get("label_smoothing", 0.0)
    result = dpo_token_loss(
        token_logps, reference, mask, inputs["beta"], inputs["loss_type"], label_smoothing=smoothing
    )
    return _pair_outputs(result) | _gradients(result.loss, ("token_logps",), leaves)


def _kto(inputs: dict) -> dict:
    (policy_logps,) = leaves = _leaves(inputs, "policy_logps")
    kl = kto_reference_kl(_tensor(inputs["policy_kl_logps"]), _tensor(inputs["reference_kl_logps"]))
    result = kto_loss(
        policy_logps,
        _tensor(inputs["reference_logps"]),
        torch.tensor(inputs["labels"]),
        kl,
        inputs["beta"],
        inputs["desirable_weight"],
        inputs["undesirable_weight"],
    )
    gradients = _gradients(result.loss, ("policy_logps",), leaves)
    return {"loss": result.loss, "kl": result.kl, "metrics": result.metrics} | gradients


def _orpo(inputs: dict) -> dict:
    leaves = _leaves(inputs, *AVERAGES)
    result = orpo_loss(*leaves, _tensor(inputs["chosen_nll_loss"]), inputs["beta"])
    return {
        "loss": result.loss,
        "or_losses": result.or_losses,
        "log_odds_chosen_mean": result.metrics["log_odds_chosen"],
        "log_sigmoid_log_odds_mean": result.metrics["log_odds_ratio"],
        "chosen_rewards": result.chosen_rewards,
        "rejected_rewards": result.rejected_rewards,
        "metrics": result.metrics,
    } | _gradients(result.loss, AVERAGES, leaves)


def _simpo(inputs: dict) -> dict:
    leaves = _leaves(inputs, *AVERAGES)
    result = simpo_loss(*leaves, inputs["beta"], inputs["simpo_gamma"], inputs["label_smoothing"])
    return _pair_outputs(result) | _gradients(result.loss, AVERAGES, leaves)


def _reward_bt(inputs: dict) -> dict:
    names = ("rewards_chosen", "rewards_rejected")
    leaves = _leaves(inputs, *names)
    result = pairwise_loss(*leaves, _tensor(inputs["margin"]), inputs["center_rewards_coefficient"])
    return {"loss": result.loss, "metrics": result.metrics} | _gradients(result.loss, names, leaves)


def _bt_mle(inputs: dict) -> dict:
    fit = fit_item_strengths(
        inputs["n_items"], inputs["comparisons_winner_loser"], l2_penalty=inputs.get("l2_penalty", 0.0)
    )
    return {
        "strengths_mean_zero": fit.strengths,
        "win_prob_matrix": fit.win_prob_matrix,
        "negative_log_likelihood": fit.nll,
    }


def _sft_ce(inputs: dict) -> dict:
    (logits,) = leaves = _leaves(inputs, "logits")
    labels = torch.tensor(inputs["labels"])
    result = sft_loss(logits, labels, inputs["loss_type"], num_items_in_batch=inputs["num_items_in_batch"])
    return {"loss": result.loss, "metrics": result.metrics} | _gradients(result.loss, ("logits",), leaves)


# --- end to end on the bigram table: one full batch, one plain gradient step ------------------------------------


def _logps(table: Tensor, input_ids: Tensor, labels: Tensor) -> Tensor:
    return sequence_logps(bigram_logits(table, input_ids), labels).sum


def _e2e_sft(inputs: dict) -> dict:
    input_ids, labels = torch.tensor(inputs["input_ids"]), torch.tensor(inputs["labels"])

    def loss_of(table: Tensor) -> tuple[Tensor, dict]:
        result = sft_loss(bigram_logits(table, input_ids), labels, inputs["loss_type"])
        return result.loss, result.metrics

    loss, grad, after, metrics = gradient_step(_tensor(inputs["W"]), inputs["lr"], loss_of)
    return {"loss": loss, "grad_W": grad, "W_after": after, "metrics": metrics}


def _e2e_dpo(inputs: dict) -> dict:
    chosen = prompt_and_completion(inputs["prompt_ids"], inputs["chosen_ids"])
    rejected = prompt_and_completion(inputs["prompt_ids"], inputs["rejected_ids"])
    reference = _tensor(inputs["W_reference"])
    lengths = [torch.tensor([len(row) for row in inputs[key]]) for key in ("chosen_ids", "rejected_ids")]

    def loss_of(table: Tensor) -> tuple[Tensor, dict]:
        result = dpo_loss(
            _logps(table, *chosen),
            _logps(table, *rejected),
            _logps(reference, *chosen),
            _logps(reference, *rejected),
            inputs["beta"],
            inputs["loss_type"],
            label_smoothing=inputs["label_smoothing"],
            chosen_lengths=lengths[0],
            rejected_lengths=lengths[1],
        )
        both = [_completion_entropy(table, *side) for side in (chosen, rejected)]
        metrics = result.metrics | {
            "entropy": masked_mean(torch.cat(both)).item(),
            "mean_token_accuracy": sft_loss(bigram_logits(table, chosen[0]), chosen[1]).metrics["mean_token_accuracy"],
        }
        return result.loss, metrics

    loss, grad, after, metrics = gradient_step(_tensor(inputs["W_policy"]), inputs["lr"], loss_of)
    return {"loss": loss, "grad_W_policy": grad, "W_policy_after": after, "metrics": metrics}


def _completion_entropy(table: Tensor, input_ids: Tensor, labels: Tensor) -> Tensor:
    """Entropies, in one row, of the distributions that completion tokens were drawn from."""
    return entropy(bigram_logits(table.detach(), input_ids)[:, :-1])[labels[:, 1:] != IGNORE]


def _e2e_kto(inputs: dict) -> dict:
    def sequences(prefix: str) -> tuple[Tensor, Tensor]:
        input_ids, mask = (torch.tensor(inputs[f"{prefix}{name}"]) for name in ("input_ids", "completion_mask"))
        return input_ids, torch.where(mask > 0, input_ids, IGNORE)

    examples, mismatched = sequences(""), sequences("kl_")
    reference = _tensor(inputs["W_reference"])

    def loss_of(table: Tensor) -> tuple[Tensor, dict]:
        result = kto_loss(
            _logps(table, *examples),
            _logps(reference, *examples),
            torch.tensor(inputs["labels"]),
            kto_reference_kl(_logps(table, *mismatched), _logps(reference, *mismatched)),
            inputs["beta"],
            inputs["desirable_weight"],
            inputs["undesirable_weight"],
        )
        return result.loss, result.metrics | {"entropy": masked_mean(_completion_entropy(table, *examples)).item()}

    loss, grad, after, metrics = gradient_step(_tensor(inputs["W_policy"]), inputs["lr"], loss_of)
    return {"loss": loss, "grad_W_policy": grad, "W_policy_after": after, "metrics": metrics}


def _e2e_reward(inputs: dict) -> dict:
    def loss_of(token_weights: Tensor) -> tuple[Tensor, dict]:
        sides = [
            torch.stack([token_weights[torch.tensor(row, dtype=torch.long)].sum() for row in inputs[key]])
            for key in ("chosen_ids", "rejected_ids")
        ]
        result = pairwise_loss(*sides, _tensor(inputs["margin"]), inputs["center_rewards_coefficient"])
        return result.loss, result.metrics

    loss, grad, after, metrics = gradient_step(_tensor(inputs["w"]), inputs["lr"], loss_of)
    return {"loss": loss, "grad_w": grad, "w_after": after, "metrics": metrics}


def _e2e_reference_free(inputs: dict) -> dict:
    chosen_ids, rejected_ids = (padded(inputs[f"{side}_input_ids"]) for side in ("chosen", "rejected"))
    chosen_labels, rejected_labels = (padded(inputs[f"{side}_labels"], IGNORE) for side in ("chosen", "rejected"))
    whole = padded(inputs["chosen_input_ids"], IGNORE)

    def loss_of(table: Tensor) -> tuple[Tensor, dict]:
        logits = bigram_logits(table, chosen_ids)
        chosen = sequence_logps(logits, chosen_labels)
        rejected = sequence_logps(bigram_logits(table, rejected_ids), rejected_labels)
        beta, alpha = inputs["beta"], inputs["cpo_alpha"]
        if inputs["algorithm"] == "orpo":
            result = orpo_loss(chosen.average, rejected.average, sft_loss(logits, whole).loss, beta)
            return result.loss, result.metrics
        shared = {
            "label_smoothing": inputs["label_smoothing"],
            "nll_loss": sft_loss(logits, chosen_labels).loss if alpha else 0.0,
            "cpo_alpha": alpha,
        }
        loss_type = inputs["loss_type"]
        if loss_type == "simpo":
            result = simpo_loss(chosen.average, rejected.average, beta, inputs["simpo_gamma"], **shared)
        else:
            pair = (chosen.average, rejected.average) if loss_type == "ipo" else (chosen.sum, rejected.sum)
            result = cpo_loss(*pair, beta, loss_type, **shared)
        return result.loss, result.metrics

    loss, grad, after, metrics = gradient_step(_tensor(inputs["W"]), inputs["lr"], loss_of)
    return {"loss": loss, "grad_W": grad, "W_after": after, "metrics": metrics}


ADAPTERS: dict[str, Callable[[dict], dict]] = {
    "bt_mle": _bt_mle,
    "reward_bt": _reward_bt,
    "cdpo": partial(_dpo, loss_type="cdpo"),
    "dpo_sigmoid": partial(_dpo, loss_type="sigmoid"),
    "dpo_hinge": partial(_dpo, loss_type="hinge"),
    "dpo_ipo": partial(_dpo, loss_type="ipo"),
    "dpo_ipo_sum": partial(_dpo, loss_type="ipo_sum"),
    "dpo_robust": partial(_dpo, loss_type="robust"),
    "dpo_sigmoid_norm": partial(_dpo, loss_type="sigmoid_norm"),
    "dpo_other": _dpo,
    "dpo_tokens": _dpo_tokens,
    "kto": _kto,
    "orpo": _orpo,
    "simpo": _simpo,
    "sft_ce": _sft_ce,
    "e2e_sft": _e2e_sft,
    "e2e_dpo": _e2e_dpo,
    "e2e_kto": _e2e_kto,
    "e2e_reward": _e2e_reward,
    "e2e_reference_free": _e2e_reference_free,
}
