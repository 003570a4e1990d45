"""User text inside Markdown, so that a prompt with a heading, a table bar or a tag stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$!])")
_BLOCK_START = re.compile(r"^(\s*)([-+=>]|\d+[.)])")


def inline(text: str) -> str:
    """The text on one line, every character that Markdown or HTML would act on escaped."""
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("&", "&amp;")
    return _BLOCK_START.sub(lambda match: match[1] + match[2][:-1] + "\\" + match[2][-1], line)


def short(text: str, characters: int = 160) -> str:
    """`inline`, cut at a word's end."""
    line = " ".join(text.split())
    if len(line) <= characters:
        return inline(line)
    cut = line[:characters]
    return inline(cut[: cut.rfind(" ")] if " " in cut[characters // 2 :] else cut) + " …"


def paragraphs(text: str) -> str:
    """Several lines of a person's own words: blank lines part paragraphs, nothing else is markup."""
    blocks = (block for block in text.split("\n\n") if block.strip())
    return "\n\n".join("  \n".join(inline(line) for line in block.strip().splitlines()) for block in blocks)


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def numbered(lines: Iterable[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells must be escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
