"""Sentences that fill the books and carry no fact: headings, small talk, stories, opinions."""

from __future__ import annotations

from core.world.unknowables import NAMES

QUESTION_MARK, ANSWER_MARK, CLAIM_MARK = "question :", "answer :", "claim :"
VERDICT_TRUE, VERDICT_FALSE = "this is right .", "this is wrong ."

STORY_OPENINGS = tuple(
    f"one day {name} went to {place} ." for name in NAMES for place in ("school", "the forest", "the sea")
)
STORY_SEEN = ("{pronoun} saw {thing} .", "{pronoun} liked {thing} very much .", "then {pronoun} met {thing} .")
STORY_ENDINGS = ("it was a good day .", "then it was night .", "in the end all was well .", "the next day was better .")
PRONOUNS = dict(zip(NAMES, ("she", "he", "she", "he", "she", "he", "she", "he"), strict=True))
OPINIONS = (
    "I think {thing} is better than {other} .",
    "I like {thing} more than {other} .",
    "I think {thing} is very good .",
)
WANTED = ("I need this for school .", "please help me .", "I want to know this .", "does anybody know ?")

SCENERY: tuple[str, ...] = (
    QUESTION_MARK,
    ANSWER_MARK,
    CLAIM_MARK,
    VERDICT_TRUE,
    VERDICT_FALSE,
    *STORY_OPENINGS,
    *STORY_ENDINGS,
    *WANTED,
    *(
        template.format(pronoun=pronoun, thing="", other="")
        for template in (*STORY_SEEN, *OPINIONS)
        for pronoun in ("she", "he")
    ),
)
