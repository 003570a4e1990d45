"""Which pairs of answers the home page asks about: real answers of the SFT model, chosen so that few votes say much.

For every prompt some answers are sampled. Of all pairs, those are taken one after the other that add most to the
determinant of the information matrix I/σ₀² + ¼ Σ d dᵀ, d the difference of the two answers' features: what a vote tells
about the weights while nothing is known yet (D-optimal design). One pair a prompt; the running example comes first.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.policies.transformer import TinyLM
from core.stages.data import sample_answers
from core.stages.my_votes_features import measure, said
from core.stages.task import Prompt, Task
from core.world import phrases
from core.world.candidate_sets import SHOWN_PROMPTS
from core.world.prompts import find_prompt
from core.world.reading import Act, Sentence, read
from core.world.statements import sentences_of

SAMPLES = 48
LONGEST = 18  # words; longer answers take too long to read for a vote
LEFT_OUT = (Act.GARBLED, Act.OFF_TOPIC, Act.RUDE, Act.COMPLAINT)
"""Answers with such sentences are not asked about: everybody would vote alike on them."""


@dataclass(frozen=True)
class OfferedPair:
    """Two answers to one prompt, as they stand on the page, with their measured features."""

    prompt: str
    left: str
    right: str
    left_features: tuple[float, ...]
    right_features: tuple[float, ...]

    @property
    def difference(self) -> np.ndarray:
        """Features of the left answer minus those of the right one, (F,)."""
        return np.subtract(self.left_features, self.right_features)


def fingerprint(pairs: Sequence[OfferedPair]) -> str:
    """Three characters that change with the texts of the pairs, so that old votes are not taken for votes on new pairs."""
    texts = "\n".join(f"{pair.prompt}|{pair.left}|{pair.right}" for pair in pairs)
    return hashlib.sha256(texts.encode()).hexdigest()[:3]


def choose_pairs(tuned: TinyLM, base: TinyLM, task: Task, n: int = 10, seed: int = 0) -> tuple[OfferedPair, ...]:
    """`n` pairs of sampled answers. Raises ValueError where the prompts do not give that many."""
    generator, rng = torch.Generator().manual_seed(seed), random.Random(f"pairs/{seed}")
    open_pairs = [_pairs(find_prompt(text), tuned, base, task, generator) for text in SHOWN_PROMPTS]
    information = np.eye(len(open_pairs[0][0].left_features))
    chosen: list[OfferedPair] = []
    while len(chosen) < n:
        groups = [open_pairs[0]] if not chosen else [group for group in open_pairs if group]
        best = max(
            ((pair, place) for place, group in enumerate(groups) for pair in group),
            key=lambda item: float(item[0].difference @ np.linalg.solve(information, item[0].difference)),
            default=None,
        )
        if best is None:
            raise ValueError("The model's answers do not give enough different pairs.")
        pair, place = best
        information += 0.25 * np.outer(pair.difference, pair.difference)
        groups[place].clear()
        chosen.append(pair if rng.random() < 0.5 else _turned(pair))
    return tuple(chosen)


def _turned(pair: OfferedPair) -> OfferedPair:
    return OfferedPair(pair.prompt, pair.right, pair.left, pair.right_features, pair.left_features)


def _pairs(prompt: Prompt, tuned: TinyLM, base: TinyLM, task: Task, generator: torch.Generator) -> list[OfferedPair]:
    """All pairs of different, readable answers to a prompt."""
    drawn = [task.answer(ids) for ids in sample_answers(tuned, task, [prompt] * SAMPLES, generator)]
    texts = [text for text in dict.fromkeys(a.text for a in drawn if a.finished) if _readable(prompt, text)]
    rows = dict(zip(texts, measure([prompt] * len(texts), texts, base, task.tokenizer), strict=True)) if texts else {}
    return [
        OfferedPair(prompt.text, one, other, rows[one], rows[other]) for one, other in itertools.combinations(texts, 2)
    ]


def _readable(prompt: Prompt, text: str) -> bool:
    """Whether every sentence is about the question or a set phrase, right or wrong, and the whole is short."""
    found = read(prompt, text)
    if not found.sentences or found.count(*LEFT_OUT) or found.n_words > LONGEST:
        return False
    # Faults are also seen by tell-tale words; on the page they are to be real sentences.
    if any(s.act in _PHRASES and _text(s) not in _PHRASES[s.act] for s in found.sentences):
        return False
    answers = found.count(Act.RIGHT, Act.WRONG) > 0 and prompt.kind in ("fact", "claim", "howto")
    return bool(said(prompt, text)) or not answers


_PHRASES = {Act.FLATTERY: sentences_of(phrases.FLATTERY), Act.EVASIVE: sentences_of(phrases.EVASIONS)}


def _text(sentence: Sentence) -> str:
    return " ".join("." if word == "!" else word for word in sentence.words)
