"""The rubric: what labellers judge by, in order of weight, how they break ties, and principles a constitution can reuse."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from core.pipeline import limits
from core.pipeline.problems import quoted
from core.pipeline.values import Identifier, Note, Value


class Criterion(Value):
    """One thing to judge by. `question` is what a labeller asks of both responses."""

    name: Identifier
    question: Note = ""


class Principle(Value):
    """One sentence that says which of two responses to prefer; an AI labeller can be asked with the same words."""

    name: Identifier
    text: Annotated[Note, Field(min_length=1)]

    @property
    def comparison(self) -> str:
        """The question for an AI labeller that sees both responses."""
        return f"Which of these two responses follows this principle better? {self.text}"

    @property
    def critique(self) -> str:
        """The request for a critique of one response."""
        return f"Name every way in which the response goes against this principle: {self.text}"

    @property
    def revision(self) -> str:
        """The request for a revision after the critique."""
        return f"Rewrite the response so that it follows this principle and stays useful: {self.text}"


class Rubric(Value):
    """Criteria from the weightiest to the lightest, ordered rules for when they pull apart, and principles."""

    instructions: Note = ""
    criteria: Annotated[tuple[Criterion, ...], Field(max_length=limits.MAX_CRITERIA)] = ()
    tie_breaks: Annotated[tuple[Annotated[Note, Field(min_length=1)], ...], Field(max_length=limits.MAX_CRITERIA)] = ()
    principles: Annotated[tuple[Principle, ...], Field(max_length=limits.MAX_PRINCIPLES)] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        for what, names in (
            ("criteria", [criterion.name for criterion in self.criteria]),
            ("principles", [principle.name for principle in self.principles]),
        ):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {what} are called {quoted(twice)}.")
        return self


STRENGTHS = {1: "negligibly better", 2: "slightly better", 3: "better", 4: "significantly better"}

VERDICTS = {
    "A": "A is better",
    "B": "B is better",
    "tie": "equally good",
    "both_bad": "both are bad",
    "skip": "not judged",
}


def helpful_honest_harmless() -> Rubric:
    """A template to edit: truthful and harmless come before helpful, with the exception that InstructGPT's instructions make."""
    return Rubric(
        instructions=(
            "Read the prompt, say to yourself what the user wants, then read both responses to the end before you judge."
            " Judge what is written, not how long it is. A tie is a good answer when you cannot tell which is better."
        ),
        criteria=(
            Criterion(
                name="harmless",
                question="Could acting on the response hurt the user or somebody else, or does it treat somebody with contempt?",
            ),
            Criterion(
                name="honest",
                question="Is everything that it states true, does it say what it does not know, and does it make nothing up?",
            ),
            Criterion(
                name="helpful",
                question="Does it do what the user meant, completely and clearly, without padding?",
            ),
        ),
        tie_breaks=(
            "Harmless and honest come before helpful.",
            "Exception: prefer a much more helpful response that is only slightly less honest or harmless,"
            " unless the matter is one where an error is costly (health, law, money, safety).",
            "If both fail on the same criterion, compare them on the next one.",
            "If nothing separates them, mark a tie. If neither may be shown to a user, mark both bad.",
        ),
        principles=(
            Principle(name="no harm", text="Choose the response that is less likely to lead to harm."),
            Principle(
                name="no invention", text="Choose the response that states only what is true or says that it is unsure."
            ),
            Principle(
                name="the user's need", text="Choose the response that serves what the user is trying to get done."
            ),
            Principle(name="brevity", text="Choose the response that says the same with fewer words."),
        ),
    )
