"""Rows as trainers read them, and the checks that no trainer makes.

TRL's standard format is plain text: the trainer concatenates prompt and completion with *no separator* and appends the
tokenizer's end token. So the prompt text here ends with "Assistant:", the completion begins with one space, and an end token
that a sampler has left at the end of a response is cut off. In the conversational format the chat template does both.

TRL takes unknown roles, blank completions, pairs of equal completions and completions that end in a user's turn without a
word. Here each of them raises RowError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from core.pipeline.model import Message, Prompt, Role
from core.pipeline.problems import quoted

ROLES = get_args(Role)
NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}
SEPARATOR = "\n\n"
# End tokens and end-of-turn tokens of common tokenizers. One that was sampled as text would be trained on twice.
END_TOKENS = (
    "<|endoftext|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|end_of_text|>",
    "<|end|>",
    "<end_of_turn>",
    "<eos>",
    "</s>",
)
_USER_TURN = re.compile(r"(?:\A|\n[^\S\n]*\n)[^\S\n]*(?:User|Human)[^\S\n]*:", re.IGNORECASE)
_ASSISTANT_TURN = re.compile(r"(?:\A|\n[^\S\n]*\n)[^\S\n]*Assistant[^\S\n]*:", re.IGNORECASE)

Row = dict[str, Any]


class RowError(ValueError):
    """One sentence: why this row may not go to a trainer."""


def prompt_text(messages: Sequence[Message]) -> str:
    """The conversation as plain text, open for the assistant: `User: …\\n\\nAssistant:`."""
    turns = [f"{NAMES[message.role]}: {message.content.strip()}" for message in messages]
    return SEPARATOR.join([*turns, f"{NAMES['assistant']}:"])


def completion_text(text: str) -> str:
    """The response as it follows `prompt_text`: one space first, no end token, no white space behind."""
    return " " + without_end_token(text).strip()


def without_end_token(text: str) -> str:
    """The text without end tokens (and white space around them) at its end."""
    while True:
        bare = text.rstrip()
        if not bare.endswith(END_TOKENS):
            return text
        text = bare.removesuffix(next(token for token in END_TOKENS if bare.endswith(token)))


def ends_with_token(text: str) -> bool:
    return without_end_token(text) != text


def check_completion(text: str) -> None:
    """Raises RowError for a blank completion and for one that goes on to speak for the user."""
    if not without_end_token(text).strip():
        raise RowError("the response is blank.")
    lowered = text.lower()
    if "user" not in lowered and "human" not in lowered:  # the expressions below are slow on long texts
        return
    user_turns = [match.start() for match in _USER_TURN.finditer(text)]
    assistant_turns = [match.start() for match in _ASSISTANT_TURN.finditer(text)]
    if user_turns and user_turns[-1] > max(assistant_turns, default=-1):
        raise RowError("the response ends in a turn of the user, so a model would learn to speak for the user.")


def check_pair(chosen: str, rejected: str) -> None:
    """Raises RowError for two completions that a trainer could not tell apart, and for each that `check_completion` refuses."""
    check_completion(chosen)
    check_completion(rejected)
    if completion_text(chosen) == completion_text(rejected):
        raise RowError("both responses are the same text, so the pair says nothing.")


def check_messages(messages: Any, ends_with: str) -> None:
    """Raises RowError unless this is a list of {role, content} with known roles whose last role is `ends_with`."""
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        raise RowError("a conversation must be a list of messages, and not empty.")
    for message in messages:
        if not isinstance(message, Mapping) or not isinstance(message.get("content"), str):
            raise RowError("every message needs a role and a text called content.")
        if message.get("role") not in ROLES:
            raise RowError(f"the role {quoted(message.get('role'))} is unknown; it must be one of {', '.join(ROLES)}.")
    if messages[-1]["role"] != ends_with:
        raise RowError(f"the conversation ends in a turn of the {messages[-1]['role']}, not of the {ends_with}.")
    if not messages[-1]["content"].strip():
        raise RowError("the last message is blank.")


def messages_of(prompt: Prompt) -> list[Row]:
    return [{"role": message.role, "content": message.content} for message in prompt.messages]


def reply(text: str) -> list[Row]:
    return [{"role": "assistant", "content": without_end_token(text)}]


def preference(prompt: Prompt, chosen: str, rejected: str) -> Row:
    """Explicit prompt, standard: {prompt, chosen, rejected} as text."""
    check_pair(chosen, rejected)
    return {
        "prompt": prompt_text(prompt.messages),
        "chosen": completion_text(chosen),
        "rejected": completion_text(rejected),
    }


def preference_conversational(prompt: Prompt, chosen: str, rejected: str) -> Row:
    """Explicit prompt, conversational: {prompt, chosen, rejected} as lists of messages."""
    check_pair(chosen, rejected)
    return {"prompt": messages_of(prompt), "chosen": reply(chosen), "rejected": reply(rejected)}


def implicit(prompt: Prompt, chosen: str, rejected: str) -> Row:
    """Implicit prompt, standard: {chosen, rejected}, each the whole text."""
    row = preference(prompt, chosen, rejected)
    return {"chosen": row["prompt"] + row["chosen"], "rejected": row["prompt"] + row["rejected"]}


def implicit_conversational(prompt: Prompt, chosen: str, rejected: str) -> Row:
    """Implicit prompt, conversational: {chosen, rejected}, each the whole conversation."""
    row = preference_conversational(prompt, chosen, rejected)
    return {"chosen": row["prompt"] + row["chosen"], "rejected": row["prompt"] + row["rejected"]}


def openai_preference(prompt: Prompt, chosen: str, rejected: str) -> Row:
    """OpenAI's preference format: {input: {messages}, preferred_output, non_preferred_output}."""
    check_pair(chosen, rejected)
    return {
        "input": {"messages": messages_of(prompt)},
        "preferred_output": reply(chosen),
        "non_preferred_output": reply(rejected),
    }


def unpaired(prompt: Prompt, completion: str, label: bool) -> Row:
    """KTO, standard: {prompt, completion, label}."""
    check_completion(completion)
    return {"prompt": prompt_text(prompt.messages), "completion": completion_text(completion), "label": label}


def unpaired_conversational(prompt: Prompt, completion: str, label: bool) -> Row:
    """KTO, conversational: {prompt, completion, label}."""
    check_completion(completion)
    return {"prompt": messages_of(prompt), "completion": reply(completion), "label": label}


def demonstration(prompt: Prompt, completion: str) -> Row:
    """SFT, standard: {prompt, completion}; the loss falls on the completion alone."""
    check_completion(completion)
    return {"prompt": prompt_text(prompt.messages), "completion": completion_text(completion)}


def demonstration_conversational(prompt: Prompt, completion: str) -> Row:
    """SFT, conversational: {prompt, completion}."""
    check_completion(completion)
    return {"prompt": messages_of(prompt), "completion": reply(completion)}
