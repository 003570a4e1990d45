"""DPO and its relatives on the tiny language model: offline, online, or in rounds with fresh pairs.

Offline goes over given pairs. Online samples two answers per prompt from the present policy at every step and has them
compared. Iterative collects fresh pairs from the present policy at the start of each round. The reference stays the
model that the run began with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.lm_records import Diverged, PreferenceStep
from core.objectives.dpo import LOSSES, dpo_loss
from core.objectives.kto import kto_loss, kto_reference_kl
from core.objectives.masking import masked_mean
from core.objectives.orpo import orpo_loss
from core.objectives.sft import token_nll_loss
from core.objectives.simpo import simpo_loss
from core.policies.transformer import TinyLM
from core.stages.batches import TextBatch, answer_logps, chunks, minibatch, text_batch
from core.stages.config import StageConfig, require, require_choice, require_range
from core.stages.data import Ids, Ranking
from core.stages.training import State, decayed, out_of_range

MODES = ("offline", "online", "iterative")
LOSS_TYPES = (*LOSSES, "kto", "orpo", "simpo")

Labelling = Callable[[TinyLM, int, int], Sequence[Ranking]]
"""(policy, number of prompts, seed) -> fresh answers of the policy, ranked."""


@dataclass(frozen=True)
class DpoConfig(StageConfig):
    """Settings of DPO and its relatives.

    `batch_size` counts pairs. `rounds` and `prompts_per_round` are read by "iterative", `batch_size` prompts per step
    are labelled by "online". `simpo_gamma` is read by "simpo", `label_smoothing` by "cdpo", "robust" and "exo_pair".
    """

    mode: str = "offline"
    loss_type: str = "sigmoid"
    beta: float = 0.1
    label_smoothing: float = 0.0
    simpo_gamma: float = 1.0
    steps: int = 110
    batch_size: int = 32
    lr: float = 3e-4
    warmup: int = 5
    decay_from: float = 1.0
    rounds: int = 3
    prompts_per_round: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        require_choice("mode", self.mode, MODES)
        require_choice("loss_type", self.loss_type, LOSS_TYPES)
        require_range("beta", self.beta, 1e-6, 1000.0)
        require_range("label_smoothing", self.label_smoothing, 0.0, 0.499)
        require_range("The number of steps", self.steps, 1, 100_000)
        require_range("The batch size", self.batch_size, 1, 1024)
        require_range("The learning rate", self.lr, 0.0, 1000.0)
        require_range("The number of rounds", self.rounds, 1, self.steps if self.mode == "iterative" else 100_000)
        require_range("The number of prompts per round", self.prompts_per_round, 1, 100_000)

    def round_of(self, step: int) -> int:
        """Which round update number `step` (from 0) belongs to."""
        if self.mode == "online":
            return step
        return step * self.rounds // self.steps if self.mode == "iterative" else 0


@dataclass(frozen=True)
class PairSet:
    """Pairs as ids, with the reference's log-probability of each answer, computed once."""

    number: int  # of the round
    prompts: tuple[Ids, ...]
    chosen: tuple[Ids, ...]
    rejected: tuple[Ids, ...]
    ref_chosen: Tensor  # (N,)
    ref_rejected: Tensor  # (N,)

    def __len__(self) -> int:
        return len(self.prompts)


def begin(model: TinyLM, config: DpoConfig) -> State:
    """The state before the first step, on a copy of `model`, which is also the reference."""
    return State.begin(model, config.seed)


def dpo(
    state: State,
    reference: TinyLM,
    config: DpoConfig,
    rankings: Sequence[Ranking] = (),
    label: Labelling | None = None,
) -> Iterator[PreferenceStep | Diverged]:
    """Train `state` up to `config.steps`, one record per step.

    Args:
        reference: the frozen model that log-ratios are taken to.
        rankings: for "offline": the labelled answers; every pair of unequal rank is used.
        label: for "online" and "iterative": samples from the present policy and labels.

    Raises:
        ValueError: no preferences to learn from, or no labeller where one is needed.
    """
    require(config.mode == "offline" or label is not None, "Fresh pairs need somebody to label them.")
    limit = 3.0 * math.log(state.model.config.vocab)
    while state.step < config.steps and state.diverged is None:
        number = config.round_of(state.step)
        if state.held is None or state.held.number != number:
            if label is not None and config.mode != "offline":
                n = config.batch_size if config.mode == "online" else config.prompts_per_round
                rankings = label(state.model, n, config.seed * 100_003 + number)
                if not any(ranking.pairs() for ranking in rankings):
                    yield state.stop(
                        "dpo",
                        f"The run ended at step {state.step + 1}: the policy gives equal answers only, so nothing is "
                        "left to prefer.",
                    )
                    return
            state.held = pair_set(reference, rankings, number)
        pairs: PairSet = state.held
        # Every round counts its minibatches from its own beginning.
        first = next(s for s in range(state.step + 1) if config.round_of(s) == number)
        rows = minibatch(len(pairs), config.batch_size, state.step - first, config.seed + number)
        found = _losses(state.model, reference, pairs, rows, config)
        lr = decayed(config.lr, state.step, config.steps, config.warmup, config.decay_from)
        norm = state.update(found.loss, lr)
        surprise = -(found.chosen / found.chosen_lengths).mean().item()
        if out_of_range(surprise, limit) or math.isnan(norm):
            yield state.stop(
                "dpo",
                f"The policy broke down at step {state.step + 1}: it would no longer write the preferred answers. "
                "Try a lower learning rate or a higher beta.",
            )
            return
        state.step += 1
        yield _record(state.step, number, found, pairs, rows, config, lr, norm)


