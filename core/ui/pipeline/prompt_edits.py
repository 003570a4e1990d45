"""Changes of one prompt, from what stands in the fields of step 1. Bad texts come back as ProjectError."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import ValidationError

from core.pipeline.conversations import messages
from core.pipeline.edits import Edit, free_id, put_prompt
from core.pipeline.model import Message, Project, Prompt
from core.pipeline.problems import ProjectError, sentences
from core.pipeline.rows import NAMES, RowError

LETTERS = "abcdefghijklmnop"
SEPARATOR = "---"
TURNS = ("User:", "Human:", "System:")


def on_prompt(project: Project, id: str, make: Callable[[Prompt], Prompt]) -> Edit:
    """Change one prompt of a project."""
    prompt = project.by_id().get(id)
    if prompt is None:
        raise ProjectError(["This prompt is no longer there."])
    return put_prompt(project, make(prompt))


def written(prompt: Prompt) -> str:
    """A prompt as one text: its words alone, or all turns with their names where there are several."""
    if len(prompt.messages) == 1:
        return prompt.text
    return written_turns(prompt.messages)


def written_turns(messages: Sequence[Message]) -> str:
    """Turns with the names of who speaks, an empty line between two."""
    return "\n\n".join(f"{NAMES[message.role]}: {message.content.strip()}" for message in messages)


def read_messages(text: str) -> tuple[Message, ...]:
    """A prompt's turns from its text: one turn of the user, or a transcript that begins with `User:` or `System:`."""
    try:
        if text.lstrip().startswith(TURNS):
            # An open turn of the assistant at the end is how a transcript is told from a text that merely looks like one.
            return messages(f"{text.strip()}\n\nAssistant:")
        return messages(text)
    except RowError as error:
        sentence = str(error)
        raise ProjectError([sentence[0].upper() + sentence[1:]]) from error


def with_fields(prompt: Prompt, **fields: object) -> Prompt:
    """The prompt with other fields, checked."""
    try:
        return Prompt.model_validate({**prompt.model_dump(), **fields})
    except ValidationError as error:
        raise ProjectError(sentences(error)) from error


def with_text(prompt: Prompt, text: str) -> Prompt:
    """The prompt with other words."""
    return with_fields(prompt, messages=[message.model_dump() for message in read_messages(text)])


def with_response(prompt: Prompt, id: str, **fields: str) -> Prompt:
    """The prompt with one response's text or source changed."""
    return with_fields(
        prompt, candidates=[one.model_dump() | (fields if one.id == id else {}) for one in prompt.candidates]
    )


def without_response(prompt: Prompt, id: str) -> Prompt:
    """The prompt without one response."""
    return with_fields(prompt, candidates=[one.model_dump() for one in prompt.candidates if one.id != id])


def with_more(prompt: Prompt, texts: Sequence[str]) -> Prompt:
    """The prompt with further responses."""
    candidates = [one.model_dump() for one in prompt.candidates]
    for text in texts:
        taken = {one["id"] for one in candidates}
        id = next((letter for letter in LETTERS if letter not in taken), None) or free_id(taken, "r")
        candidates.append({"id": id, "text": text, "source": ""})
    return with_fields(prompt, candidates=candidates)


def add_prompts(project: Project, texts: Sequence[str]) -> Edit:
    """The project with further prompts, each from a text."""
    edit = Edit(project)
    for text in texts:
        id = free_id(edit.project.by_id(), "p")
        try:
            prompt = Prompt(id=id, messages=read_messages(text))
        except ValidationError as error:
            raise ProjectError(sentences(error)) from error
        edit = put_prompt(edit.project, prompt)
    return edit


def parts(text: str) -> list[str]:
    """Several texts that were pasted at once, with a line of three hyphens between two."""
    found = f"\n{text.replace(chr(13), '')}\n".split(f"\n{SEPARATOR}\n")
    return [part.strip("\n") for part in found if part.strip()]
