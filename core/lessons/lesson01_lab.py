"""What lesson 1 measures: the same base model completing a statement, simply asked, and asked as an exam."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Literal

import torch

from core.policies.tokenizer import UnknownWordError
from core.stages import stored
from core.stages.asked import NEW_TOKENS, AskConfig, answers, base, is_recorded
from core.stages.drawing import Drawn, draw
from core.stages.evaluate import exam_prompt
from core.stages.sequences import NextToken, TokenRow, next_token, over_candidates, token_rows
from core.stages.shared import Shared
from core.stages.world_task import cloze, tokenizer
from core.statistics.proportions import wilson
from core.world import phrases
from core.world.behaviour import BEST_BEHAVIOUR, Behaviour, classify
from core.world.candidate_sets import response_set
from core.world.claims import Claim
from core.world.facts import Fact
from core.world.gold import score
from core.world.howtos import HowTo
from core.world.prompts import Prompt, find_prompt, item_of, prompts

Whose = Literal["sft", "ideal"]
View = Literal["behaviours", "next", "knows", "ideal"]
DEFAULT_PROMPT = "What is the capital of Norway?"
LONGEST_OWN = 18
TOP = 10
TABLE_ROWS = 8
FRIENDLY = 1  # of the eight responses to a prompt: the best one, with an opening and a closing


@dataclass(frozen=True)
class Chosen:
    """The prompt that is asked, and why it is not the learner's own text ("": it is what was chosen)."""

    prompt: Prompt
    refused: str = ""


def own_prompt(text: str) -> Chosen:
    """The learner's text as a prompt; one that cannot be used is replaced by the default, and said."""
    fallback = find_prompt(DEFAULT_PROMPT)
    try:
        ids = tokenizer().encode(text)
    except UnknownWordError as problem:
        return Chosen(fallback, str(problem))
    if not ids:
        return Chosen(fallback, "Nothing is written yet.")
    if len(ids) > LONGEST_OWN:
        return Chosen(fallback, f"The text has {len(ids)} words and marks; {LONGEST_OWN} are the most here.")
    return Chosen(find_prompt(text))


@dataclass(frozen=True)
class Sampled:
    """One sampled answer, what it does, and its gold."""

    text: str
    behaviour: Behaviour
    gold: float


@dataclass(frozen=True)
class Asking:
    """N answers to one way of asking, and the behaviour that the prompt calls for."""

    answers: tuple[Sampled, ...]
    target: Behaviour

    @property
    def n(self) -> int:
        """How many answers."""
        return len(self.answers)

    @cached_property
    def counts(self) -> dict[Behaviour, int]:
        """How often each behaviour followed; all behaviours, in their fixed order."""
        found = Counter(answer.behaviour for answer in self.answers)
        return {behaviour: found[behaviour] for behaviour in Behaviour}

    @property
    def hits(self) -> int:
        """How often the prompt got what it calls for."""
        return self.counts[self.target]

    @property
    def share(self) -> float:
        """`hits` of n."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % score interval of `share`."""
        return wilson(self.hits, self.n)

    @property
    def most(self) -> Behaviour:
        """The most frequent behaviour; the wanted one wins a tie."""
        return max(Behaviour, key=lambda behaviour: (self.counts[behaviour], behaviour is self.target))

    def interval_of(self, behaviour: Behaviour) -> tuple[float, float]:
        """95 % score interval of the share of one behaviour."""
        return wilson(self.counts[behaviour], self.n)

    @cached_property
    def table(self) -> tuple[tuple[float, float, float], ...]:
        """(share, low, high) of every behaviour."""
        return tuple((count / self.n, *self.interval_of(behaviour)) for behaviour, count in self.counts.items())


def spaced(words: str) -> str:
    """A text of the world with its marks where a reader expects them: "to boil an egg ," → "to boil an egg,"."""
    return re.sub(r" ([.,?!])", r"\1", words)


def target_of(prompt: Prompt) -> Behaviour:
    """What the prompt calls for. Of a text that the world does not know only manners can be judged: it is counted how
    often the model goes on asking."""
    return BEST_BEHAVIOUR.get(prompt.kind, Behaviour.ASKS)


_judged: Shared[Asking] = Shared(512)


def ask(prompt: Prompt, temperature: float, n: int, seed: int, exam: bool) -> Asking:
    """`n` sampled answers, judged. In the exam form an answer ends where the model writes the next question of the exam."""
    config = AskConfig(prompt.text, exam, temperature, seed)
    return _judged.get((config, n), lambda: _judge(prompt, answers(config, n)))


def _judge(prompt: Prompt, drawn: Sequence[Drawn]) -> Asking:
    words = tokenizer()
    texts = [(words.decode(answer.ids), answer.finished) for answer in drawn]
    found = [Sampled(text, classify(prompt, text), score(prompt, text, done).total) for text, done in texts]
    return Asking(tuple(found), target_of(prompt))


@dataclass(frozen=True)
class Cloze:
    """A statement of the books cut before what was asked for, and the exact probability of going on rightly."""

    before: str
    answer: str
    logps: tuple[float, ...]
    probability: float


