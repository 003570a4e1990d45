"""The bars, the quantity beside them and the history below: tested by number, from made-up arrays."""

import pytest

from core.figures.policy_lab import History, Quantity, policy_lab

NAMES = ("first", "second", "third")
REF = (0.5, 0.3, 0.2)
RUN = ((0.5, 0.3, 0.2), (0.6, 0.3, 0.1), (0.7, 0.25, 0.05))
BEST = ((0.9, 0.1, 0.0),) * 3


def _chart(**changes):
    given = {
        "key": "t_chart",
        "title": "a prompt",
        "names": NAMES,
        "ref_probs": REF,
        "old_probs": (RUN[0], *RUN[:-1]),
        "new_probs": RUN,
        "optimum_probs": BEST,
        "quantity": Quantity("ratio", ((1.0, 1.0, 1.0), (1.2, 1.0, 0.5), (1.1, 0.8, 0.5)), zero=1.0, band=(0.8, 1.2)),
        "history": (History("KL", (0.0, 0.1, 0.2)), History("reward", (0.0, 0.5, 0.7))),
        "step": 1,
        "horizon": 60,
        "picked": 0,
        "text": "words",
    }
    return policy_lab(**{**given, **changes})


def _trace(chart, name):
    return next(trace for trace in chart.figure["data"] if trace.get("name") == name)


@pytest.mark.parametrize("step", [0, 1, 2])
def test_bars_are_the_probabilities_of_the_step_in_per_cent(step):
    chart = _chart(step=step)
    assert _trace(chart, "reference")["x"] == [50.0, 30.0, 20.0]
    assert _trace(chart, "new")["x"] == pytest.approx([100 * p for p in RUN[step]])
    assert _trace(chart, "old")["x"] == pytest.approx([100 * p for p in RUN[max(step - 1, 0)]])
    assert _trace(chart, "optimum π*")["x"] == pytest.approx([90.0, 10.0, 0.0])


def test_frames_hold_every_step_and_only_what_moves():
    chart = _chart()
    new = chart.figure["data"].index(_trace(chart, "new"))
    assert [frame[str(new)]["x"] for frame in chart.frames] == [pytest.approx([100 * p for p in row]) for row in RUN]
    reference = chart.figure["data"].index(_trace(chart, "reference"))
    assert all(str(reference) not in frame for frame in chart.frames)


def test_the_quantity_is_drawn_from_its_own_zero():
    bars = _trace(_chart(step=1), "ratio")
    assert bars["base"] == 1.0
    assert bars["x"] == pytest.approx([0.2, 0.0, -0.5])


def test_the_axis_holds_every_bar_of_the_run():
    top = _chart().figure["layout"]["xaxis"]["range"][1]
    assert 90 < top <= 102
    small = _chart(optimum_probs=((0.4, 0.3, 0.3),) * 3, new_probs=(REF,) * 3, old_probs=(REF,) * 3)
    assert 50 < small.figure["layout"]["xaxis"]["range"][1] <= 60


def test_without_quantity_and_history_only_the_policy_is_drawn():
    chart = _chart(quantity=None, history=())
    assert [trace["name"] for trace in chart.figure["data"]] == ["reference", "old", "new", "optimum π*"]
    assert chart.wide_only == ()


def test_the_picked_response_is_marked():
    marked, plain = _chart(picked=1), _chart(picked=None)
    assert "<b>second</b>" in marked.figure["layout"]["yaxis"]["ticktext"]
    assert not any("<b>" in text for text in plain.figure["layout"]["yaxis"]["ticktext"])


def test_names_of_a_learner_cannot_be_markup():
    chart = _chart(names=("<img src=x>", "b", "c"))
    assert "<img" not in str(chart.figure)
