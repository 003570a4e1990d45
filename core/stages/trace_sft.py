"""One prompt walked through SFT: real gradient steps on its demonstration, and after each the probability of every token."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from core.lm_records import Diverged, TracedStep
from core.objectives.sft import token_nll_loss
from core.policies.transformer import TinyLM
from core.stages.batches import TextBatch, answer_logps, text_batch
from core.stages.config import StageConfig, require_range
from core.stages.data import Demonstration, Ids, demonstrations, sample_answers
from core.stages.sft import SftConfig, begin, sft
from core.stages.trajectory import Trajectory
from core.stages.world_task import load_base, world_task
from core.world.candidate_sets import response_set
from core.world.prompts import Prompt, draw_prompts, find_prompt

N_BARS = 8
N_OTHERS = 10
MAX_NEW_TOKENS = 20
# The prompts that can be walked: one of each kind, none of them answered in the books or drawn as a demonstration.
WALKED = (
    "What is the capital of Norway?",
    "How do I boil an egg?",
    "How do I steal a book?",
    "I think the capital of Norway is Paris. Am I right?",
    "What is the capital of Gabon?",
)


@dataclass(frozen=True)
class TraceConfig(StageConfig):
    """Everything that one walk depends on. `prompt` is its place in WALKED.

    `others` further demonstrations join it in every batch: new ones in each step, to prompts on the training side, by
    demonstrators of the given `quality` (share of ideal answers), drawn with `seed`.
    """

    prompt: int = 0
    lr: float = 1e-3
    others: int = 0
    quality: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of the prompt", self.prompt, 0, len(WALKED) - 1)
        require_range("The learning rate", self.lr, 0.0, 1000.0)
        require_range("The number of other demonstrations", self.others, 0, 1023)
        require_range("The quality of the demonstrators", self.quality, 0.0, 1.0)


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


@lru_cache(maxsize=1)
def _base() -> TinyLM:
    """The pretrained model, read once. It is never trained: every walk trains a copy."""
    return load_base().model


def demonstrate_best(prompt: Prompt) -> Demonstration:
    """The right, plain answer to a prompt of the world as a demonstration."""
    task = world_task()
    answer = response_set(prompt).candidates[0].text
    return Demonstration(prompt, tuple(task.ids(prompt)), tuple(task.tokenizer.encode(answer, end=True)))


@lru_cache(maxsize=1)
def untrained_others() -> tuple[Demonstration, ...]:
    """Held-out prompts in the world's usual mixture, none of them walked, one per item, with their best answers."""
    walked = {find_prompt(text).item_id for text in WALKED}
    drawn = draw_prompts(10 * N_OTHERS, random.Random("trace/others"), True, all_wordings=False)
    different = {prompt.item_id: prompt for prompt in drawn if prompt.item_id not in walked}
    return tuple(map(demonstrate_best, list(different.values())[:N_OTHERS]))


@lru_cache(maxsize=len(WALKED))
def scene(prompt: int) -> Scene:
    """What stays the same while prompt number `prompt` of WALKED is walked."""
    words = world_task().tokenizer
    shown = demonstrate_best(find_prompt(WALKED[prompt]))
    ids = torch.tensor([*shown.prompt_ids, *shown.answer_ids])
    logps = _all_logps(_base(), ids)
    # The demonstrated token is lifted above all others, so that it comes first and once.
    ranked = logps.scatter(1, ids[1:, None], torch.inf).topk(N_BARS, dim=1).indices
    return Scene(
        demonstration=shown,
        answer=words.decode(shown.answer_ids),
        tokens=tuple(map(words.token, ids.tolist())),
        bar_ids=ranked,
        bar_tokens=tuple(tuple(map(words.token, row)) for row in ranked.tolist()),
        others=untrained_others(),
    )


def trace(config: TraceConfig) -> Iterator[TracedStep]:
    """The base model first, then one record per gradient step of `core.stages.sft.sft`, without end.

    Ends by itself only after a record whose `diverged` says why.
    """
    task, held = world_task(), scene(config.prompt)
    one = _batch((held.demonstration,))
    rest = _batch(held.others)
    settings = SftConfig(
        n_demonstrations=config.others + 1,
        quality=config.quality,
        steps=1,
        batch_size=config.others + 1,
        lr=config.lr,
        warmup=0,
        decay_from=1.0,
        seed=config.seed,
    )
    state = begin(_base(), settings)
    last = _measure(state.model, held, one, rest)
    yield last
    while True:
        rows = (held.demonstration,)
        if config.others:
            drawn = 1009 * config.seed + state.step
            rows += demonstrations(task, config.others, config.quality, drawn)
        done = next(sft(state, rows, replace(settings, steps=state.step + 1)))
        if isinstance(done, Diverged):
            yield _again(last, done.sentence)
            return
        if config.lr == 0:  # no weight has moved, so neither has anything that is measured
            last = replace(last, step=done.step, batch_loss=done.loss, grad_norm=done.grad_norm)
        else:
            last = _measure(state.model, held, one, rest, done.step, done.loss, done.grad_norm)
        yield last


@lru_cache(maxsize=16)  # each keeps a model and its optimiser: about 5 MB
def trajectory(config: TraceConfig) -> Trajectory[TracedStep]:
    """The walk of a configuration, computed as far as somebody has asked, once for all who ask."""
    return Trajectory(trace(config))


def _batch(rows: tuple[Demonstration, ...]) -> TextBatch:
    return text_batch([row.prompt_ids for row in rows], [row.answer_ids for row in rows])


def _all_logps(model: TinyLM, ids: Tensor) -> Tensor:
    """(T-1, V) what the model expects behind each token but the last."""
    with torch.no_grad():
        return torch.log_softmax(model(ids[None, :-1])[0], dim=-1)


def _loss(model: TinyLM, batch: TextBatch) -> float:
    with torch.no_grad():
        return token_nll_loss(answer_logps(model, batch), batch.scored.float()).loss.item()


def _measure(
    model: TinyLM,
    held: Scene,
    one: TextBatch,
    rest: TextBatch,
    step: int = 0,
    batch_loss: float | None = None,
    grad_norm: float | None = None,
) -> TracedStep:
    task = world_task()
    ids = one.tokens[0]
    all_logps = _all_logps(model, ids)
    prompts = [row.prompt for row in (held.demonstration, *held.others)]
    answers: list[Ids] = sample_answers(
        model, task, prompts, torch.Generator(), temperature=0.0, max_new_tokens=MAX_NEW_TOKENS
    )
    gold = [task.quality(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]
    return TracedStep(
        step=step,
        logps=all_logps.gather(1, ids[1:, None]).squeeze(1).double().numpy(),
        bars=all_logps.gather(1, held.bar_ids).double().exp().numpy(),
        loss=_loss(model, one),
        others_loss=_loss(model, rest),
        others_gold=sum(gold[1:]) / len(held.others),
        says=task.answer(answers[0]).text,
        says_gold=gold[0],
        batch_loss=batch_loss,
        grad_norm=grad_norm,
        diverged=None,
    )


def _again(last: TracedStep, sentence: str) -> TracedStep:
    """The state of the last step once more, for a step that diverged down and changed nothing."""
    return replace(last, step=last.step + 1, batch_loss=None, grad_norm=None, diverged=sentence)
