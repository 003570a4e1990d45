"""The project: prompts with candidate responses, rubric, labels, gold questions, settings, operations. Values that do not change.

Every class is frozen: a step makes a new project (`edits.py`, `pairing.py`), so going back is keeping the old one.
`Project.model_validate(...)` raises pydantic's ValidationError; `read(...)` raises ProjectError with plain sentences.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, AwareDatetime, Field, ValidationError, model_validator

from core.pipeline import limits
from core.pipeline.plan import Operations, Settings
from core.pipeline.problems import ProjectError, count, quoted, sentences
from core.pipeline.rubric import Rubric
from core.pipeline.values import Identifier, Line, Note, Value

SCHEMA_VERSION = 1

Role = Literal["system", "user", "assistant"]
Verdict = Literal["A", "B", "tie", "both_bad", "skip"]
Origin = Literal["own", "illustration"]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


class Message(Value):
    """One turn of a conversation."""

    role: Role
    content: Annotated[str, Field(max_length=limits.MAX_PROMPT_CHARACTERS)]


class Candidate(Value):
    """One response to a prompt. `source` says what wrote it: a model with its version and temperature, or a person.

    The text may be empty or equal to another candidate's: real samples are. The export refuses such pairs, not this class.
    """

    id: Identifier
    text: Annotated[str, Field(max_length=limits.MAX_RESPONSE_CHARACTERS)]
    source: Line = ""


class Prompt(Value):
    """What the user asked, in one turn or several, ending with the user; `user` is the person or group it came from."""

    id: Identifier
    messages: Annotated[tuple[Message, ...], Field(min_length=1, max_length=limits.MAX_MESSAGES)]
    candidates: Annotated[tuple[Candidate, ...], Field(max_length=limits.MAX_CANDIDATES)] = ()
    user: Identifier | Literal[""] = ""

    @classmethod
    def from_text(cls, id: str, text: str, candidates: tuple[Candidate, ...] = (), user: str = "") -> Self:
        """A prompt of one user turn."""
        return cls(id=id, messages=(Message(role="user", content=text),), candidates=candidates, user=user)

    @model_validator(mode="after")
    def _is_a_prompt(self) -> Self:
        roles = [message.role for message in self.messages]
        if roles[-1] != "user":
            raise ValueError(f"prompt {quoted(self.id)} must end with a message of the user, not of the {roles[-1]}.")
        if "system" in roles[1:]:
            raise ValueError(f"prompt {quoted(self.id)} has a system message that is not its first message.")
        if not self.messages[-1].content.strip():
            raise ValueError(f"prompt {quoted(self.id)} ends with an empty message.")
        length = sum(len(message.content) for message in self.messages)
        if length > limits.MAX_PROMPT_CHARACTERS:
            raise ValueError(
                f"prompt {quoted(self.id)} has {length:,} characters; the limit is {limits.MAX_PROMPT_CHARACTERS:,}."
            )
        twice = _first_repeated(candidate.id for candidate in self.candidates)
        if twice is not None:
            raise ValueError(f"prompt {quoted(self.id)} has two candidates with the id {quoted(twice)}.")
        return self

    @property
    def text(self) -> str:
        """The last thing the user said."""
        return self.messages[-1].content

    def candidate(self, id: str) -> Candidate:
        """The candidate with this id; KeyError where there is none."""
        for candidate in self.candidates:
            if candidate.id == id:
                return candidate
        raise KeyError(id)


class Pair(NamedTuple):
    """Two candidates of one prompt, in an order that does not depend on the side on which they were shown."""

    prompt_id: str
    first: str
    second: str

    @classmethod
    def of(cls, prompt_id: str, one: str, other: str) -> Pair:
        return cls(prompt_id, min(one, other), max(one, other))


class Label(Value):
    """One person's judgement of one pair. A is the response shown on the left (`left`), B the one on the right (`right`).

    `strength` goes from 1 (negligibly better) to 4 (significantly better) and belongs to A and B only. `seconds` is the time
    that the judgement took. "skip" says that this person did not judge the pair; it counts nowhere. `imported` marks a
    judgement from a file that does not say on which side the responses stood: checks of the position leave it out.
    """

    prompt_id: Identifier
    left: Identifier
    right: Identifier
    verdict: Verdict
    labeller: Identifier
    strength: Annotated[int, Field(ge=1, le=4)] | None = None
    reason: Note = ""
    seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None
    timestamp: Annotated[AwareDatetime, AfterValidator(_utc)] | None = None
    imported: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.left == self.right:
            raise ValueError(f"a label compares the candidate {quoted(self.left)} with itself.")
        if self.strength is not None and self.verdict not in ("A", "B"):
            raise ValueError(f"a strength belongs to A or B, not to {quoted(self.verdict)}.")
        return self

    @property
    def pair(self) -> Pair:
        return Pair.of(self.prompt_id, self.left, self.right)

    @property
    def chosen(self) -> str | None:
        """The id of the preferred candidate; None for tie, both bad and skip."""
        return {"A": self.left, "B": self.right}.get(self.verdict)

    @property
    def rejected(self) -> str | None:
        """The id of the other candidate; None for tie, both bad and skip."""
        return {"A": self.right, "B": self.left}.get(self.verdict)


class GoldQuestion(Value):
    """A pair whose right answer is known, mixed in to see how carefully people label. It stays out of the training files."""

    prompt_id: Identifier
    better: Identifier
    worse: Identifier
    why: Note = ""

    @model_validator(mode="after")
    def _two_candidates(self) -> Self:
        if self.better == self.worse:
            raise ValueError(f"a gold question compares the candidate {quoted(self.better)} with itself.")
        return self

    @property
    def pair(self) -> Pair:
        return Pair.of(self.prompt_id, self.better, self.worse)


class Project(Value):
    """Everything about one preference-data pipeline. `labels` stand in the order in which they were given."""

    schema_version: Literal[1] = SCHEMA_VERSION
    title: Annotated[Line, Field(min_length=1)]
    description: Note = ""
    origin: Origin = "own"
    prompts: Annotated[tuple[Prompt, ...], Field(max_length=limits.MAX_PROMPTS)] = ()
    rubric: Rubric = Rubric()
    labels: Annotated[tuple[Label, ...], Field(max_length=limits.MAX_LABELS)] = ()
    gold: Annotated[tuple[GoldQuestion, ...], Field(max_length=limits.MAX_PAIRS)] = ()
    settings: Settings = Settings()
    operations: Operations = Operations()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        twice = _first_repeated(prompt.id for prompt in self.prompts)
        if twice is not None:
            raise ValueError(f"two prompts have the id {quoted(twice)}.")
        pairs = sum(len(prompt.candidates) * (len(prompt.candidates) - 1) // 2 for prompt in self.prompts)
        if pairs > limits.MAX_PAIRS:
            raise ValueError(
                f"the candidates make {count(pairs, 'pair')} to compare; the limit is {limits.MAX_PAIRS:,}."
                " Take fewer prompts or fewer candidates for each."
            )
        known = {prompt.id: {candidate.id for candidate in prompt.candidates} for prompt in self.prompts}
        for what, entries in (("label", self.labels), ("gold question", self.gold)):
            _check_references(what, [entry.pair for entry in entries], known)
        given = _first_repeated((label.labeller, label.pair) for label in self.labels)
        if given is not None:
            raise ValueError(
                f"labeller {quoted(given[0])} has labelled the same pair of prompt {quoted(given[1][0])} twice."
            )
        asked = _first_repeated(question.pair for question in self.gold)
        if asked is not None:
            raise ValueError(f"two gold questions ask about the same pair of prompt {quoted(asked[0])}.")
        return self

    @property
    def labellers(self) -> tuple[str, ...]:
        """Everybody who has labelled, in the order of their first label."""
        return tuple(dict.fromkeys(label.labeller for label in self.labels))

    def by_id(self) -> dict[str, Prompt]:
        """Prompts by id; built at each call, so take it out of loops."""
        return {prompt.id: prompt for prompt in self.prompts}

    def pairs(self) -> Iterator[Pair]:
        """Every pair that can be compared, prompt by prompt."""
        for prompt in self.prompts:
            for one, other in itertools.combinations((candidate.id for candidate in prompt.candidates), 2):
                yield Pair.of(prompt.id, one, other)

    def gold_pairs(self) -> frozenset[Pair]:
        return frozenset(question.pair for question in self.gold)

    def fingerprint(self) -> str:
        """SHA-256 of the content: equal projects have equal fingerprints, so it can key a cache."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def read(data: Mapping[str, Any] | str | bytes) -> Project:
    """A project from its dictionary or JSON text. Raises ProjectError: one plain sentence a problem."""
    try:
        return Project.model_validate_json(data) if isinstance(data, str | bytes) else Project.model_validate(data)
    except ValidationError as error:
        raise ProjectError(sentences(error)) from error


def _first_repeated(keys: Iterator[Any]) -> Any | None:
    seen = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None


def _check_references(what: str, pairs: list[Pair], known: Mapping[str, set[str]]) -> None:
    for number, pair in enumerate(pairs, 1):
        if pair.prompt_id not in known:
            raise ValueError(f"{what} {number} is about prompt {quoted(pair.prompt_id)}, which does not exist.")
        for candidate in (pair.first, pair.second):
            if candidate not in known[pair.prompt_id]:
                raise ValueError(
                    f"{what} {number} is about candidate {quoted(candidate)}, which prompt {quoted(pair.prompt_id)} does not have."
                )
