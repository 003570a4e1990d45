"""The glossary: each symbol once, every symbol that a formula shows, and no other meaning elsewhere."""

import re

import pytest

from core.lessons.catalogue import LESSONS, lesson
from core.lessons.glossary import SYMBOLS, TERMS, meaning
from tests.lessons.states import results

NUMBERS = [item.number for item in LESSONS]
# Mathematical furniture: every reader of the page knows these, they stand for nothing of ours.
FURNITURE = {"e", "d"}
COMMANDS = re.compile(
    r"\\(?:pi|rho|sigma|Delta|varepsilon|epsilon|eta|beta|alpha|gamma|lambda|tau|theta|mu|hat|nabla)\b"
)
SMALL = {
    "a",
    "an",
    "the",
    "of",
    "to",
    "in",
    "on",
    "this",
    "that",
    "it",
    "its",
    "and",
    "or",
    "for",
    "by",
    "is",
    "how",
    "what",
}


def _formulas(number):
    item = lesson(number)
    return [item.formula(result) for _, _, result in results(number)]


def _letters(line):
    """Latin letters that stand alone in a line of LaTeX: words, commands and their like are taken out first."""
    bare = re.sub(r"\\(?:text|operatorname|mathrm)\{[^{}]*\}", " ", line.replace(r"\_", ""))
    bare = re.sub(r"\\[A-Za-z]+", " ", bare)
    return set(re.findall(r"[A-Za-z]", re.sub(r"[_^](?:\{[^{}]*\}|\w)", " ", bare)))


def _words(text):
    return {re.sub(r"s$", "", word) for word in re.findall(r"[a-z]+", text.lower())} - SMALL


def test_every_symbol_and_every_term_is_defined_once():
    for entries in (SYMBOLS, TERMS):
        names = [name for name, _ in entries]
        assert len(set(names)) == len(names)
        assert all(text.strip() and not text.endswith(".") for _, text in entries)


def test_meaning_knows_its_own_symbols_and_no_others():
    assert [meaning(symbol) for symbol, _ in SYMBOLS] == [text for _, text in SYMBOLS]
    with pytest.raises(KeyError):
        meaning(r"\aleph")


@pytest.mark.parametrize("number", NUMBERS)
def test_what_a_formula_defines_is_in_the_glossary(number):
    defined = {symbol for formula in _formulas(number) for symbol, _ in formula.symbols}
    assert defined
    assert sorted(defined - set(dict(SYMBOLS))) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_where_a_symbol_is_used_it_means_what_the_glossary_says(number):
    """The short meaning beside a formula and the glossary's must share a word that says something."""
    known = dict(SYMBOLS)
    other = {
        f"{symbol}: “{here}”, glossary “{known[symbol]}”"
        for formula in _formulas(number)
        for symbol, here in formula.symbols
        if symbol in known and not _words(here) & _words(known[symbol])
    }
    assert sorted(other) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_what_a_formula_shows_is_in_the_glossary_or_beside_it(number):
    glossary = " ".join(symbol for symbol, _ in SYMBOLS)
    unknown = set()
    for formula in _formulas(number):
        defined = glossary + " " + " ".join(symbol for symbol, _ in formula.symbols)
        letters = set(re.findall(r"[A-Za-z]", re.sub(r"\\(?:text\{[^{}]*\}|[A-Za-z]+)", " ", defined))) | FURNITURE
        for line in formula.lines:
            unknown |= {command for command in COMMANDS.findall(line) if command not in defined}
            unknown |= _letters(line) - letters
    assert sorted(unknown) == []


def test_the_overlay_needs_no_symbol_of_a_lesson_that_is_not_there():
    """A glossary entry that no built lesson uses is dead weight, unless it is the base of one that is used."""
    shown = " ".join(
        " ".join([*formula.lines, *(symbol for symbol, _ in formula.symbols)])
        for number in NUMBERS
        for formula in _formulas(number)
    )
    settings = " ".join(param.symbol for item in LESSONS for param in item.params)
    texts = " ".join(param.label + param.help for item in LESSONS for param in item.params)
    unused = [
        symbol for symbol, _ in SYMBOLS if symbol.split(",")[0] not in shown + " " + settings and symbol not in texts
    ]
    assert unused == []
