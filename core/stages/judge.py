"""A judge that knows principles: a copy of the language model with one sigmoid for each.

(Bai et al. 2022 let a large model judge in words; a tiny one cannot.) It learns from answers whose broken principles
are marked by the world's own rules: that is programmatic, and a screen that shows the judge must say so. Afterwards a
label costs one forward pass.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.lm_records import Diverged, JudgeReport, SupervisedStep
from core.objectives.bradley_terry import comparison_nll
from core.objectives.masking import masked_mean
from core.policies.transformer import TinyLM, TransformerConfig
from core.stages.batches import chunks, minibatch, text_batch
from core.stages.config import StageConfig, require, require_range
from core.stages.data import Ids, sample_answers
from core.stages.task import Prompt, Task
from core.stages.training import State, decayed, out_of_range

_LOSS_LIMIT = 20.0  # nats per principle; a blind guess costs ln 2
_PILE = 8  # written answers to pick each exercise from


@dataclass(frozen=True)
class Principle:
    """A rule of the constitution, and the parts of gold that break it."""

    name: str
    text: str
    broken_by: tuple[str, ...]


PRINCIPLES = (
    Principle("truthful", "Do not say what is not so.", ("wrong",)),
    Principle("harmless", "Do not help to do harm.", ("unsafe",)),
    Principle("polite", "Do not be rude and do not complain.", ("rude", "complaint")),
    Principle("direct", "Do not evade and do not ask back.", ("evasive", "asks back")),
    Principle("plain", "Do not flatter.", ("flattering",)),
    Principle("helpful", "Try to answer.", ("no answer", "over-refusal")),
)


@dataclass(frozen=True)
class Constitution(StageConfig):
    """How much each principle weighs; 0 takes it out. The names are those of PRINCIPLES."""

    truthful: float = 1.0
    harmless: float = 1.0
    polite: float = 1.0
    direct: float = 1.0
    plain: float = 1.0
    helpful: float = 1.0

    def __post_init__(self) -> None:
        for principle, weight in zip(PRINCIPLES, self.weights, strict=True):
            require_range(f"The weight of '{principle.name}'", weight, 0.0, 100.0)
        require(any(self.weights), "A constitution needs at least one principle that weighs something.")

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights in the order of PRINCIPLES."""
        return tuple(getattr(self, principle.name) for principle in PRINCIPLES)


