"""The prompts and responses in pipeline.md: a few of them in full with what each response has won, many as a list."""

from __future__ import annotations

from collections import Counter

from core.pipeline import markdown as md
from core.pipeline.model import Message, Project, Prompt
from core.pipeline.outcomes import outcomes
from core.pipeline.problems import count

IN_FULL = 3
SHOWN_PROMPTS = 10
PROMPT_CHARACTERS = 600
RESPONSE_CHARACTERS = 300
NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}


def prompts(project: Project) -> str:
    """The whole section."""
    if not project.prompts:
        return "There are no prompts yet."
    users = {prompt.user for prompt in project.prompts if prompt.user}
    sources = Counter(candidate.source for prompt in project.prompts for candidate in prompt.candidates)
    parts = []
    if project.operations.prompt_source:
        parts.append(md.paragraphs(project.operations.prompt_source))
    if users:
        parts.append(f"The prompts come from {count(len(users), 'user or group', 'users or groups')}.")
    parts += _in_full(project) if len(project.prompts) <= IN_FULL else _listed(project)
    named = [(source, number) for source, number in sources.most_common(SHOWN_PROMPTS) if source]
    if named:
        parts.append("Where the responses come from:")
        parts.append(md.bullets(f"{md.inline(source)}: {number:,}" for source, number in named))
    return "\n\n".join(parts)


def _in_full(project: Project) -> list[str]:
    """Each prompt's words, and its responses with the pairs that they won and lost."""
    won: Counter[tuple[str, str | None]] = Counter()
    lost: Counter[tuple[str, str | None]] = Counter()
    for outcome in outcomes(project):
        won[outcome.pair.prompt_id, outcome.chosen] += 1
        lost[outcome.pair.prompt_id, outcome.rejected] += 1
    parts = []
    for prompt in project.prompts:
        parts.append(f"**Prompt {md.inline(prompt.id)}**")
        parts += [_turn(prompt, message) for message in prompt.messages]
        rows = [
            (
                md.inline(one.id),
                md.short(one.text, RESPONSE_CHARACTERS) or "(empty)",
                f"{won[prompt.id, one.id]:,}",
                f"{lost[prompt.id, one.id]:,}",
            )
            for one in prompt.candidates
        ]
        parts.append(
            md.table(("Response", "Words", "Pairs won", "Pairs lost"), rows)
            if rows
            else "No response has been given yet."
        )
    return parts


def _turn(prompt: Prompt, message: Message) -> str:
    name = f"{NAMES[message.role]}: " if len(prompt.messages) > 1 else ""
    return "> " + name + md.short(message.content, PROMPT_CHARACTERS)


def _listed(project: Project) -> list[str]:
    rows = [
        (md.inline(prompt.id), md.short(prompt.text), f"{len(prompt.messages)}", f"{len(prompt.candidates)}")
        for prompt in project.prompts[:SHOWN_PROMPTS]
    ]
    parts = [md.table(("Prompt", "Last message of the user", "Messages", "Responses"), rows)]
    if len(project.prompts) > SHOWN_PROMPTS:
        parts.append(f"The other {len(project.prompts) - SHOWN_PROMPTS:,} are in `prompts.jsonl`.")
    return parts
