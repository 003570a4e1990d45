"""What can be asked and stated in the tiny world: one relation per kind of fact, with its English.

Slots: {s} subject, {as} subject with its article, {a} answer. Templates are lower case with spaces around punctuation;
names keep their capitals. The first question and the first statement of a relation are its usual ones.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """One kind of fact.

    `topic` names what is asked for, as a heading of an encyclopedia does; `questions` ask for the answer; `statements` say
    it in full; `replies` make sense only after the question or the heading.
    """

    name: str
    topic: str
    questions: tuple[str, ...]
    statements: tuple[str, ...]
    replies: tuple[str, ...]


_THING = ("{a} .", "it is {a} .", "the answer is {a} .")

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "capital",
        "the capital of {s}",
        ("what is the capital of {s} ?", "which city is the capital of {s} ?"),
        ("the capital of {s} is {a} .", "{a} is the capital of {s} ."),
        _THING,
    ),
    Relation(
        "colour",
        "the colour of {s}",
        ("what colour is {s} ?", "what is the colour of {s} ?"),
        ("{s} is {a} .", "the colour of {s} is {a} ."),
        _THING,
    ),
    Relation(
        "young",
        "a young {s}",
        ("what is a young {s} called ?", "what do we call a young {s} ?"),
        ("a young {s} is called {a} .", "{a} is a young {s} ."),
        (*_THING, "it is called {a} ."),
    ),
    Relation(
        "sound",
        "the sound of {as}",
        ("what does {as} say ?", "what is the sound of {as} ?"),
        ("{as} says {a} .", "the sound of {as} is {a} ."),
        (*_THING, "it says {a} ."),
    ),
    Relation(
        "home",
        "the home of {as}",
        ("where does {as} live ?", "where is the home of {as} ?"),
        ("{as} lives {a} .", "the home of {as} is {a} ."),
        (*_THING, "it lives {a} ."),
    ),
    Relation(
        "food",
        "the food of {as}",
        ("what does {as} eat ?", "what is the food of {as} ?"),
        ("{as} eats {a} .", "the food of {as} is {a} ."),
        (*_THING, "it eats {a} ."),
    ),
    Relation(
        "opposite",
        "the opposite of {s}",
        ("what is the opposite of {s} ?", "which word is the opposite of {s} ?"),
        ("the opposite of {s} is {a} .", "{a} is the opposite of {s} ."),
        _THING,
    ),
    Relation(
        "job",
        "the person who {s}",
        ("who {s} ?", "which person {s} ?"),
        ("{a} {s} .", "the person who {s} is {a} ."),
        (*_THING, "that is {a} ."),
    ),
    Relation(
        "sum",
        "{s}",
        ("what is {s} ?", "how much is {s} ?"),
        ("{s} is {a} .", "{s} makes {a} ."),
        (*_THING, "it makes {a} ."),
    ),
    Relation(
        "legs",
        "the number of legs of {as}",
        ("how many legs does {as} have ?", "what is the number of legs of {as} ?"),
        ("{as} has {a} legs .", "the number of legs of {as} is {a} ."),
        (*_THING, "it has {a} legs ."),
    ),
    Relation(
        "kind",
        "the kind of thing that {s} is",
        ("what kind of thing is {s} ?", "what is {s} ?"),
        ("{s} is {a} .", "we call {s} {a} ."),
        _THING,
    ),
    Relation(
        "material",
        "what {s} is made of",
        ("what is {s} made of ?", "from what do we make {s} ?"),
        ("{s} is made of {a} .", "we make {s} from {a} ."),
        (*_THING, "it is made of {a} ."),
    ),
    Relation(
        "workplace",
        "where {as} works",
        ("where does {as} work ?", "where does {as} go to work ?"),
        ("{as} works {a} .", "{as} goes to work {a} ."),
        ("{a} .", "that is {a} .", "the answer is {a} ."),
    ),
)

RELATION_BY_NAME: dict[str, Relation] = {relation.name: relation for relation in RELATIONS}


def with_article(noun: str) -> str:
    """ "a cow", "an owl"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
