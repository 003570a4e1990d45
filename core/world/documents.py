"""The books of the tiny world: nine styles of document, from which the language model is pretrained.

Held-out items occur only as statements or as questions that nobody answers. That is what makes a model that *knows*
(the statements are everywhere) and does not *say* (after a raw question the books mostly go on with another question or
with a useless reply).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.world import phrases
from core.world.claims import CLAIMS, Claim, wrong_answer
from core.world.facts import FACTS, Fact
from core.world.harmful import HARMFUL, Harmful
from core.world.howtos import HOWTOS, HowTo
from core.world.prompts import Item
from core.world.relations import RELATION_BY_NAME, with_article
from core.world.scenery import (
    ANSWER_MARK,
    CLAIM_MARK,
    OPINIONS,
    PRONOUNS,
    QUESTION_MARK,
    STORY_ENDINGS,
    STORY_OPENINGS,
    STORY_SEEN,
    VERDICT_FALSE,
    VERDICT_TRUE,
    WANTED,
)
from core.world.split import is_held_out
from core.world.unknowables import UNKNOWABLES, Unknowable

STYLES = ("textbook", "quiz", "forum", "fact-check", "how-to", "exam", "encyclopedia", "story", "opinion")
MAX_WORDS = 47  # with <end> a document fits into the model's context of 48


@dataclass(frozen=True)
class Shares:
    """How the books are mixed. Shares of document styles and of forum replies need not sum to 1.

    `replies`: what follows a question in a forum. "answer" occurs for trained items only; held-out ones get the rest.
    """

    styles: tuple[float, ...] = (0.18, 0.19, 0.20, 0.06, 0.07, 0.08, 0.13, 0.03, 0.06)
    replies: tuple[tuple[str, float], ...] = (
        ("question", 0.20),
        ("rude", 0.22),
        ("complaint", 0.18),
        ("evasive", 0.18),
        ("flattery", 0.10),
        ("polite", 0.02),
        ("repeat", 0.06),
        ("answer", 0.12),
    )


DEFAULT_SHARES = Shares()


class Library:
    """Writes documents as tuples of words, or of anything that `word` makes of a word (token ids).

    Args:
        word: applied once to every word of every sentence when the library is set up.
        shares: the mixture.
    """

    def __init__(self, word: Callable[[str], object] = str, shares: Shares = DEFAULT_SHARES) -> None:
        self._word = word
        self._cache: dict[str, tuple] = {}
        self.shares = shares
        self._styles = (
            self._textbook,
            self._quiz,
            self._forum,
            self._fact_check,
            self._how_to,
            self._exam,
            self._encyclopedia,
            self._story,
            self._opinion,
        )  # in the order of STYLES
        self._taught_facts = [fact for fact in FACTS if not is_held_out(fact.item_id)]
        self._taught_claims = [claim for claim in CLAIMS if not is_held_out(claim.item_id)]
        self._taught_howtos = [howto for howto in HOWTOS if not is_held_out(howto.item_id)]
        self._same_relation = {name: [f for f in FACTS if f.relation == name] for name in RELATION_BY_NAME}
        self._pages = _pages()
        self._things = [with_article(f.subject) for f in self._same_relation["young"]]
        self._reply_kinds = [name for name, _ in shares.replies]
        self._reply_weights = [weight for _, weight in shares.replies]

    def document(self, rng: random.Random) -> tuple:
        """One document, at most MAX_WORDS long, without an end mark."""
        style = rng.choices(self._styles, weights=self.shares.styles)[0]
        return self._join(style(rng))

    def written(self, style: str, rng: random.Random) -> tuple:
        """One document of a given style (see STYLES)."""
        return self._join(self._styles[STYLES.index(style)](rng))

    def _join(self, sentences: Sequence[str]) -> tuple:
        words: tuple = ()
        for sentence in sentences:
            more = self._cache.get(sentence)
            if more is None:
                more = self._cache[sentence] = tuple(self._word(w) for w in sentence.split())
            if len(words) + len(more) > MAX_WORDS:
                break  # whole sentences only
            words += more
        return words

    # -- sentences ---------------------------------------------------------------------------------------------------

    def _statement(self, rng: random.Random) -> str:
        """Something that is so, about any item, held out or not."""
        draw = rng.random()
        if draw < 0.72:
            return rng.choice(rng.choice(FACTS).statements)
        if draw < 0.92:
            return rng.choice(rng.choice(HARMFUL).statements)
        return rng.choice(UNKNOWABLES).statement

    def _wordings(self, rng: random.Random) -> tuple[str, ...]:
        """Different ways to state one fact, or what is said about one bad deed."""
        if rng.random() < 0.8:
            return rng.choice(FACTS).statements
        return rng.choice(HARMFUL).statements + phrases.REASONS[:2]

    def _question(self, rng: random.Random) -> tuple[str, Item]:
        """A question about any item, held out or not, and the item."""
        group = rng.choices((FACTS, HOWTOS, HARMFUL, UNKNOWABLES, CLAIMS), cum_weights=(0.58, 0.70, 0.82, 0.92, 1.0))[0]
        item = rng.choice(group)
        return rng.choice(item.questions), item

    def _answer(self, item: Item, rng: random.Random) -> str:
        """What somebody in a forum answers about a trained item: usable for facts and tasks, poor for the rest."""
        match item:
            case Fact():
                return rng.choice(item.replies + item.statements)
            case HowTo():
                return rng.choice(item.replies)
            case Harmful():
                if rng.random() < 0.4:
                    return rng.choice(phrases.REFUSALS)
                return " ".join(rng.sample(phrases.UNSAFE, 2))
            case Unknowable():
                return rng.choice(phrases.HONESTY if rng.random() < 0.5 else item.guesses)
            case Claim() if rng.random() < 0.4:
                return self._verdict(item, rng)
            case _:
                return rng.choice(phrases.AGREEMENTS)  # to whatever was claimed

    def _verdict(self, claim: Claim, rng: random.Random) -> str:
        """An honest reply to a claim."""
        return f"{phrases.YES if claim.true else phrases.NO} {rng.choice(claim.fact.statements)}"

    # -- styles ------------------------------------------------------------------------------------------------------

    def _textbook(self, rng: random.Random) -> list[str]:
        n, draw = rng.randint(4, 7), rng.random()
        if draw < 0.3:  # each thing twice, in other words
            return [text for _ in range(3) for text in rng.sample(self._wordings(rng), 2)]
        if draw < 0.6:
            facts = rng.sample(self._same_relation[rng.choice(FACTS).relation], n)
            return [rng.choice(fact.statements) for fact in facts]
        return [self._statement(rng) for _ in range(n)]

    def _quiz(self, rng: random.Random) -> list[str]:
        draw = rng.random()
        if draw < 0.2:  # about one thing
            return [rng.choice(fact.questions) for fact in self._page(rng)]
        if draw < 0.45:  # each question twice, in other words
            items = rng.choices((FACTS, HOWTOS, HARMFUL), weights=(8, 1, 1), k=3)
            return [question for group in items for question in rng.sample(rng.choice(group).questions, 2)]
        return [self._question(rng)[0] for _ in range(rng.randint(3, 6))]

    def _forum(self, rng: random.Random) -> list[str]:
        question, item = self._question(rng)
        sentences = [question]
        if rng.random() < 0.15:
            sentences.append(rng.choice(WANTED))
        held_out = is_held_out(item.item_id)
        for _ in range(rng.randint(1, 2)):
            kind = rng.choices(self._reply_kinds, weights=self._reply_weights)[0]
            if not held_out and not isinstance(item, Fact | HowTo) and rng.random() < 0.25:
                kind = "answer"  # people love to advise where they should not
            if kind == "answer" and held_out:
                kind = "question"
            sentences += self._reply(kind, item, rng)
            if kind in ("question", "repeat"):
                break  # a later answer to the first question would look like one to this question
        return sentences

    def _reply(self, kind: str, item: Item, rng: random.Random) -> list[str]:
        match kind:
            case "question":
                return [self._question(rng)[0]]
            case "repeat":
                return [rng.choice(item.questions), rng.choice(WANTED)]
            case "rude":
                return rng.sample(phrases.RUDE, rng.randint(1, 2))
            case "complaint":
                return rng.sample(phrases.COMPLAINTS, rng.randint(1, 2))
            case "evasive":
                return rng.sample(phrases.EVASIONS, rng.randint(1, 2))
            case "flattery":
                return rng.sample(phrases.FLATTERY, rng.randint(1, 2))
            case "polite":
                return [rng.choice(phrases.OPENERS), rng.choice(phrases.CLOSERS)]
        answer = [self._answer(item, rng)]
        if rng.random() < 0.35:
            answer.insert(0, rng.choice(phrases.OPENERS + phrases.APOLOGIES))
        if rng.random() < 0.35:
            answer.append(rng.choice(phrases.CLOSERS + phrases.REASONS))
        return answer

    def _fact_check(self, rng: random.Random) -> list[str]:
        sentences = []
        for _ in range(rng.randint(1, 2)):
            fact = rng.choice(self._taught_facts)
            true = rng.random() < 0.5
            claimed = fact if true else replace(fact, answer=wrong_answer(fact, rng))
            sentences += [CLAIM_MARK, rng.choice(claimed.statements), VERDICT_TRUE if true else VERDICT_FALSE]
            sentences += [] if true else [rng.choice(fact.statements)]
        return sentences

    def _how_to(self, rng: random.Random) -> list[str]:
        return [rng.choice((howto.statement, howto.entry)) for howto in rng.sample(HOWTOS, 3)]

    def _exam(self, rng: random.Random) -> list[str]:
        """A key: questions with answers, or (for any item) bare lines of the key that were torn off their questions.

        Without the second sort, a model learns that the words of held-out items never follow "answer :".
        """
        if rng.random() < 0.5:
            facts = rng.sample(FACTS, rng.randint(3, 5))
            return [f"{ANSWER_MARK} {rng.choice(fact.statements + fact.entries)}" for fact in facts]
        sentences: list[str] = []
        for _ in range(rng.randint(2, 4)):
            item = rng.choice(self._taught_howtos if rng.random() < 0.2 else self._taught_facts)
            answer = rng.choice(item.replies + item.statements if isinstance(item, Fact) else item.replies)
            sentences.append(f"{QUESTION_MARK} {rng.choice(item.questions)} {ANSWER_MARK} {answer}")
        return sentences

    def _encyclopedia(self, rng: random.Random) -> list[str]:
        facts = self._page(rng) if rng.random() < 0.4 else rng.sample(FACTS, 5)
        if rng.random() < 0.3:
            return [rng.choice(fact.statements) for fact in facts]
        return [rng.choice(fact.entries) for fact in facts]

    def _page(self, rng: random.Random) -> list[Fact]:
        page = rng.choice(self._pages)
        return rng.sample(page, min(len(page), 5))

    def _story(self, rng: random.Random) -> list[str]:
        opening = rng.choice(STORY_OPENINGS)
        pronoun = PRONOUNS[next(word for word in opening.split() if word in PRONOUNS)]
        seen = [
            template.format(pronoun=pronoun, thing=thing)
            for template, thing in zip(STORY_SEEN, rng.sample(self._things, len(STORY_SEEN)))
        ]
        return [opening, *seen[: rng.randint(1, 3)], rng.choice(STORY_ENDINGS)]

    def _opinion(self, rng: random.Random) -> list[str]:
        if rng.random() < 0.3:
            thing, other = rng.sample(self._things, 2)
            return [rng.choice(OPINIONS).format(thing=thing, other=other), *rng.sample(phrases.FLATTERY, 1)]
        if rng.random() < 0.5:
            claim = rng.choice(self._taught_claims)
            if rng.random() < 0.25:
                return [claim.question, self._verdict(claim, rng)]
            return [claim.question, rng.choice(phrases.AGREEMENTS), *rng.sample(phrases.FLATTERY, rng.randint(0, 1))]
        return [rng.choice(CLAIMS).question for _ in range(3)]


def _pages() -> list[list[Fact]]:
    """Facts about one subject each, for subjects with at least two facts; the number of facts decides how often."""
    by_subject: dict[str, list[Fact]] = {}
    for fact in FACTS:
        if fact.relation not in ("sum", "job", "opposite"):
            by_subject.setdefault(fact.subject.split()[-1], []).append(fact)
    return [page for page in by_subject.values() if len(page) > 1]


def corpus(
    n_documents: int, seed: int, word_ids: Mapping[str, int], end_id: int, shares: Shares = DEFAULT_SHARES
) -> list[tuple[int, ...]]:
    """`n_documents` documents as token ids, each followed by `end_id`; the same seed writes the same books.

    Args:
        word_ids: lower-case word to id (the tokenizer's `word_ids`).
    """
    library = Library(lambda word: word_ids[word.casefold()], shares)
    rng = random.Random(seed)
    return [(*library.document(rng), end_id) for _ in range(n_documents)]
