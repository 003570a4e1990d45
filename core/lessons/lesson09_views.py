"""Lesson 9 to look at and to take away: the board, the diagram, the bytes, their tables, Mermaid text, script and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.figures.chart import Chart
from core.figures.memory_bars import MemoryBar, memory_bars
from core.figures.order_board import BoardPiece, order_board
from core.figures.relay_diagram import Arrow as DrawnArrow
from core.figures.relay_diagram import Box, relay_diagram
from core.lessons import lesson09_words as words
from core.lessons.lesson import Table
from core.lessons.lesson09_arrows import ARROWS, BOXES, KEPT, WITHOUT
from core.lessons.lesson09_flow import POOL, needs, piece
from core.lessons.lesson09_memory import bytes_held, written_bytes
from core.lessons.shared_params import hand_made
from core.lessons.snippets import script
from core.stages.whiteboard import WhiteboardConfig, updates
from core.version import VERSION

if TYPE_CHECKING:
    from core.lessons.lesson09_result import Result

TRACKS = {"white": "your whiteboard", "tiny": "the tiny LM, recorded"}
TITLES = {"white": "Your relay", "tiny": "The tiny LM's relay"}


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the view."""
    return ({"order": _board, "diagram": _diagram, "memory": _memory}[result.view](result),)


def _board(result: Result) -> Chart:
    early = {fault.piece.code for fault in result.faults}

    def state(code: str) -> str:
        if code not in result.order:
            return "waiting"
        return "placed" if not result.complete else "early" if code in early else "right"

    return order_board(
        key="l9_board",
        title="Your order",
        pieces=[
            BoardPiece(
                piece(code).name,
                piece(code).does,
                result.order.index(code) if code in result.order else None,
                state(code),  # type: ignore[arg-type]
            )
            for code in POOL
        ],
        text=words.order_text(result),
    )


def boxes(result: Result) -> tuple[Box, ...]:
    """The eight boxes; a model that PPO holds says its bytes."""
    white = result.track == "white"
    notes = {
        "base": "continues text",
        "sft": "left out: as pretrained" if result.cut and result.picked.cut == "sft" else "stage 1",
        "people": ("you" if result.white.lab.fit.n_votes else "nobody yet") if white else "simulated",
        "ppo": "stage 3",
    }
    found = []
    for key, name in BOXES.items():
        model = KEPT.get(key)
        note = written_bytes(result.memory.model(model).total) if model else notes[key]
        found.append(Box(key, name, note, kept=model is not None, pale=model in result.unneeded))
    return tuple(found)


def _diagram(result: Result) -> Chart:
    arrows = [
        DrawnArrow(arrow.key, arrow.name, load.count, load.score, result.state(k))  # type: ignore[arg-type]
        for k, (arrow, load) in enumerate(zip(ARROWS, result.loads))
    ]
    what = f", {WITHOUT[result.picked.cut]}" if result.cut else ""
    white = result.track == "white"
    made = ("scores",) if white and result.white.lab.scores_from != "votes" else ()
    hand = hand_made(result.white.lab.candidates) if white else ()
    return relay_diagram(
        key="l9_diagram",
        title=f"{TITLES[result.track]}{what}",
        boxes=boxes(result),
        arrows=arrows,
        picked=result.number,
        text=words.diagram_text(result),
        badge="live" if white else "recorded",
        illustrations=("the drawing", *hand, *made),
    )


def _memory(result: Result) -> Chart:
    held = result.memory
    largest = max(model.total for model in held.models)
    unit = next(
        pair for pair in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)) if largest >= pair[1]
    )
    return memory_bars(
        key="l9_memory",
        title=f"Four models · {written_bytes(held.total)} in {result.precision}",
        bars=[
            MemoryBar(m.name, (m.weights, m.gradients, m.optimiser), written_bytes(m.total), m.name in result.unneeded)
            for m in held.models
        ],
        unit=unit,
        text=words.memory_text(result),
        illustrations=() if result.size == "tiny" else ("the size",),
    )


# --- tables -----------------------------------------------------------------------------------------------------------


def table(result: Result) -> Table | None:
    """What each piece took, once all are placed; the arrows; the models."""
    return {"order": _order_table, "diagram": _arrow_table, "memory": _memory_table}[result.view](result)


def _order_table(result: Result) -> Table | None:
    if not result.complete:
        return None
    rows = []
    for place, code in enumerate(result.order):
        takes = [piece_name(key) for key in needs()[piece(code).key]]
        early = any(fault.piece.code == code for fault in result.faults)
        rows.append((f"{'✗' if early else '✓'} {place + 1} {piece(code).name}", ", ".join(takes) or "nothing"))
    return Table(
        columns=("your order", "takes"),
        rows=tuple(rows),
        notes="✗ stands before something it takes; read from the source of core/stages/relay.py",
        pickable=False,
    )


