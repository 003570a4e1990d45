"""What a policy is measured by: cloze, exam, and how it behaves when it is simply asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from core.lm_records import Evaluation
from core.policies.sampling import sample
from core.policies.transformer import TinyLM
from core.stages.batches import chunks
from core.stages.data import Ids, sample_answers
from core.stages.reward_model import RewardModel
from core.stages.rollout import constant_reward, roll_out
from core.stages.task import Answer, Prompt, Task
from core.stages.world_task import cloze, facts, tokenizer
from core.world.behaviour import Behaviour
from core.world.prompts import prompts
from core.world.scenery import ANSWER_MARK, QUESTION_MARK


@dataclass(frozen=True)
class Measured:
    """A share in `n` tries."""

    share: float
    n: int


def cloze_accuracy(model: TinyLM, held_out: bool) -> Measured:
    """How often the model completes the cut-off statement of a fact rightly with its most probable tokens."""
    words = tokenizer()
    items = [(words.encode(before), words.encode(answer)) for before, answer in map(cloze, facts(held_out))]
    right = 0
    for part in chunks(len(items), 128):
        longest = max(len(answer) for _, answer in items[part])
        drawn = sample(model, [before for before, _ in items[part]], temperature=0.0, max_new_tokens=longest)
        rows = zip(drawn.responses.tolist(), items[part], strict=True)
        right += sum(row[: len(answer)] == answer for row, (_, answer) in rows)
    return Measured(right / len(items), len(items))


def exam_prompt(prompt: Prompt) -> str:
    """The question as an examiner's key has it: "question : … answer :"."""
    return f"{QUESTION_MARK} {prompt.text} {ANSWER_MARK}"


def exam_accuracy(model: TinyLM, task: Task, held_out: bool, seed: int = 0) -> Measured:
    """How often the first sentence after "question : … answer :" is right, on facts, sampled at temperature 1."""
    asked = prompts("fact", held_out)
    ids = [task.tokenizer.encode(exam_prompt(prompt)) for prompt in asked]
    generator = torch.Generator().manual_seed(seed)
    right = 0
    for part in chunks(len(ids), 128):
        drawn = sample(model, ids[part], generator=generator, max_new_tokens=12)
        for prompt, row in zip(asked[part], drawn.response_ids(), strict=True):
            answer = Answer(first_sentence(task.tokenizer.decode(row)))
            right += task.behaviour(prompt, answer) == Behaviour.RIGHT.value
    return Measured(right / len(ids), len(ids))


def first_sentence(text: str) -> str:
    """The text up to its first full stop, question or exclamation mark."""
    ends = [place for place in map(text.find, ".?!") if place >= 0]
    return text[: min(ends) + 1] if ends else text


def asked_directly(model: TinyLM, task: Task, kind: str, held_out: bool, samples: int, seed: int = 0) -> Counter[str]:
    """How often each behaviour follows when the prompts of a kind are simply asked, `samples` answers each."""
    asked = [prompt for prompt in prompts(kind, held_out) for _ in range(samples)]
    answers = sample_answers(model, task, asked, torch.Generator().manual_seed(seed))
    return Counter(task.behaviour(prompt, task.answer(ids)) for prompt, ids in zip(asked, answers, strict=True))


def evaluate(
    name: str,
    model: TinyLM,
    task: Task,
    *,
    step: int = 0,
    seed: int = 0,
    proxy: RewardModel | None = None,
    reference: TinyLM | None = None,
) -> Evaluation:
    """One sampled answer to every evaluation prompt on either side of the split.

    Args:
        name: of the stage that was measured.
        proxy: also report the reward model's mean score.
        reference: also report the mean exact KL to it per answer, on the training items.
    """
    generator = torch.Generator().manual_seed(seed + 77)
    sides = {}
    for held_out, asked in ((True, task.held_out), (False, task.train_items)):
        answers = sample_answers(model, task, asked, generator)
        sides[held_out] = _Side(task, asked, answers, proxy)
    answers = sample_answers(model, task, task.shown, generator)
    samples = tuple(
        (prompt.text, task.answer(ids).text, task.quality(prompt, ids))
        for prompt, ids in zip(task.shown, answers, strict=True)
    )
    kl = None
    if reference is not None:
        asked = task.train_items[:64]
        kl = roll_out(model, reference, task, asked, constant_reward, generator).kl_exact.sum(dim=1).mean().item()
    held, trained = sides[True], sides[False]
    return Evaluation(
        step=step,
        name=name,
        gold_held_out=held.mean,
        gold_held_out_se=held.standard_error,
        gold_train_items=trained.mean,
        gold_train_items_se=trained.standard_error,
        behaviours_held_out=held.behaviours,
        behaviours_train_items=trained.behaviours,
        gold_by_kind=held.by_kind,
        samples=samples,
        proxy_held_out=held.proxy,
        proxy_train_items=trained.proxy,
        kl=kl,
        n_held_out=len(task.held_out),
        n_train_items=len(task.train_items),
    )


class _Side:
    """Figures of one side of the split."""

    def __init__(self, task: Task, asked: Sequence[Prompt], answers: Sequence[Ids], proxy: RewardModel | None) -> None:
        gold = [task.quality(prompt, ids) for prompt, ids in zip(asked, answers, strict=True)]
        n = len(gold)
        self.mean = math.fsum(gold) / n
        variance = math.fsum((g - self.mean) ** 2 for g in gold) / max(n - 1, 1)
        self.standard_error = math.sqrt(variance / n)
        seen = Counter(task.behaviour(p, task.answer(ids)) for p, ids in zip(asked, answers, strict=True))
        self.behaviours = {name: count / n for name, count in seen.most_common()}
        kinds: dict[str, list[float]] = {}
        for prompt, value in zip(asked, gold, strict=True):
            kinds.setdefault(prompt.kind, []).append(value)
        self.by_kind = {kind: math.fsum(values) / len(values) for kind, values in sorted(kinds.items())}
        self.proxy = None
        if proxy is not None:
            raw = proxy.raw([task.ids(prompt) for prompt in asked], answers)
            self.proxy = ((raw - proxy.mean) / proxy.std).mean().item()


def single_thread() -> None:
    """One torch thread: two threads on two shared cores are far slower than one (measured)."""
    torch.set_num_threads(1)
