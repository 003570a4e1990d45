"""labels.csv: every judgement with who, when, which side, how long and why, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from core.pipeline.model import Project
from core.pipeline.split import Split

COLUMNS = (
    "prompt_id", "left", "right", "verdict", "chosen", "rejected", "strength", "labeller", "seconds", "timestamp",
    "gold", "imported", "split", "left_source", "right_source", "reason",
)  # fmt: skip
# A cell that begins so is run as a formula by common spreadsheets; tab and carriage return can hide what follows.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet would run it. White space in front does not hide a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


def table(project: Project, sides: Split) -> str:
    """The CSV text, all fields quoted where needed, lines ending in CR LF as RFC 4180 says."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(project, sides))
    return out.getvalue()


def _rows(project: Project, sides: Split) -> Iterator[list[str]]:
    gold = project.gold_pairs()
    prompts = project.by_id()
    for label in project.labels:
        prompt = prompts[label.prompt_id]
        texts = (
            label.prompt_id,
            label.left,
            label.right,
            label.verdict,
            label.chosen or "",
            label.rejected or "",
            "" if label.strength is None else str(label.strength),
            label.labeller,
            "" if label.seconds is None else f"{label.seconds:g}",
            "" if label.timestamp is None else label.timestamp.isoformat(),
            "yes" if label.pair in gold else "no",
            "yes" if label.imported else "no",
            sides.sides[label.prompt_id],
            prompt.candidate(label.left).source,
            prompt.candidate(label.right).source,
            label.reason,
        )
        yield [neutral(text) for text in texts]
