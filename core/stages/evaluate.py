"""What a policy is measured by: perplexity of books, cloze, and how it behaves when it is asked."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from core.policies.sampling import sample
from core.policies.transformer import TinyLM
from core.stages.batches import chunks
from core.stages.world_task import cloze, facts, tokenizer


def cloze_accuracy(model: TinyLM, held_out: bool) -> tuple[float, int]:
    """Share of facts whose cut-off statement the model completes rightly (most probable tokens), and their number."""
    items = [cloze(fact) for fact in facts(held_out)]
    right = sum(_completes(model, items))
    return right / len(items), len(items)


def _completes(model: TinyLM, items: Sequence[tuple[str, str]]) -> list[bool]:
    words = tokenizer()
    found = []
    for part in chunks(len(items), 128):
        prompts = [words.encode(before) for before, _ in items[part]]
        answers = [words.encode(answer) for _, answer in items[part]]
        drawn = sample(model, prompts, temperature=0.0, max_new_tokens=max(map(len, answers)))
        found += [row[: len(answer)] == answer for row, answer in zip(drawn.responses.tolist(), answers, strict=True)]
    return found


def single_thread() -> None:
    """One torch thread: two threads on two shared cores are far slower than one (measured)."""
    torch.set_num_threads(1)
