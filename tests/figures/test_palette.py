"""Colours keep their contrast in both themes, and never are the only thing that tells two roles apart."""

import itertools
import re

import pytest

from core.figures.palette import ROLES, SURFACE, colours, contrast, resolve

THEMES = ("light", "dark")
GROUNDS = ("page", "panel")
GRAPHICS = 3.0
TEXT = 4.5


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_stands_out_from_the_page(role, theme, ground):
    names = colours(theme)
    assert contrast(names[role], names[ground]) >= GRAPHICS


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["text", "muted"])
def test_text_can_be_read(name, theme, ground):
    names = colours(theme)
    assert contrast(names[name], names[ground]) >= TEXT


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["accent", "good", "bad"])
def test_marks_can_be_seen(name, theme, ground):
    names = colours(theme)
    assert contrast(names[name], names[ground]) >= GRAPHICS


def test_roles_differ_in_more_than_colour():
    seen = {(role.marker, role.dash) for role in ROLES.values()}
    assert len(seen) == len(ROLES)


@pytest.mark.parametrize("theme", THEMES)
def test_no_two_roles_share_a_colour(theme):
    names = colours(theme)
    shared = [(a, b) for a, b in itertools.combinations(ROLES, 2) if names[a] == names[b]]
    assert shared == []


def test_every_name_has_one_meaning_and_two_forms():
    assert not set(ROLES) & set(SURFACE)
    assert colours("light").keys() == colours("dark").keys() == ROLES.keys() | SURFACE.keys()
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for theme in THEMES for colour in colours(theme).values())
    assert all(role.meaning for role in ROLES.values())


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#777777", "#FFFFFF", 4.48),
        ("#FF0000", "#FFFFFF", 4.0),
        ("#123456", "#123456", 1.0),
    ],
)
def test_contrast_is_that_of_wcag(first, second, ratio):
    assert contrast(first, second) == pytest.approx(ratio, abs=0.005)
    assert contrast(second, first) == contrast(first, second)


def test_names_are_resolved_wherever_they_stand():
    figure = {"marker": {"color": "@new"}, "shapes": [{"fillcolor": "@optimum/14"}], "text": "a@b", "x": (1, 2.5)}
    light = resolve(figure, "light")
    assert light["marker"]["color"] == colours("light")["new"]
    assert light["shapes"][0]["fillcolor"] == "rgba(179,116,0,0.14)"
    assert light["text"] == "a@b"
    assert light["x"] == [1, 2.5]
    assert figure["marker"]["color"] == "@new"
    assert resolve(figure, "dark") != light


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError):
        resolve({"color": "@nothing"}, "light")