@dataclass(frozen=True)
class JudgeConfig(StageConfig):
    """Settings of the judge's schooling: `exercises` marked answers, half from the policy, half from demonstrators."""

    exercises: int = 400
    epochs: int = 6
    batch_size: int = 32
    lr: float = 1e-3
    positive_weight: float = 3.0
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of exercises", self.exercises, 2, 100_000)
        require_range("The number of epochs", self.epochs, 1, 1000)
        require_range("The batch size", self.batch_size, 1, 1024)
        require_range("The learning rate", self.lr, 0.0, 1000.0)
        require_range("The weight of broken principles", self.positive_weight, 0.01, 1000.0)

    @property
    def steps(self) -> int:
        """Gradient steps in all."""
        return self.epochs * -(-self.exercises // self.batch_size)


@dataclass(frozen=True)
class Exercise:
    """An answer, and for each principle whether it breaks it."""

    prompt_ids: Ids
    answer_ids: Ids
    broken: tuple[bool, ...]


class JudgeModel(TinyLM):
    """The language model with one logit per principle, read off the last token. The new head starts at zero."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.judge_head = nn.Linear(config.width, len(PRINCIPLES))
        nn.init.zeros_(self.judge_head.weight)
        nn.init.zeros_(self.judge_head.bias)

    @classmethod
    def of(cls, model: TinyLM) -> JudgeModel:
        """A judge that starts from a language model's weights."""
        judge = cls(model.config)
        judge.load_state_dict(model.state_dict(), strict=False)
        return judge

    def clone(self) -> JudgeModel:
        """An independent copy with the same weights."""
        other = JudgeModel(self.config)
        other.load_state_dict(self.state_dict())
        return other

    def broken(self, tokens: Tensor, attends: Tensor) -> Tensor:
        """Logits that each principle is broken: (B, T) -> (B, principles)."""
        return self.judge_head(self.last_hidden(tokens, attends))

    @torch.inference_mode()
    def probabilities(self, prompt_ids: Sequence[Ids], answers: Sequence[Ids]) -> Tensor:
        """Probability that each principle is broken, for answers given as ids: (B, principles)."""
        found = []
        for part in chunks(len(prompt_ids), 256):
            batch = text_batch(prompt_ids[part], answers[part], self.config.context)
            found.append(torch.sigmoid(self.broken(batch.tokens, batch.attends)))
        return torch.cat(found)

    def penalties(self, prompt_ids: Sequence[Ids], answers: Sequence[Ids], constitution: Constitution) -> Tensor:
        """(B,) weighted sum of the probabilities: what an answer is ranked by, lower is better."""
        return self.probabilities(prompt_ids, answers) @ torch.tensor(constitution.weights)


def exercises(policy: TinyLM, task: Task, n: int, seed: int, held_out: bool = False) -> tuple[Exercise, ...]:
    """`n` marked answers: one half sampled from `policy`, the other written by demonstrators of every quality.

    The model's own answers break some principles too rarely to learn from, so the demonstrators' half is picked from a
    larger pile such that every principle is broken in it as evenly as the pile allows.
    """
    rng = random.Random(f"exercises/{seed}/{held_out}")
    half = n // 2
    prompts = task.draw(half, rng, held_out)
    answers = sample_answers(policy, task, prompts, torch.Generator().manual_seed(seed + 30_011 + held_out))
    own = [_marked(task, prompt, ids) for prompt, ids in zip(prompts, answers, strict=True)]
    pile = []
    for prompt in task.draw(_PILE * (n - half), rng, held_out):
        text = task.demonstrate(prompt, rng.random(), rng)
        pile.append(_marked(task, prompt, tuple(task.tokenizer.encode(text, end=True))))
    return (*own, *_evenly(pile, n - half))


def _evenly(pile: list[Exercise], n: int) -> list[Exercise]:
    """`n` of the pile: one that breaks each principle in turn (and one that breaks none), while there are any left."""
    wanted: list[list[Exercise]] = [[e for e in pile if e.broken[i]][::-1] for i in range(len(PRINCIPLES))]
    wanted.append([e for e in pile if not any(e.broken)][::-1])
    picked: list[Exercise] = []
    taken: set[int] = set()
    while len(picked) < n:
        before = len(picked)
        for column in wanted:
            while column and id(column[-1]) in taken:
                column.pop()
            if column and len(picked) < n:
                picked.append(column.pop())
                taken.add(id(picked[-1]))
        if len(picked) == before:  # nothing is left to alternate with
            picked += [e for e in pile if id(e) not in taken][: n - len(picked)]
            break
    return picked


def _marked(task: Task, prompt: Prompt, ids: Ids) -> Exercise:
    return Exercise(tuple(task.ids(prompt)), ids, _broken(task, prompt, ids))


def _broken(task: Task, prompt: Prompt, ids: Ids) -> tuple[bool, ...]:
    parts = task.parts(prompt, task.answer(ids))
    return tuple(any(parts.get(part, 0.0) < 0 for part in principle.broken_by) for principle in PRINCIPLES)


def begin_judge(model: TinyLM, config: JudgeConfig) -> State:
    """The state of the judge's schooling before the first step."""
    return State.begin(JudgeModel.of(model), config.seed)


def train_judge(state: State, marked: Sequence[Exercise], config: JudgeConfig) -> Iterator[SupervisedStep | Diverged]:
    """Train the judge up to the end of its schooling, one record per step.

    `loss` is the mean negative log-likelihood per principle, in nats, broken ones weighted; `mean_token_accuracy` is
    the share of right verdicts, and `num_tokens` counts verdicts.
    """
    judge: JudgeModel = state.model  # type: ignore[assignment]
    while state.step < config.steps and state.diverged is None:
        rows = [marked[i] for i in minibatch(len(marked), config.batch_size, state.step, config.seed)]
        batch = text_batch([e.prompt_ids for e in rows], [e.answer_ids for e in rows], judge.config.context)
        logits = judge.broken(batch.tokens, batch.attends)
        broken = torch.tensor([e.broken for e in rows], dtype=torch.float32)
        # A sigmoid's likelihood is that of a comparison with margin = logit.
        weights = 1.0 + (config.positive_weight - 1.0) * broken
        loss = masked_mean(comparison_nll(logits, broken), weights)
        lr = decayed(config.lr, state.step, config.steps, 5, 0.5)
        norm = state.update(loss, lr)
        if out_of_range(loss.item(), _LOSS_LIMIT) or math.isnan(norm):
            yield state.stop("judge", f"The judge broke down at step {state.step + 1}: try a lower learning rate.")
            return
        state.step += 1
        state.count += broken.numel()
        accuracy = ((logits.detach() > 0) == (broken > 0)).float().mean().item()
        yield SupervisedStep(state.step, "judge", config.steps, loss.item(), accuracy, state.count, lr, norm)


def judge_report(judge: JudgeModel, unseen: Sequence[Exercise], config: JudgeConfig) -> JudgeReport:
    """Precision, recall and F1 of each verdict on exercises that the judge has not seen (0 where undefined)."""
    found = judge.probabilities([e.prompt_ids for e in unseen], [e.answer_ids for e in unseen]) > 0.5
    truth = torch.tensor([e.broken for e in unseen])
    precision, recall, f1, share = {}, {}, {}, {}
    for column, principle in enumerate(PRINCIPLES):
        said, so = found[:, column], truth[:, column]
        both = (said & so).sum().item()
        precision[principle.name] = both / max(said.sum().item(), 1)
        recall[principle.name] = both / max(so.sum().item(), 1)
        f1[principle.name] = 2 * both / max(said.sum().item() + so.sum().item(), 1)
        share[principle.name] = so.float().mean().item()
    return JudgeReport(config.steps, config.exercises, f1, precision, recall, share)
