"""A learner's own prompt and answers, packed into a text that fits a link."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from functools import lru_cache

from core.world.candidates import (
    MAX_PROMPT_CHARACTERS,
    MAX_RESPONSE_CHARACTERS,
    NORWAY,
    Candidate,
    CandidateSet,
    tidy,
)

MAX_CODE = 1900
MAX_NAME = 16
MAX_UNPACKED = 8000


def build(prompt: str, key_word: str, texts: tuple[str, ...]) -> CandidateSet:
    """The running example with other words. Starting probabilities stay as they are, place by place.

    Raises ValueError, with a sentence for the learner, for an empty prompt, an empty answer or two equal answers.
    """
    prompt = tidy(prompt, MAX_PROMPT_CHARACTERS)
    answers = tuple(tidy(text, MAX_RESPONSE_CHARACTERS) for text in texts)
    if not prompt:
        raise ValueError("The prompt is empty.")
    if len(answers) != len(NORWAY.candidates):
        raise ValueError(f"There must be {len(NORWAY.candidates)} answers.")
    for number, answer in enumerate(answers, start=1):
        if not answer:
            raise ValueError(f"Answer {number} is empty.")
    if len(set(answers)) < len(answers):
        raise ValueError("Two answers are the same; the policy needs different ones.")
    known = {candidate.text: candidate.name for candidate in NORWAY.candidates}
    names: list[str] = []
    for answer in answers:
        name = known.get(answer) or _short(answer)
        taken, wish = 1, name
        # The plain name of any other answer counts as taken as well, or "x" and "x 2" could meet.
        while name in names or (taken > 1 and name in {known.get(other) or _short(other) for other in answers}):
            taken += 1
            name = f"{wish[: MAX_NAME - 3]} {taken}"
        names.append(name)
    return CandidateSet(
        key="own",
        prompt=prompt,
        key_word=tidy(key_word, 30),
        candidates=tuple(Candidate(name, answer) for name, answer in zip(names, answers)),
        ref_probs=NORWAY.ref_probs,
        origin=NORWAY.origin,
    )


def pack(candidates: CandidateSet) -> str:
    """URL-safe text of at most `MAX_CODE` characters. Raises ValueError if the words are too many for a link."""
    words = [candidates.prompt, candidates.key_word, *(candidate.text for candidate in candidates.candidates)]
    packed = zlib.compress(json.dumps(words, ensure_ascii=False).encode(), 9)
    code = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(code) > MAX_CODE:
        raise ValueError("These texts are too long to travel in a link. Shorten some answers.")
    return code


@lru_cache(maxsize=256)
def unpack(code: str) -> CandidateSet | None:
    """What `pack` wrote; None for an empty or damaged text."""
    if not code or len(code) > MAX_CODE:
        return None
    try:
        inflater = zlib.decompressobj()
        raw = inflater.decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), MAX_UNPACKED)
        words = json.loads(raw)
        prompt, key_word, *texts = (str(word) for word in words)
        return build(prompt, key_word, tuple(texts))
    except (ValueError, TypeError, RecursionError, zlib.error, binascii.Error):
        return None


def _short(text: str) -> str:
    """The first words of an answer, as its name on axes and in tables."""
    name = ""
    for word in text.split():
        if len(name) + len(word) + 1 > MAX_NAME:
            break
        name = f"{name} {word}".strip()
    return (name or text[:MAX_NAME]).rstrip(".,!?;: ") or text[:MAX_NAME]
