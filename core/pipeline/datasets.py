"""All data files of the export as rows, with the rows that were refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.pipeline import rows
from core.pipeline.model import Pair, Project, Prompt
from core.pipeline.outcomes import demonstrations, desirable, outcomes, preferences
from core.pipeline.problems import count, quoted
from core.pipeline.rows import Row, RowError

# File stem -> what builds a row of it, by kind of example.
PAIR_FILES: dict[str, Callable[[Prompt, str, str], Row]] = {
    "preferences": rows.preference,
    "preferences_conversational": rows.preference_conversational,
    "implicit_prompt": rows.implicit,
    "implicit_prompt_conversational": rows.implicit_conversational,
    "openai_preferences": rows.openai_preference,
}
UNPAIRED_FILES: dict[str, Callable[[Prompt, str, bool], Row]] = {
    "unpaired": rows.unpaired,
    "unpaired_conversational": rows.unpaired_conversational,
}
SFT_FILES: dict[str, Callable[[Prompt, str], Row]] = {
    "sft": rows.demonstration,
    "sft_conversational": rows.demonstration_conversational,
}
STEMS = (*PAIR_FILES, *UNPAIRED_FILES, *SFT_FILES)


@dataclass(frozen=True)
class Refusal:
    """An example that stays out of the files, and the sentence that says why."""

    prompt_id: str
    candidates: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Examples:
    """What can be trained on, as (prompt, texts …) before it takes a file's shape. `trimmed` counts cut end tokens."""

    pairs: tuple[tuple[Prompt, str, str], ...]
    unpaired: tuple[tuple[Prompt, str, bool], ...]
    demonstrations: tuple[tuple[Prompt, str], ...]
    refusals: tuple[Refusal, ...]
    trimmed: int
    undecided: int

    def rows(self, stem: str) -> Iterator[tuple[str, Row]]:
        """(prompt id, row) for every row of the file `stem`, in the order of the labels."""
        kinds: tuple[tuple[dict[str, Any], tuple[Any, ...]], ...] = (
            (PAIR_FILES, self.pairs),
            (UNPAIRED_FILES, self.unpaired),
            (SFT_FILES, self.demonstrations),
        )
        for builders, examples in kinds:
            if stem in builders:
                for example in examples:
                    yield example[0].id, builders[stem](*example)
                return
        raise KeyError(stem)

    def number(self, stem: str) -> int:
        """How many rows the file has."""
        if stem in PAIR_FILES:
            return len(self.pairs)
        return len(self.unpaired if stem in UNPAIRED_FILES else self.demonstrations)


def examples(project: Project) -> Examples:
    """Sort every judged pair into examples and refusals. A refused pair counts in no file."""
    prompts = project.by_id()
    refusals: dict[tuple[str, tuple[str, ...]], Refusal] = {}

    def texts(prompt_id: str, *candidates: str) -> tuple[str, ...]:
        return tuple(prompts[prompt_id].candidate(id).text for id in candidates)

    def refuse(why: str, prompt_id: str, *candidates: str) -> None:
        names = " and ".join(quoted(id) for id in candidates)
        refusal = Refusal(prompt_id, candidates, f"Prompt {quoted(prompt_id)}, {names}: {why}")
        refusals.setdefault((prompt_id, candidates), refusal)

    def accepted(check: Callable[..., None], prompt_id: str, *candidates: str) -> bool:
        try:
            check(*texts(prompt_id, *candidates))
        except RowError as error:
            refuse(str(error), prompt_id, *candidates)
            return False
        return True

    preferred = [pair for pair in preferences(project) if accepted(rows.check_pair, *pair)]
    refused = frozenset(Pair.of(id, *candidates) for id, candidates in refusals)
    marked = [
        (id, one, good) for id, one, good in desirable(project, refused) if accepted(rows.check_completion, id, one)
    ]
    shown = [pair for pair in demonstrations(project, refused) if accepted(rows.check_completion, *pair)]

    marks: dict[tuple[str, str], set[bool]] = {}
    for id, candidate, good in marked:
        marks.setdefault((id, rows.completion_text(*texts(id, candidate))), set()).add(good)
    unpaired: dict[tuple[str, str], tuple[Prompt, str, bool]] = {}
    for id, candidate, good in marked:
        (text,) = texts(id, candidate)
        key = (id, rows.completion_text(text))
        if len(marks[key]) == 2:
            refuse("the same text is marked desirable once and undesirable once.", id, candidate)
        else:
            unpaired.setdefault(key, (prompts[id], text, good))

    return Examples(
        pairs=tuple((prompts[id], *texts(id, chosen, rejected)) for id, chosen, rejected in preferred),
        unpaired=tuple(unpaired.values()),
        demonstrations=tuple((prompts[id], *texts(id, candidate)) for id, candidate in shown),
        refusals=tuple(refusals.values()),
        trimmed=sum(rows.ends_with_token(one.text) for prompt in project.prompts for one in prompt.candidates),
        undecided=sum(outcome.chosen is None for outcome in outcomes(project)),
    )


def left_out(found: Examples) -> tuple[str, ...]:
    """What does not stand in the files, one sentence each."""
    told = [refusal.sentence for refusal in found.refusals]
    if found.undecided:
        verb = "has" if found.undecided == 1 else "have"
        told.append(
            f"{count(found.undecided, 'judged pair')} {verb} no winner (a tie, both bad, or labellers who disagree)"
            " and no row among the preferences."
        )
    if found.trimmed:
        told.append(
            f"What looks like an end token was cut from {count(found.trimmed, 'response')}: the trainer appends its own."
        )
    return tuple(told)
