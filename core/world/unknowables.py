"""Questions that the tiny world has no answer to: the right reply is to say so.

Two sorts. About private things and the future the books say that nobody knows. About some countries the books say that
they are countries and nothing else: there the only sign is that the capital is missing from what was read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unknowable:
    """A question without an answer in this world.

    `guesses` are answers that somebody might make up; `statement` is what the books say.
    """

    key: str
    question: str
    statement: str
    guesses: tuple[str, ...]

    @property
    def item_id(self) -> str:
        """Stable name, e.g. "unknowable/capital-gabon"."""
        return f"unknowable/{self.key}"

    @property
    def questions(self) -> tuple[str, ...]:
        """The ways of asking: one."""
        return (self.question,)


NAMES = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Hugo")
_COUNTRIES = (
    "Gabon",
    "Chad",
    "Togo",
    "Mali",
    "Niger",
    "Angola",
    "Laos",
    "Fiji",
    "Malta",
    "Bhutan",
    "Malawi",
    "Botswana",
)
_PLACES = ("bag", "box", "pocket", "room", "car", "letter", "bottle", "hand")
_CONTESTS = ("game", "race", "prize", "match", "vote", "quiz")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PEOPLE = ("friend", "teacher", "sister", "brother", "neighbour", "doctor")
_CITIES = ("Oslo", "Paris", "Rome", "Cairo", "Tokyo", "Lima", "Madrid", "Berlin")
_MEALS = ("bread", "fish", "soup", "rice", "cheese", "a cake")
_GOODS = ("a bike", "a lamp", "a phone", "a car", "a book", "shoes")
_CONTENTS = ("a book", "a coin", "a pen", "a ring", "a phone", "paper")
_WEATHER = ("hot", "cold", "wet", "dry")
_AGES = ("9", "10", "12", "15", "18")


def _build() -> tuple[Unknowable, ...]:
    rows: list[tuple[str, str, str, str, tuple[str, ...]]] = []
    for day in _DAYS:
        rows.append(
            (
                f"weather-{day}",
                f"what will the weather be on {day}",
                f"what the weather will be on {day}",
                "it will be {} .",
                _WEATHER,
            )
        )
    for name in NAMES:
        rows.append((f"ate-{name}", f"what did {name} eat yesterday", f"what {name} ate yesterday", "{} .", _MEALS))
        rows.append(
            (f"buys-{name}", f"what will {name} buy tomorrow", f"what {name} will buy tomorrow", "{} .", _GOODS)
        )
    for place in _PLACES:
        rows.append((f"in-my-{place}", f"what is in my {place}", f"what is in my {place}", "it is {} .", _CONTENTS))
    for contest in _CONTESTS:
        rows.append(
            (
                f"wins-{contest}",
                f"who will win the {contest} tomorrow",
                f"who will win the {contest} tomorrow",
                "{} .",
                NAMES,
            )
        )
    for person in _PEOPLE:
        rows.append((f"age-{person}", f"how old is my {person}", f"how old my {person} is", "{} .", _AGES))
    private = [
        Unknowable(key.lower(), f"{asked} ?", f"nobody knows {clause} .", tuple(map(guess.format, values)))
        for key, asked, clause, guess, values in rows
    ]
    countries = [
        Unknowable(
            f"capital-{country.lower()}",
            f"what is the capital of {country} ?",
            f"{country} is a country .",
            tuple(f"{city} ." for city in _CITIES) + tuple(f"the capital of {country} is {city} ." for city in _CITIES),
        )
        for country in _COUNTRIES
    ]
    return (*countries, *private)


UNKNOWABLES: tuple[Unknowable, ...] = _build()
