"""One prompt walked through SFT: real gradient steps on its demonstration, and after each the probability of every token."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from core.lm_records import Diverged, TracedStep
from core.objectives.sft import token_nll_loss
from core.policies.transformer import TinyLM
from core.stages.asked import base
from core.stages.batches import TextBatch, answer_logps, text_batch
from core.stages.config import StageConfig, require, require_range
from core.stages.data import Demonstration, Ids, demonstrations
from core.stages.drawing import draw
from core.stages.sft import SftConfig, begin, sft
from core.stages.training import State
from core.stages.world_task import tokenizer, world_task
from core.world.candidate_sets import response_set
from core.world.prompts import Prompt, draw_prompts, find_prompt, item_of

N_BARS = 8
N_OTHERS = 10
MAX_NEW_TOKENS = 20
LONGEST_PROMPT, LONGEST_ANSWER = 18, 20
# One prompt of each kind, none of them answered in the books or drawn as a demonstration.
WALKED = (
    "What is the capital of Norway?",
    "How do I boil an egg?",
    "How do I steal a book?",
    "I think the capital of Norway is Paris. Am I right?",
    "What is the capital of Gabon?",
)


@dataclass(frozen=True)
class TraceConfig(StageConfig):
    """Everything that one walk depends on.

    `prompt` is any text in the world's words; `demonstration` is the answer that is imitated, "" the best one that the
    world has for the prompt. `others` further demonstrations join it in every batch: new ones in each step, to prompts on
    the training side, by demonstrators of the given `quality` (share of ideal answers), drawn with `seed`.

    Raises:
        UnknownWordError: a word outside the vocabulary.
        ValueError: a text that is empty or too long, or a setting outside its range.
    """

    prompt: str = WALKED[0]
    demonstration: str = ""
    lr: float = 1e-3
    others: int = 0
    quality: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        words = tokenizer()
        n_prompt, n_answer = len(words.encode(self.prompt)), len(words.encode(self.demonstration))
        require(n_prompt > 0, "The prompt is empty: write at least one word.")
        require(
            n_prompt <= LONGEST_PROMPT,
            f"The prompt has {n_prompt} words and marks; {LONGEST_PROMPT} are the most here.",
        )
        require(
            n_answer <= LONGEST_ANSWER,
            f"The answer has {n_answer} words and marks; {LONGEST_ANSWER} are the most here.",
        )
        require(
            n_answer > 0 or item_of(find_prompt(self.prompt)) is not None,
            "The world has no answer to this prompt: write the one to imitate.",
        )
        require_range("The learning rate", self.lr, 0.0, 1000.0)
        require_range("The number of other demonstrations", self.others, 0, 1023)
        require_range("The quality of the demonstrators", self.quality, 0.0, 1.0)
        require_range("The seed", self.seed, 0, 2**31)

    @property
    def sft(self) -> SftConfig:
        """One step of the walk as SFT takes it."""
        return SftConfig(
            n_demonstrations=self.others + 1,
            quality=self.quality,
            steps=1,
            batch_size=self.others + 1,
            lr=self.lr,
            warmup=0,
            decay_from=1.0,
            seed=self.seed,
        )


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays the same during a walk.

    Attributes:
        demonstration: prompt and answer as token ids.
        answer: the demonstrated answer in words.
        tokens: (T) every token of prompt and answer, `<end>` last.
        bar_ids: (T-1, K) the tokens whose probability is followed at each place: the demonstrated one, then those that
            the base model holds most probable there.
        bar_tokens: the same in words.
        others: prompts that no walk trains on, one demonstration each.
    """

    demonstration: Demonstration
    answer: str
    tokens: tuple[str, ...]
    bar_ids: Tensor
    bar_tokens: tuple[tuple[str, ...], ...]
    others: tuple[Demonstration, ...]

    @property
    def n_prompt(self) -> int:
        """Tokens of the prompt."""
        return len(self.demonstration.prompt_ids)

    @property
    def n_answer(self) -> int:
        """Scored tokens, `<end>` included: |y|."""
        return len(self.demonstration.answer_ids)


@dataclass(frozen=True, eq=False)
class RawStep:
    """One step before anybody has judged the answers: what a recording keeps. `answers` are those to the walked prompt
    and to the others, as ids with `<end>` where the model wrote it; the rest is that of `TracedStep`."""

    step: int
    logps: np.ndarray
    bars: np.ndarray
    loss: float
    others_loss: float
    answers: tuple[Ids, ...]
    batch_loss: float | None = None
    grad_norm: float | None = None
    diverged: str | None = None


def demonstrate_best(prompt: Prompt) -> Demonstration:
    """The right, plain answer to a prompt of the world as a demonstration."""
    return _demonstration(prompt, response_set(prompt).candidates[0].text)


def _demonstration(prompt: Prompt, answer: str) -> Demonstration:
    task = world_task()
    return Demonstration(prompt, tuple(task.ids(prompt)), tuple(task.tokenizer.encode(answer, end=True)))


@lru_cache(maxsize=1)
def _untrained() -> tuple[Demonstration, ...]:
    """Held-out prompts in the world's usual mixture, one per item and none of WALKED, with their best answers."""
    walked = {find_prompt(text).item_id for text in WALKED}
    drawn = draw_prompts(10 * N_OTHERS, random.Random("trace/others"), True, all_wordings=False)
    different = {prompt.item_id: prompt for prompt in drawn if prompt.item_id not in walked}
    return tuple(map(demonstrate_best, list(different.values())[: N_OTHERS + 1]))