def pair_set(reference: TinyLM, rankings: Sequence[Ranking], number: int = 0) -> PairSet:
    """All pairs of unequal rank, with the reference's log-probabilities.

    Raises:
        ValueError: every label is a tie.
    """
    prompts, chosen, rejected = [], [], []
    for ranking in rankings:
        for i, j in ranking.pairs():
            prompts.append(ranking.prompt_ids)
            chosen.append(ranking.answers[i])
            rejected.append(ranking.answers[j])
    require(len(prompts) > 0, "There is no preference to learn from: every label is a tie.")
    scores = [
        torch.cat([_sums(reference, text_batch(prompts[part], answers[part]))[0] for part in chunks(len(prompts), 128)])
        for answers in (chosen, rejected)
    ]
    return PairSet(number, tuple(prompts), tuple(chosen), tuple(rejected), *scores)


@torch.no_grad()
def _sums(model: TinyLM, batch: TextBatch) -> tuple[Tensor, Tensor]:
    """Log-probability of each answer (B,), and its length in tokens."""
    return answer_logps(model, batch).sum(dim=1), batch.lengths()


@dataclass(frozen=True)
class _Found:
    loss: Tensor
    chosen: Tensor  # (b,) summed log-probabilities, no gradient
    rejected: Tensor
    chosen_lengths: Tensor


def _losses(model: TinyLM, reference: TinyLM, pairs: PairSet, rows: list[int], config: DpoConfig) -> _Found:
    prompts = [pairs.prompts[i] for i in rows]
    answers = [pairs.chosen[i] for i in rows] + [pairs.rejected[i] for i in rows]
    batch = text_batch(prompts * 2, answers, model.config.context)
    logps = answer_logps(model, batch)  # (2b, T-1): chosen, then rejected
    chosen, rejected = logps.sum(dim=1).chunk(2)
    chosen_lengths, rejected_lengths = batch.lengths().chunk(2)
    ref_chosen, ref_rejected = pairs.ref_chosen[rows], pairs.ref_rejected[rows]
    kind = config.loss_type
    if kind == "kto":
        # The reference point: each prompt with its neighbour's answer. A batch of one has no neighbour.
        wrong = text_batch(prompts, [*answers[1 : len(rows)], answers[0]], model.config.context)
        z = kto_reference_kl(_sums(model, wrong)[0], _sums(reference, wrong)[0]) if len(rows) > 1 else 0.0
        good = torch.arange(2 * len(rows)) < len(rows)
        loss = kto_loss(torch.cat([chosen, rejected]), torch.cat([ref_chosen, ref_rejected]), good, z, config.beta).loss
    elif kind in ("orpo", "simpo"):
        means = masked_mean(logps, batch.scored, 1)
        average_chosen, average_rejected = means.chunk(2)
        if kind == "simpo":
            loss = simpo_loss(average_chosen, average_rejected, config.beta, config.simpo_gamma).loss
        else:
            # The supervised term is over the chosen answers; TRL adds the prompts' tokens to it.
            nll = token_nll_loss(logps[: len(rows)], batch.scored[: len(rows)]).loss
            loss = orpo_loss(average_chosen, average_rejected, nll, config.beta).loss
    else:
        loss = dpo_loss(
            chosen,
            rejected,
            ref_chosen,
            ref_rejected,
            config.beta,
            kind,
            label_smoothing=config.label_smoothing,
            chosen_lengths=chosen_lengths,
            rejected_lengths=rejected_lengths,
        ).loss
    return _Found(loss, chosen.detach(), rejected.detach(), chosen_lengths)


def _record(
    step: int, number: int, found: _Found, pairs: PairSet, rows: list[int], config: DpoConfig, lr: float, norm: float
) -> PreferenceStep:
    ref_chosen, ref_rejected = pairs.ref_chosen[rows], pairs.ref_rejected[rows]
    rewards_chosen = config.beta * (found.chosen - ref_chosen)
    rewards_rejected = config.beta * (found.rejected - ref_rejected)
    return PreferenceStep(
        step=step,
        stage="dpo",
        steps=config.steps,
        loss_type=config.loss_type,
        iteration=number,
        loss=found.loss.item(),
        logps_chosen=found.chosen.numpy(),
        logps_rejected=found.rejected.numpy(),
        ref_logps_chosen=ref_chosen.numpy(),
        ref_logps_rejected=ref_rejected.numpy(),
        rewards_chosen=rewards_chosen.numpy(),
        rewards_rejected=rewards_rejected.numpy(),
        accuracy=(rewards_chosen > rewards_rejected).float().mean().item(),
        margin=(rewards_chosen - rewards_rejected).mean().item(),
        lr=lr,
        grad_norm=norm,
    )
