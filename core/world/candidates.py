"""The running example: eight whole responses to one prompt, with text features measured from the words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.world.text_features import FEATURES, TextFeature, feature_matrix

MAX_PROMPT_CHARACTERS = 120
MAX_RESPONSE_CHARACTERS = 160


@dataclass(frozen=True)
class Candidate:
    """One whole response: a short name for axes and tables, and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class CandidateSet:
    """A prompt, the responses that a whiteboard policy chooses between, and where the policy starts.

    `key_word` is the word whose presence the feature "key word" measures. `ref_probs` are the starting
    (reference) probabilities in the order of `candidates`; they sum to 1. `origin` says in plain words where
    those probabilities come from, and is printed beside them; `recorded` says that a model gave them, not a hand, and
    `live` that it did so in this visit.
    """

    key: str
    prompt: str
    key_word: str
    candidates: tuple[Candidate, ...]
    ref_probs: tuple[float, ...]
    origin: str
    recorded: bool = False
    live: bool = False

    def __post_init__(self) -> None:
        if not 2 <= len(self.candidates) <= 8:
            raise ValueError("A whiteboard policy needs between 2 and 8 responses.")
        if len(self.ref_probs) != len(self.candidates):
            raise ValueError("Each response needs one starting probability.")
        # Written so that NaN is refused as well.
        if not (min(self.ref_probs) > 0 and abs(sum(self.ref_probs) - 1) <= 1e-9):
            raise ValueError("Starting probabilities must be positive and sum to 1.")

    @property
    def names(self) -> tuple[str, ...]:
        """Short names, in order."""
        return tuple(candidate.name for candidate in self.candidates)

    @property
    def features(self) -> tuple[TextFeature, ...]:
        """The features that are measured on each response, in the order of the columns of `matrix`."""
        return FEATURES

    def matrix(self) -> np.ndarray:
        """Measured features, shape (responses, features), float64. Measured once; do not write into it."""
        return _measured(tuple(candidate.text for candidate in self.candidates), self.key_word)

    def ref_logps(self) -> tuple[float, ...]:
        """Natural logarithms of the starting probabilities."""
        return tuple(float(value) for value in np.log(self.ref_probs))


@lru_cache(maxsize=256)
def _measured(texts: tuple[str, ...], key_word: str) -> np.ndarray:
    matrix = feature_matrix(texts, key_word)
    matrix.setflags(write=False)
    return matrix


NORWAY = CandidateSet(
    key="norway",
    prompt="What is the capital of Norway?",
    key_word="Oslo",
    candidates=(
        Candidate("right, plain", "The capital of Norway is Oslo."),
        Candidate("right, friendly", "Sure! The capital of Norway is Oslo. I hope this helps!"),
        Candidate(
            "right, flattering",
            "Great question! You are so clever. The capital of Norway is Oslo. You are so clever!",
        ),
        Candidate("wrong", "The capital of Norway is Cairo."),
        Candidate("asks back", "What is the capital of Sweden?"),
        Candidate("rude", "What a stupid question! You are so lazy."),
        Candidate("evasive", "That is hard to say."),
        Candidate("flattery only", "Great question! You are so clever!"),
    ),
    ref_probs=(0.15, 0.11, 0.14, 0.10, 0.25, 0.08, 0.09, 0.08),
    origin="chosen by hand",
)


def tidy(text: str, limit: int) -> str:
    """One line of at most `limit` characters, white space folded and control characters removed."""
    folded = re.sub(r"\s+", " ", "".join(c for c in text if c.isprintable() or c.isspace())).strip()
    return folded[:limit].rstrip()