@lru_cache(maxsize=256)
def complete(prompt: Prompt) -> Cloze | None:
    """The cut statement about what the prompt asks; None where the books state no right answer."""
    item = item_of(prompt)
    if isinstance(item, HowTo):
        before, answer = f"to {item.task} ,", f"{item.steps[0]} . then {item.steps[1]} ."
    elif isinstance(item, Fact | Claim):
        before, answer = cloze(item.fact if isinstance(item, Claim) else item)
    else:
        return None
    rows = token_rows(base(), tokenizer(), before, answer)[:-1]  # without <end>: the text may go on
    logps = torch.tensor([row.logp for row in rows], dtype=torch.float64)
    return Cloze(spaced(before), spaced(answer), tuple(logps.tolist()), logps.sum().exp().item())


@dataclass(frozen=True)
class NextWords:
    """The next token's distribution at the sampling temperature, the most probable first.

    `plain` holds the probabilities at temperature 1, `logps` their logarithms; `asking` is the probability of all words
    that begin a question; `first` is the first token of the ideal answer, with its rank and probability.
    """

    tokens: tuple[str, ...]
    probs: tuple[float, ...]
    plain: tuple[float, ...]
    logps: tuple[float, ...]
    rest: float
    asking: float
    first: tuple[str, int, float]
    entropy: float


@cache
def question_words() -> frozenset[str]:
    """Words with which the questions of the world begin, claims ("I think …") left out."""
    return frozenset(
        prompt.text.split()[0].casefold() for prompt in prompts(all_wordings=True) if prompt.kind != "claim"
    )


@lru_cache(maxsize=256)
def next_words(prompt: Prompt, temperature: float, exam: bool) -> NextWords:
    """What the model would write first."""
    text = exam_prompt(prompt) if exam else prompt.text
    whole: NextToken = next_token(base(), tokenizer(), text, n=len(tokenizer()))
    tokens = [token for token, _ in whole.most_probable]
    plain = torch.tensor([p for _, p in whole.most_probable], dtype=torch.float64).clamp_min(1e-38)
    logps = plain.log()
    probs = over_candidates(logps, temperature)
    first = ideal_answer(prompt, exam)[0].token
    place = tokens.index(first)
    return NextWords(
        tokens=tuple(tokens[:TOP]),
        probs=tuple(probs[:TOP].tolist()),
        plain=tuple(plain[:TOP].tolist()),
        logps=tuple(logps[:TOP].tolist()),
        rest=temperature * torch.logsumexp(logps[TOP:] / temperature, dim=0).item(),
        asking=sum(p for token, p in zip(tokens, probs.tolist(), strict=True) if token.casefold() in question_words()),
        first=(first, place + 1, probs[place].item()),
        entropy=-(probs * probs.clamp_min(1e-300).log()).sum().item(),
    )


@lru_cache(maxsize=256)
def ideal_answer(prompt: Prompt, exam: bool) -> tuple[TokenRow, ...]:
    """Every token of an ideal answer as the base model sees it; for a text that the world does not know, an honest one."""
    known = item_of(prompt) is not None
    answer = response_set(prompt).candidates[FRIENDLY].text if known else phrases.HONESTY[0]
    return token_rows(base(), tokenizer(), exam_prompt(prompt) if exam else prompt.text, answer)


@lru_cache(maxsize=256)
def tuned_answer(prompt: Prompt, exam: bool) -> tuple[TokenRow, ...]:
    """What the stored SFT model answers with its likeliest tokens, every token as the *base* model sees it behind the same
    words: the comparison of Lin et al. 2023 (URIAL).

    Raises:
        CheckpointError: the SFT model is missing.
    """
    text, words = exam_prompt(prompt) if exam else prompt.text, tokenizer()
    (drawn,) = draw(stored.sft().model, [words.encode(text)], None, max_new_tokens=NEW_TOKENS)
    rows = token_rows(base(), words, text, words.decode(drawn.ids))
    return rows if drawn.finished else rows[:-1]


@dataclass(frozen=True, eq=False)
class Result:
    """Everything on screen, computed when a view asks for it."""

    view: View
    chosen: Chosen
    temperature: float
    n: int
    seed: int
    exam: bool
    picked: int
    whose: Whose

    @property
    def prompt(self) -> Prompt:
        """The prompt that is asked."""
        return self.chosen.prompt

    def recorded(self, exam: bool) -> bool:
        """Whether the answers to this way of asking were recorded."""
        return is_recorded(AskConfig(self.prompt.text, exam, self.temperature, self.seed), self.n)

    @cached_property
    def asked(self) -> Asking:
        """Answers to the bare prompt."""
        return ask(self.prompt, self.temperature, self.n, self.seed, False)

    @cached_property
    def as_exam(self) -> Asking:
        """Answers to the same prompt in the exam form."""
        return ask(self.prompt, self.temperature, self.n, self.seed, True)

    @property
    def shown(self) -> Asking:
        """Answers to the way of asking that is chosen."""
        return self.as_exam if self.exam else self.asked

    @cached_property
    def cloze(self) -> Cloze | None:
        """The cut statement, where there is one."""
        return complete(self.prompt)

    @cached_property
    def next(self) -> NextWords:
        """What comes first."""
        return next_words(self.prompt, self.temperature, self.exam)

    @cached_property
    def ideal(self) -> tuple[TokenRow, ...]:
        """The ideal answer, token by token."""
        return ideal_answer(self.prompt, self.exam)

    @cached_property
    def aligned(self) -> tuple[TokenRow, ...]:
        """The answer whose tokens are looked at: the fine-tuned model's own, or the ideal one."""
        return tuned_answer(self.prompt, self.exam) if self.whose == "sft" else self.ideal
