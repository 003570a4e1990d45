"""Every token of a text by what it costs a model: unshifted, marginal or shifted, as in Lin et al. 2023 (URIAL)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.figures.chart import Badge, Chart, Figure, label, rounded

MARGINAL_TO = 3
CLASSES: tuple[tuple[str, str, str, str], ...] = (
    ("unshifted", "rank 1", "good", ""),
    ("marginal", f"rank 2–{MARGINAL_TO}", "optimum", "."),
    ("shifted", f"rank {MARGINAL_TO + 1} and lower", "bad", "/"),
)
"""Name, meaning, palette name, and the pattern that says the same without colour."""


@dataclass(frozen=True)
class RankedToken:
    """One token: its cost −log p in nats, and its rank among all tokens (1 the first)."""

    token: str
    cost: float
    rank: int


def class_of(rank: int) -> int:
    """0 unshifted (the model's first choice), 1 marginal (second or third), 2 shifted."""
    return 0 if rank == 1 else 1 if rank <= MARGINAL_TO else 2


def token_ranks(
    *, key: str, title: str, tokens: Sequence[RankedToken], text: str, badge: Badge = "live", height: int = 400
) -> Chart:
    """A bar a token from left to right, its rank above it."""
    data: list[Figure] = []
    for number, (name, meaning, role, pattern) in enumerate(CLASSES):
        places = [place for place, token in enumerate(tokens) if class_of(token.rank) == number]
        data.append(
            {
                "type": "bar", "x": places, "y": rounded(tokens[place].cost for place in places), "width": 0.72,
                "name": f"{name} ({meaning})", "text": [str(tokens[place].rank) for place in places],
                "textposition": "outside", "textangle": 0, "cliponaxis": False, "textfont": {"color": "@text"},
                "marker": {"color": f"@{role}", "line": {"color": f"@{role}", "width": 1.5},
                           "pattern": {"shape": pattern, "fgcolor": "@page", "fillmode": "overlay", "size": 7,
                                       "solidity": 0.28}},
                "hovertemplate": "rank %{text}: %{y:.2f} nats<extra></extra>",
            }
        )  # fmt: skip
    highest = max(token.cost for token in tokens)
    layout: Figure = {
        "barmode": "overlay",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "margin": {"l": 46, "r": 8, "t": 34, "b": 78},
        "xaxis": {
            "tickvals": list(range(len(tokens))), "ticktext": [label(token.token, 40) for token in tokens],
            "range": [-0.6, len(tokens) - 0.4], "showgrid": False, "zeroline": False, "tickangle": -60,
            "tickfont": {"size": 12.5},
        },
        "yaxis": {
            "range": [0, max(1.12 * highest, 1.0)], "gridcolor": "@line", "zeroline": True, "zerolinecolor": "@text",
            "nticks": 6, "title": {"text": "−log p, nats", "font": {"size": 12.5}},
        },
    }  # fmt: skip
    return Chart(
        key=key,
        title=title,
        badge=badge,
        figure={"data": data, "layout": layout},
        text=text,
        compact={
            "xaxis.tickangle": -90,
            "xaxis.tickfont.size": 10.5,
            "legend.font.size": 10,
            "margin.l": 38,
            "margin.t": 66,
        },
        height=height,
    )