def piece_name(key: str) -> str:
    """The name of a piece by its key."""
    return next(piece(code).name for code in POOL if piece(code).key == key)


def _arrow_table(result: Result) -> Table:
    rows = []
    for k, (arrow, load, whole) in enumerate(zip(ARROWS, result.loads, result.whole_loads)):
        name = f"{k + 1} {arrow.name}"
        if result.cut:
            rows.append(
                (name, whole.score or whole.count, "✂" if result.state(k) == "cut" else load.score or load.count)
            )
        else:
            rows.append((name, load.count, load.score))
    cut_notes = f"{WITHOUT[result.picked.cut]}; “nothing”: no use for it then"
    return Table(
        columns=("arrow", "with it", "cut") if result.cut else ("arrow", "how much", "figure"),
        rows=tuple(rows),
        lit=result.number,
        notes=cut_notes if result.cut else where_from(result),
        badge="recorded" if result.track == "tiny" else "live",
    )  # fmt: skip


def where_from(result: Result) -> str:
    """Which lessons the numbers come from."""
    if result.track == "tiny":
        return f"recorded relay of lesson 3, seed {result.tiny.seed}"
    steps = len(result.white.steps)
    stepped = int(result.values["l8_step"]) > 0
    return (
        f"1: lesson 5 · 3: lesson 6 · others: lesson 8 {'at' if stepped else 'not stepped yet, here at'} update {steps}"
    )


def _memory_table(result: Result) -> Table:
    rows = [
        (m.name, *(written_bytes(b) if b else "–" for b in (m.weights, m.gradients, m.optimiser)))
        for m in result.memory.models
    ]
    return Table(
        columns=("model", "weights", "gradients", "optimiser"),
        rows=tuple(rows),
        notes="Not counted: activations, caches, batches.",
        pickable=False,
    )


# --- to take away -----------------------------------------------------------------------------------------------------


def mermaid(result: Result) -> str:
    """The diagram as Mermaid text with the numbers on screen."""
    lines = [
        f"%% RLHF Playground {VERSION}, lesson 9: {TRACKS[result.track]}"
        + (f", {WITHOUT[result.picked.cut]}" if result.cut else ""),
        "flowchart TD",
    ]
    lines += [f'  {box.key}["{box.name}<br/>{box.note}"]' for box in boxes(result)]
    for k, (arrow, load) in enumerate(zip(ARROWS, result.loads)):
        flows = result.state(k) == "flows"
        said = ", ".join(text for text in (load.count, load.score) if text) if flows else result.state(k)
        lines.append(f'  {arrow.tail} {"-->" if flows else "-.->"}|"{arrow.name}: {said}"| {arrow.head}')
    return "\n".join(lines) + "\n"


def texts(result: Result) -> tuple[tuple[str, str, str], ...]:
    """(name, file name, text) of what the Export tab offers beside the figure."""
    return (("Mermaid text", "relay.mmd", mermaid(result)),)


def history(result: Result) -> list[dict[str, Any]]:
    """One row an arrow."""
    return [
        {
            "arrow": k + 1, "from": BOXES[arrow.tail], "to": BOXES[arrow.head], "carries": arrow.name, "data": arrow.data,
            "count": whole.count, "figure": whole.score, "state": result.state(k),
            "figure_on_screen": load.score or load.count,
        }
        for k, (arrow, load, whole) in enumerate(zip(ARROWS, result.loads, result.whole_loads))
    ]  # fmt: skip


def snippet(result: Result) -> str:
    """The whiteboard's run with and without the KL penalty, or without the chosen arrow, and the bytes of the models."""
    run, cut = result.white, result.white_cut if result.cut and result.picked.cut != "update" else None
    lines = ["import itertools"]
    for name, shown in (("whole", run), *((("without", cut),) if cut else ())):
        config = ",\n    ".join(f"{key}={value!r}" for key, value in vars(shown.config).items())
        lines += [
            f"{name} = WhiteboardConfig(\n    {config},\n)",
            f"last = list(itertools.islice(updates({name}), {len(shown.steps)}))[-1]",
            f"print({name!r}, f'{{last.stats.expected_reward:.6f}} {{last.stats.kl:.6f}} {{last.stats.entropy:.6f}}')",
        ]
    kept = result.memory.precision
    lines += ["total = 0"]
    for model in result.memory.models:
        trained = model.gradients > 0
        lines += [
            f"kept = bytes_held({model.name!r}, {model.parameters}, {trained}, {kept.weight}, {kept.gradient}, {kept.optimiser})",
            "total += kept.total",
            "print(kept.name, f'{kept.total:.1f} bytes')",
        ]
    lines += ["print('together', f'{total:.1f} bytes')"]
    return script((WhiteboardConfig, updates, bytes_held), tuple(lines))
