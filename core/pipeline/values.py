"""What every data class of the pipeline shares: frozen values, and the kinds of text they hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.pipeline import limits
from core.pipeline.problems import quoted


class Value(BaseModel):
    """Frozen, and a field that the format does not know is an error rather than silently lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _identifier(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError(f"an id must not begin or end with a space, nor hold line breaks: {quoted(text)}.")
    return text


def _line(text: str) -> str:
    if len(text.splitlines()) > 1:
        raise ValueError(f"this must be one line: {quoted(text)}.")
    return text


Identifier = Annotated[str, Field(min_length=1, max_length=limits.MAX_ID_CHARACTERS), AfterValidator(_identifier)]
Line = Annotated[str, Field(max_length=limits.MAX_LINE_CHARACTERS), AfterValidator(_line)]
Note = Annotated[str, Field(max_length=limits.MAX_NOTE_CHARACTERS)]
