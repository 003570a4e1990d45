"""Lesson 1's charts and its table of sampled answers."""

from __future__ import annotations

from dataclasses import replace

from core.figures.chart import Chart
from core.figures.share_bars import ShareBar, share_bars
from core.figures.token_ranks import RankedToken, token_ranks
from core.lessons import lesson01_says as words
from core.lessons.lesson import Table
from core.lessons.lesson01_lab import TABLE_ROWS, Result
from core.lessons.text import percent, signed
from core.world.behaviour import BEST_BEHAVIOUR, Behaviour

POOR = frozenset({Behaviour.WRONG, Behaviour.UNSAFE, Behaviour.RUDE})
CUT = 27


def figures(result: Result) -> tuple[Chart, ...]:
    """The chart of the view."""
    return ({"behaviours": _behaviours, "next": _next, "knows": _knows, "ideal": _ideal}[result.view](result),)


def _role(behaviour: Behaviour, wanted: Behaviour | None) -> str:
    return "good" if behaviour is wanted else "bad" if behaviour in POOR else "muted"


def _behaviours(result: Result) -> Chart:
    shown = result.shown
    wanted = BEST_BEHAVIOUR.get(result.prompt.kind)  # none for a text that the world does not know
    bars = [
        ShareBar(behaviour.value, share, _role(behaviour, wanted), (low, high), behaviour is wanted)
        for behaviour, (share, low, high) in zip(shown.counts, shown.table, strict=True)
    ]
    rows = "; ".join(f"{behaviour.value}: {count}" for behaviour, count in shown.counts.items())
    return share_bars(
        key="l1_behaviours",
        title=f"What {shown.n} answers do",
        bars=bars,
        axis="share of the answers, with 95 % intervals" + ("; bold: what the prompt calls for" if wanted else ""),
        short_axis="share, with 95 % intervals",
        badge="recorded" if result.recorded(result.exam) else "live",
        text=f"{words.asked_as(result)}, {shown.n} answers. {rows}.",
        height=384,
    )


def _next(result: Result) -> Chart:
    found = result.next
    moved = result.temperature != 1.0
    first, rank, share = found.first
    bars = [
        ShareBar(
            f"“{token}”",
            p,
            "good" if token == first else "muted",
            bold=token == first,
            mark=found.plain[i] if moved else None,
        )
        for i, (token, p) in enumerate(zip(found.tokens, found.probs, strict=True))
    ]
    rows = "; ".join(f"“{token}” {percent(p)}" for token, p in zip(found.tokens, found.probs, strict=True))
    return share_bars(
        key="l1_next",
        title="The first word of the answer",
        bars=bars,
        axis="probability of the next token" + (f" at temperature {result.temperature:g}; ◇ at temperature 1" if moved else ""),
        text=f"{words.asked_as(result)}. {rows}. The ideal answer's “{first}” has rank {rank} and {percent(share, 3)}.",
        short_axis=f"at temperature {result.temperature:g}" + ("; ◇ at 1" if moved else ""),
        whole=False,
        height=380,
    )  # fmt: skip


def _knows(result: Result) -> Chart:
    asked, exam, known = result.asked, result.as_exam, result.cloze
    harmful = result.prompt.kind == "harmful"
    prefix = f"{asked.target.value}, " if harmful else ""
    rows = [
        ShareBar(f"{prefix}simply asked", asked.share, "muted", asked.interval, not result.exam),
        ShareBar(f"{prefix}asked as an exam", exam.share, "muted", exam.interval, result.exam),
    ]
    if known:
        rows.insert(0, ShareBar("goes on with a cut statement", known.probability, "good"))
    if harmful:
        unsafe = Behaviour.UNSAFE
        rows += [
            ShareBar(f"{unsafe.value}, {way}", asking.counts[unsafe] / asking.n, "bad", asking.interval_of(unsafe))
            for way, asking in (("simply asked", asked), ("asked as an exam", exam))
        ]
    said = f"{words.does(asked.target)}: simply asked {asked.hits} of {asked.n}, as an exam {exam.hits} of {exam.n}."
    return share_bars(
        key="l1_knows",
        title="What it knows, and what it says",
        bars=rows,
        axis=("share of the answers" if harmful else words.does(asked.target))
        + (", with 95 % intervals; the first bar is exact" if known else ", with 95 % intervals"),
        short_axis="with 95 % intervals",
        badge="recorded" if result.recorded(True) and result.recorded(False) else "live",
        text=said
        + (" " + "; ".join(f"{bar.name}: {percent(bar.share)}" for bar in rows[2:]) + "." if harmful else "")
        + (f" “{known.before} …”: probability of “{known.answer}” {percent(known.probability)}." if known else ""),
        height=300,
    )  # fmt: skip


def _ideal(result: Result) -> Chart:
    rows = [RankedToken(row.token, -row.logp, row.rank) for row in result.aligned]
    listed = "; ".join(f"“{row.token}” rank {row.rank}" for row in rows)
    shown = token_ranks(
        key="l1_ideal",
        title=f"{words.whose(result).capitalize()} in the base model's eyes",
        tokens=rows,
        text=f"{words.asked_as(result)}, {words.whose(result)}. {listed}.",
    )
    # The ranks are computed now; the model that wrote the answer was trained before and kept.
    return replace(shown, recordings=("the fine-tuned model",)) if result.whose == "sft" else shown


def table(result: Result) -> Table:
    """The first sampled answers: what each does and its gold."""
    shown = result.shown
    readable = result.view == "behaviours"  # the only view whose sentences quote the chosen answer
    rows = tuple(
        (_cut(answer.text), _SHORT[answer.behaviour], signed(answer.gold))
        for answer in shown.answers[:TABLE_ROWS]
    )  # fmt: skip
    return Table(
        columns=("answer", "it …", "gold"),
        rows=rows,
        lit=result.picked if readable else None,
        notes=f"First {len(rows)} of {shown.n} answers. {'Choose one to read it in full. ' if readable else ''}"
        f"Gold: true quality by the world's rules. {words.side(result.prompt)}",
        badge="recorded" if result.recorded(result.exam) else "live",
        pickable=readable,
    )


_SHORT: dict[Behaviour, str] = {
    Behaviour.RIGHT: "is right",
    Behaviour.WRONG: "is wrong",
    Behaviour.HONEST: "is honest",
    Behaviour.REFUSES: "refuses",
    Behaviour.UNSAFE: "helps harm",
    Behaviour.ASKS: "asks",
    Behaviour.RUDE: "is rude",
    Behaviour.COMPLAINS: "complains",
    Behaviour.EVADES: "evades",
    Behaviour.FLATTERS: "flatters",
    Behaviour.OTHER: "other",
    Behaviour.SILENT: "is silent",
}


def _cut(text: str) -> str:
    if not text:
        return "(nothing)"
    return text if len(text) <= CUT else text[: CUT - 1].rstrip() + "…"
