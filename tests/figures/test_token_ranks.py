"""Tokens by rank: each is in one class, and the classes are told apart without colour."""

from __future__ import annotations

import pytest

from core.figures.token_ranks import RankedToken, class_of, token_ranks


@pytest.mark.parametrize(("rank", "number"), [(1, 0), (2, 1), (3, 1), (4, 2), (800, 2)])
def test_the_classes_are_top_1_top_3_and_below(rank, number):
    assert class_of(rank) == number


def test_every_token_is_drawn_once_at_its_place_with_its_cost():
    tokens = [
        RankedToken("a", 0.1, 1),
        RankedToken("<end>", 5.0, 27),
        RankedToken("b", 1.5, 2),
        RankedToken("c", 0.2, 1),
    ]
    shown = token_ranks(key="k", title="t", tokens=tokens, text="words")
    data = shown.figure["data"]
    drawn = sorted(
        (place, cost, int(rank)) for trace in data for place, cost, rank in zip(trace["x"], trace["y"], trace["text"])
    )
    assert drawn == [(place, token.cost, token.rank) for place, token in enumerate(tokens)]
    assert len({trace["marker"]["pattern"]["shape"] for trace in data}) == 3
    assert shown.figure["layout"]["xaxis"]["ticktext"][1] == "&lt;end&gt;"
