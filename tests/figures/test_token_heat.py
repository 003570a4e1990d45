"""Words on a colour scale: they can be read on it in both themes, every word has its place, colours follow the numbers."""

import itertools

import pytest

from core.figures.palette import colours, contrast
from core.figures.step_lines import Line
from core.figures.token_heat import HIGH, LINES, LOW, OPACITY, UNITS, HeatAnswer, Scale, allotted, lines_of, token_heat

WORDS = ("hello", "!", "it", "is", "Oslo", ".", "end")


def _over(colour, page, share):
    mixed = [round(share * int(colour[i : i + 2], 16) + (1 - share) * int(page[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", [LOW, HIGH])
def test_words_can_be_read_on_every_colour_of_the_scale(role, theme):
    names = colours(theme)
    for share in range(OPACITY + 1):
        assert contrast(names["text"], _over(names[role], names["page"], share / 100)) >= 4.5


def _answer(values, words=WORDS, marked=None):
    return HeatAnswer("1 · prompt", words, values, marked or (False,) * len(words))


def _chart(steps, picked=(0, 4)):
    return token_heat(
        key="x", title="t", steps=steps, scale=Scale("ratio", 1.0, 0.4), panels=((Line("a", (1.0, 2.0), "new"),),), step=0,
        horizon=1, picked=picked, slots=24, badge="recorded", text="w", spoken=(),
    )  # fmt: skip


def test_every_word_has_its_cell_and_its_number():
    values = (0.9, 1.0, 1.1, 1.2, 1.3, 0.7, 1.0)
    chart = _chart([[_answer(values)], [_answer(values[::-1])]])
    cells = chart.figure["data"][0]
    assert cells["text"][:7] == list(WORDS)
    assert cells["marker"]["color"][:7] == list(values)
    assert chart.frames[1]["0"]["marker"]["color"][:7] == list(values[::-1])
    assert cells["marker"]["line"]["width"][4] == max(cells["marker"]["line"]["width"])
    assert set(cells["x"][7:]) == {0.0}
    assert all(x + w <= UNITS for x, w in zip(cells["base"], cells["x"]))


def test_words_do_not_overlap_and_a_long_answer_goes_over_lines():
    lines = lines_of(("incomprehensible",) * 9)
    assert [len(line) for line in lines] == [3, 3, 3]
    for line in lines:
        starts = [x for _, x in line]
        assert all(b - a >= len("incomprehensible") for a, b in itertools.pairwise(starts))


def test_lines_are_shared_out():
    assert allotted([1, 1, 1, 1]) == [1, 1, 1, 1]
    assert allotted([3, 1, 2, 1]) == [3, 1, 2, 1]
    assert allotted([4, 4, 4, 4]) == [2, 2, 2, 1]
    assert sum(allotted([9, 9, 9])) == LINES


def test_an_answer_that_has_no_line_left_is_cut_not_drawn_over_the_next():
    long = _answer((1.0,) * 24, ("incomprehensible",) * 24)
    cells = _chart([[long] * 4, [long] * 4]).figure["data"][0]
    drawn = [y for y, width in zip(cells["y"], cells["x"]) if width]
    assert drawn == sorted(drawn)
    assert sum(1 for width in cells["x"] if width) == 3 * LINES
