"""The chart of a batch that is used again: bars per epoch, and lines that grow without changing their number of points."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from core.figures.batch_reuse import Growing, batch_reuse_chart
from core.figures.palette import resolve

OLD = (0.5, 0.3, 0.2)
PPO = ((0.5, 0.3, 0.2), (0.55, 0.27, 0.18), (0.6, 0.25, 0.15))
PLAIN = ((0.5, 0.3, 0.2), (0.7, 0.2, 0.1), (0.9, 0.06, 0.04))
KL = Growing("KL", (0.0, 0.1, 0.2), (0.0, 0.3, 0.9))
REWARD = Growing("reward", (0.0, 0.5, 0.6), (0.0, 0.8, 1.2))


def chart(step=1):
    return batch_reuse_chart(
        key="k", title="t", names=("a", "b", "c"), picked=1, old_probs=OLD, ppo_probs=PPO, plain_probs=PLAIN,
        panels=(KL, REWARD), step=step, text="words",
    )  # fmt: skip


def test_bars_are_per_cent_of_both_policies_at_each_epoch():
    shown = chart(2)
    assert shown.horizon == 2
    for k, frame in enumerate(shown.frames):
        assert np.allclose(frame["1"]["x"], 100 * np.array(PLAIN[k]))
        assert np.allclose(frame["2"]["x"], 100 * np.array(PPO[k]))
    data = shown.figure["data"]
    assert np.allclose(data[0]["x"], 100 * np.array(OLD))
    assert data[1]["x"] == shown.frames[2]["1"]["x"]
    assert data[2]["x"] == shown.frames[2]["2"]["x"]


@pytest.mark.parametrize("step", [0, 1, 2])
def test_lines_end_at_the_epoch_shown(step):
    shown = chart(step)
    lines = shown.figure["data"][3:]
    for trace, values in zip(lines, (KL.plain, KL.ppo, REWARD.plain, REWARD.ppo)):
        assert max(trace["x"]) == step
        assert len(trace["x"]) == len(trace["y"]) == 3
        assert trace["y"][-1] == values[step]
        assert trace["y"][: step + 1] == list(values[: step + 1])
        assert trace["marker"]["size"][-1] > 0
        assert not any(trace["marker"]["size"][:-1])


def test_axes_hold_every_epoch_whatever_is_shown():
    layouts = [chart(step).figure["layout"] for step in (0, 1, 2)]
    assert layouts[0] == layouts[1] == layouts[2]
    assert layouts[0]["xaxis"]["range"][1] >= 90
    low, high = layouts[0]["yaxis2"]["range"]
    assert low < 0.0
    assert high > 0.9


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_accepts_it(theme):
    figure = go.Figure(resolve(chart().figure, theme))
    assert len(figure.data) == 7
    for path, value in chart().compact.items():
        figure.layout[path] = resolve(value, theme)
