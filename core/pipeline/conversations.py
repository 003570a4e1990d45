"""Conversations as other tools write them: plain text, lists of messages, transcripts with `Human:` and `Assistant:`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from core.pipeline.decoding import load_json
from core.pipeline.model import Message
from core.pipeline.problems import quoted, sentences
from core.pipeline.rows import ROLES, RowError, check_completion

Messages = tuple[Message, ...]
_TURN = re.compile(r"(?:\A\s*|\n\s*\n[^\S\n]*)(System|User|Human|Assistant):[^\S\n]?")
_OPEN = re.compile(r"\n\s*\n[^\S\n]*Assistant:\s*\Z")
_ROLES = {"System": "system", "User": "user", "Human": "user", "Assistant": "assistant"}


def messages(value: Any) -> Messages:
    """The conversation in a cell. Raises RowError with what is wrong, such as an unknown role."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = load_json(value)
        except ValueError:
            return (_message("user", value),)
    if isinstance(value, str):
        if not value.strip():
            raise RowError("the prompt is blank.")
        return _transcript(_OPEN.sub("", value)) if _is_transcript_prompt(value) else (_message("user", value),)
    if isinstance(value, Mapping):
        value = value.get("messages", [value])
    if not isinstance(value, Sequence) or not value:
        raise RowError(f"a conversation must be a text or a list of messages, not {quoted(value)}.")
    return tuple(_from_mapping(entry) for entry in value)


def whole(value: Any) -> Messages | None:
    """The messages of a cell that holds a whole conversation with its answer, or None where it is a bare response."""
    if isinstance(value, str) and not value.lstrip().startswith("[{"):
        return _transcript(value) if _is_transcript(value) else None
    found = messages(value)
    return found if found[0].role != "assistant" else None


def response(value: Any) -> str:
    """The text of one response, from a text or from a list that holds one message of the assistant. Raises RowError."""
    if value is None:
        return ""
    if isinstance(value, str) and not value.lstrip().startswith("[{"):
        return value
    return answer(messages(value))


def answer(found: Messages) -> str:
    """The one turn of the assistant in what follows a prompt. Raises RowError for anything else."""
    if not found:
        raise RowError("the response is missing.")
    if found[-1].role != "assistant":
        raise RowError(f"the response ends in a turn of the {found[-1].role}, not of the assistant.")
    if len(found) > 1:
        raise RowError(f"the response has {len(found)} turns; only one turn of the assistant can be compared.")
    return found[0].content


def prompt_and_answers(*conversations: Messages) -> tuple[Messages, tuple[str, ...]]:
    """What whole conversations share at their beginning, and the answer that follows in each."""
    for conversation in conversations:
        if conversation[-1].role != "assistant":
            raise RowError(f"the response ends in a turn of the {conversation[-1].role}, not of the assistant.")
    shared = 0
    for turns in zip(*conversations, strict=False):
        if any(turn != turns[0] for turn in turns) or all(shared == len(one) - 1 for one in conversations):
            break
        shared += 1
    prompt = conversations[0][:shared]
    while prompt and prompt[-1].role == "assistant":
        prompt = prompt[:-1]
    if not prompt:
        raise RowError("the conversations do not begin with the same prompt.")
    return prompt, tuple(answer(conversation[len(prompt) :]) for conversation in conversations)


def check_response(text: str) -> str:
    """The text, or RowError where no trainer should see it."""
    check_completion(text)
    return text


def _is_transcript(text: str) -> bool:
    turns = _TURN.findall(text)
    return bool(turns) and _TURN.match(text) is not None and "Assistant" in turns and turns[0] != "Assistant"


def _is_transcript_prompt(text: str) -> bool:
    return _is_transcript(text) and _OPEN.search(text) is not None


def _transcript(text: str) -> Messages:
    pieces = _TURN.split(text)
    if pieces[0].strip():
        raise RowError("the transcript does not begin with a turn.")
    turns = zip(pieces[1::2], pieces[2::2], strict=True)
    return tuple(_message(_ROLES[name], content.strip()) for name, content in turns)


def _from_mapping(entry: Any) -> Message:
    if not isinstance(entry, Mapping) or "role" not in entry or "content" not in entry:
        raise RowError(f"a message needs a role and a content; this one is {quoted(entry)}.")
    content = entry["content"]
    if isinstance(content, Sequence) and not isinstance(content, str):
        parts = [part.get("text") if isinstance(part, Mapping) else None for part in content]
        if any(not isinstance(part, str) for part in parts):
            raise RowError("a message holds something other than text; only text can be labelled here.")
        content = "".join(parts)
    if not isinstance(content, str):
        raise RowError(f"the content of a message must be a text, not {quoted(content)}.")
    return _message(entry["role"], content)


def _message(role: Any, content: str) -> Message:
    if role not in ROLES:
        raise RowError(f"the role {quoted(role)} is unknown; it must be one of {', '.join(ROLES)}.")
    try:
        return Message(role=role, content=content)
    except ValidationError as error:
        raise RowError(sentences(error, 1)[0]) from error