def untrained_others(prompt: Prompt) -> tuple[Demonstration, ...]:
    """Ten held-out prompts about other things than `prompt`, with their best answers."""
    return tuple(row for row in _untrained() if row.prompt.item_id != prompt.item_id)[:N_OTHERS]


def scene(config: TraceConfig) -> Scene:
    """What stays the same while the prompt of `config` is walked."""
    return _scene(config.prompt, config.demonstration)


@lru_cache(maxsize=128)
def _scene(text: str, answer: str) -> Scene:
    words, prompt = tokenizer(), find_prompt(text)
    shown = _demonstration(prompt, answer) if answer else demonstrate_best(prompt)
    ids = torch.tensor([*shown.prompt_ids, *shown.answer_ids])
    logps = _all_logps(base(), ids)
    # The demonstrated token is lifted above all others, so that it comes first and once.
    ranked = logps.scatter(1, ids[1:, None], torch.inf).topk(N_BARS, dim=1).indices
    return Scene(
        demonstration=shown,
        answer=words.decode(shown.answer_ids),
        tokens=tuple(map(words.token, ids.tolist())),
        bar_ids=ranked,
        bar_tokens=tuple(tuple(map(words.token, row)) for row in ranked.tolist()),
        others=untrained_others(prompt),
    )


def walk_state(config: TraceConfig) -> State:
    """The state before the first step: a copy of the base model that can be trained."""
    state = begin(base(), config.sft)
    state.model.train().requires_grad_(True)
    return state


def step_on(state: State, config: TraceConfig) -> Iterator[object]:
    """One gradient step of the walk on `state`; gives the record of SFT."""
    rows = (scene(config).demonstration,)
    if config.others:
        rows += demonstrations(world_task(), config.others, config.quality, 1009 * config.seed + state.step)
    return sft(state, rows, replace(config.sft, steps=state.step + 1))


def raw_steps(config: TraceConfig) -> Iterator[RawStep]:
    """The base model first, then one step per gradient step of `core.stages.sft.sft`, without end.

    Ends by itself only after a step whose `diverged` says why.
    """
    held = scene(config)
    one, rest = _batch((held.demonstration,)), _batch(held.others)
    state = walk_state(config)
    last = _measure(state.model, held, one, rest)
    yield last
    while True:
        done = next(iter(step_on(state, config)))
        if isinstance(done, Diverged):
            # The state of the last step once more: a step that broke down changes nothing.
            yield replace(last, step=last.step + 1, batch_loss=None, grad_norm=None, diverged=done.sentence)
            return
        facts = {"step": done.step, "batch_loss": done.loss, "grad_norm": done.grad_norm}
        # Without a learning rate no weight has moved, so neither has anything that is measured.
        last = replace(last if config.lr == 0 else _measure(state.model, held, one, rest), **facts)
        yield last


def judged(raw: RawStep, held: Scene) -> TracedStep:
    """A step with its answers read and valued."""
    task = world_task()
    prompts = [row.prompt for row in (held.demonstration, *held.others)]
    gold = [task.quality(prompt, answer) for prompt, answer in zip(prompts, raw.answers, strict=True)]
    return TracedStep(
        step=raw.step,
        logps=raw.logps,
        bars=raw.bars,
        loss=raw.loss,
        others_loss=raw.others_loss,
        others_gold=sum(gold[1:]) / len(held.others),
        says=task.answer(raw.answers[0]).text,
        says_gold=gold[0],
        batch_loss=raw.batch_loss,
        grad_norm=raw.grad_norm,
        diverged=raw.diverged,
    )


def trace(config: TraceConfig) -> Iterator[TracedStep]:
    """`raw_steps`, judged."""
    held = scene(config)
    return (judged(raw, held) for raw in raw_steps(config))


def _batch(rows: tuple[Demonstration, ...]) -> TextBatch:
    return text_batch([row.prompt_ids for row in rows], [row.answer_ids for row in rows])


def _all_logps(model: TinyLM, ids: Tensor) -> Tensor:
    """(T-1, V) what the model expects behind each token but the last."""
    with torch.no_grad():
        return torch.log_softmax(model(ids[None, :-1])[0], dim=-1)


def _loss(model: TinyLM, batch: TextBatch) -> float:
    with torch.no_grad():
        return token_nll_loss(answer_logps(model, batch), batch.scored.float()).loss.item()


def _measure(model: TinyLM, held: Scene, one: TextBatch, rest: TextBatch) -> RawStep:
    ids = one.tokens[0]
    all_logps = _all_logps(model, ids)
    prompts = [row.prompt_ids for row in (held.demonstration, *held.others)]
    end = tokenizer().end_id
    drawn = draw(model, prompts, None, max_new_tokens=MAX_NEW_TOKENS)
    return RawStep(
        step=0,
        logps=all_logps.gather(1, ids[1:, None]).squeeze(1).double().numpy(),
        bars=all_logps.gather(1, held.bar_ids).double().exp().numpy(),
        loss=_loss(model, one),
        others_loss=_loss(model, rest),
        answers=tuple((*answer.ids, end) if answer.finished else answer.ids for answer in drawn),
    )
