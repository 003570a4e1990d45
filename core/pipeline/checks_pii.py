"""Personal data that patterns can find: e-mail, phone, IBAN, payment card, IPv4 address, US social security number.

Patterns find what has a form. Names, addresses, dates of birth and health are not found; somebody has to read for those.
Every pattern is bounded, so the work grows with the length of a text and not with its square.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

MOST_SHOWN = 500
AROUND = 24

KINDS: dict[str, str] = {
    "e-mail address": "something@domain.ending",
    "IBAN": "two capital letters, two check digits, account; the check digits must fit (remainder 1 modulo 97)",
    "payment card": "13 to 19 digits, alone or in groups of three and more; the last one must be the check digit (Luhn)",
    "US social security number": "three, two and four digits with hyphens or spaces between; numbers never given out are left alone",
    "IPv4 address": "four numbers from 0 to 255 with full stops between; some version numbers look the same",
    "phone number": "+ or 00 and 8 to 15 digits, or a national number whose groups are set apart; bare digits are not taken for one",
}
"""What is looked for, and the form it must have, in the order in which a text is claimed when two would fit."""


class Match(NamedTuple):
    """One find in one text: its kind, the characters themselves, and where they stand (start, end)."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Finding:
    """A match, the text it stands in (`where`, as the caller named it), and the words around it."""

    where: Hashable
    match: Match
    before: str
    after: str


@dataclass(frozen=True)
class PiiReport:
    """Finds by kind, over all texts; `shown` holds the first 500. Equal texts are read once and counted as often as they stand."""

    texts: int
    counts: dict[str, int]
    shown: tuple[Finding, ...]

    @property
    def total(self) -> int:
        """All finds together."""
        return sum(self.counts.values())


# Patterns that begin with a plain set of characters are searched several times as fast, so what may stand before is looked at after.
_RUN = re.compile(r"[0-9][0-9 ().\-/]{5,}")
_IPV4 = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])")
_SSN = re.compile(r"(?<![0-9-])(?!000|666|9)[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?!-?[0-9])")
_CARD = re.compile(r"(?<![0-9])[2-6][0-9]*(?:[ -][0-9]+)*")
_PHONES = (
    re.compile(r"(?<![0-9])(?:\+|00)[1-9](?:[ ().\-/]{0,3}[0-9]){7,14}(?![0-9])"),
    re.compile(
        r"(?<![0-9.\-])(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}(?![0-9-])"
    ),
    re.compile(r"(?<![0-9.\-])\(?0[1-9][0-9]{0,4}\)?[ /-](?:[0-9][ /-]?){5,9}[0-9](?![0-9-])"),
)
_IBAN = re.compile(r"[A-Z][A-Z][0-9]{2}(?:(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?|[A-Z0-9]{11,30})(?![A-Za-z0-9])")
_LOCAL = re.compile(r"[\w.%+\-]{1,64}$")
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
# Characters that are written for an ASCII one, each replaced by one character so that places stay the same.
_LOOKALIKES = {
    "＠": "@",
    "．": ".",
    "－": "-",
    "＋": "+",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2011": "-",
    "（": "(",
    "）": ")",
}


def find(text: str) -> tuple[Match, ...]:
    """All finds in one text, in the order in which they stand; they do not overlap. Digits of any script count."""
    plain = _ascii_digits(text)
    taken: list[Match] = []
    for kind, start, end in _candidates(plain):
        if all(end <= match.start or start >= match.end for match in taken):
            taken.append(Match(kind, text[start:end], start, end))
    return tuple(sorted(taken, key=lambda match: match.start))


def scan(texts: Iterable[tuple[Hashable, str]]) -> PiiReport:
    """Look through named texts."""
    seen: dict[str, tuple[Match, ...]] = {}
    counts: Counter[str] = Counter()
    shown: list[Finding] = []
    read = 0
    for where, text in texts:
        read += 1
        if text not in seen:
            seen[text] = find(text)
        for match in seen[text]:
            counts[match.kind] += 1
            if len(shown) < MOST_SHOWN:
                before, after = text[max(0, match.start - AROUND) : match.start], text[match.end : match.end + AROUND]
                shown.append(Finding(where, match, before, after))
    return PiiReport(read, {kind: counts[kind] for kind in KINDS if counts[kind]}, tuple(shown))


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    doubled = (int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def iban_fits(iban: str) -> bool:
    """Whether the check digits fit (ISO 7064, remainder 1 modulo 97). Spaces are ignored."""
    packed = iban.replace(" ", "")
    return 15 <= len(packed) <= 34 and int("".join(str(int(c, 36)) for c in packed[4:] + packed[:4])) % 97 == 1


def _candidates(text: str) -> Iterator[tuple[str, int, int]]:
    """(kind, start, end) of everything that fits, the kinds in the order of `KINDS`."""
    place = text.find("@")
    while place >= 0:
        local = _LOCAL.search(text, max(0, place - 64), place)
        domain = _DOMAIN.match(text, place + 1, place + 256)
        if local and domain:
            yield "e-mail address", local.start(), domain.end()
        place = text.find("@", place + 1)
    for match in _IBAN.finditer(text):
        if text[max(0, match.start() - 1) : match.start()].isalnum():
            continue
        ends = [match.start() + k for k, c in enumerate(match.group()) if c == " "] + [match.end()]
        for end in reversed(ends):
            if iban_fits(text[match.start() : end]):
                yield "IBAN", match.start(), end
                break
    found = ((run.start(), run.end()) for run in _RUN.finditer(text) if _long_enough(run.group()))
    runs = [(start - (text[max(0, start - 1) : start] in ("+", "(")), end) for start, end in found]
    for start, end in runs:
        for match in _CARD.finditer(text, start, end):
            yield from _cards(text, match.start(), match.end())
    for kind, patterns in (
        ("US social security number", (_SSN,)),
        ("IPv4 address", (_IPV4,)),
        ("phone number", _PHONES),
    ):
        for start, end in runs:
            for pattern in patterns:
                for match in pattern.finditer(text, start, end):
                    if kind != "IPv4 address" or all(int(part) < 256 for part in match.group().split(".")):
                        yield kind, match.start(), match.end()


def _long_enough(run: str) -> bool:
    """Whether digits and signs in a row could be one of the numbers: dates and prices, the most common runs, are not."""
    return run.count(".") >= 3 or sum(map(str.isdigit, run)) >= 8


def _cards(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Card numbers among groups of digits: whole groups of three or more in a row, 13 to 19 digits, a fitting check digit."""
    groups = [(m.start(), m.end()) for m in re.finditer(r"[0-9]+", text[start:end])]
    first = 0
    while first < len(groups):
        digits, best = "", None
        for last in range(first, min(first + 19, len(groups))):
            group = text[start + groups[last][0] : start + groups[last][1]]
            digits += group
            if len(group) < 3 or len(digits) > 19:
                break
            if len(digits) >= 13 and digits[0] in "23456" and len(set(digits)) > 1 and luhn(digits):
                best = last
        if best is not None:
            yield "payment card", start + groups[first][0], start + groups[best][1]
            first = best
        first += 1


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    table = {ord(c): _LOOKALIKES[c] for c in _LOOKALIKES.keys() & set(text)}
    table |= {ord(c): str(int(c)) for c in set(text) if c.isdecimal() and not c.isascii()}
    return text.translate(table) if table else text
