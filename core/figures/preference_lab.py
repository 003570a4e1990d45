"""A preference run as bars: the policy lab, with the implicit reward of each response beside the scores of a reward model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.figures.chart import Chart, Figure, rounded
from core.figures.policy_lab import History, Quantity, policy_lab

REACH = 1.08


def preference_lab(
    *,
    key: str,
    title: str,
    names: Sequence[str],
    probs: Sequence[Sequence[float]],
    optimum_probs: Sequence[float],
    implicit_rewards: Sequence[Sequence[float]],
    scores: Sequence[float],
    history: Sequence[History],
    step: int,
    horizon: int,
    lit: int | None,
    text: str,
    illustrations: tuple[str, ...] = (),
) -> Chart:
    """The chart of a preference run. `probs` and `implicit_rewards` hold one row a step from 0 on, [steps + 1, responses].

    `scores` [responses] are drawn as crosses over the implicit rewards; both should be centred in the same way, because
    neither has a zero of its own. `lit` is the response whose row is shaded.
    """
    chart = policy_lab(
        key=key,
        title=title,
        names=names,
        ref_probs=probs[0],
        old_probs=[probs[0], *probs[:-1]],
        new_probs=probs,
        optimum_probs=[optimum_probs] * len(probs),
        quantity=Quantity("implicit reward ▬, score ✕", tuple(tuple(row) for row in implicit_rewards)),
        history=history,
        step=step,
        horizon=horizon,
        picked=lit,
        text=text,
        illustrations=illustrations,
    )
    data: list[Figure] = list(chart.figure["data"])
    layout: Figure = dict(chart.figure["layout"])
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "score r of the reward model",
            "x": rounded(scores),
            "y": list(range(len(names))),
            "xaxis": "x2",
            "yaxis": "y2",
            "marker": {"symbol": "x", "size": 8, "color": "@proxy", "line": {"width": 1, "color": "@page"}},
            "showlegend": False,
            "hovertemplate": "score %{x:.2f}",
        }
    )
    largest = max(abs(value) for row in (*implicit_rewards, scores) for value in row)
    reach = max(REACH * largest, 0.5)
    layout["xaxis2"] = {**layout["xaxis2"], "range": [-reach, reach]}
    return replace(
        chart,
        figure={"data": data, "layout": layout},
        wide_only=(*chart.wide_only, len(data) - 1),
        pick_trace=None,
    )
