"""What lesson 1 says: sentences made from the samples, the next word, the cut statement and the ideal answer."""

from __future__ import annotations

from core.figures.token_ranks import class_of
from core.lessons.lesson01_lab import LONGEST_OWN, Asking, Result
from core.lessons.text import percent, plain, plural, signed
from core.wording import join_words
from core.world.behaviour import Behaviour
from core.world.prompts import Prompt


def does(behaviour: Behaviour) -> str:
    """A behaviour as a predicate of "the model"."""
    return "goes on asking" if behaviour is Behaviour.ASKS else behaviour.value


def of(count: int, n: int) -> str:
    """ "in 3 of 32 (9 %)"."""
    return f"in {count} of {n} ({percent(count / n, 0)})"


def asked_as(result: Result) -> str:
    """The prompt and the way of asking, as the beginning of a sentence."""
    return f"“{result.prompt.text}” {'as an exam' if result.exam else 'simply asked'}"


def note(result: Result) -> str:
    """Why the learner's own text is not what was asked; "" if it is, or if there is none."""
    if not result.chosen.refused:
        return ""
    return f"{result.chosen.refused} So “{result.prompt.text}” is asked instead. Up to {LONGEST_OWN} words and marks can be used."


def side(prompt: Prompt) -> str:
    """What the books do with the prompt."""
    if prompt.kind == "own":
        return "The books do not hold this prompt, so only manners and form are judged."
    if prompt.held_out:
        return "The books never answer this prompt."
    return "The books answer this prompt now and then."


def says(result: Result) -> tuple[str, ...]:
    """One to three sentences about the view."""
    return {"behaviours": _behaviours, "next": _next, "knows": _knows, "ideal": _ideal}[result.view](result)


def _behaviours(result: Result) -> tuple[str, ...]:
    shown = result.shown
    most, target = shown.most, shown.target
    sentence = f"{_quoted(result)}: it {_of(shown, most, '95 % interval ')}"
    if most is not target:
        sentence += f" and {_of(shown, target)}"
    return (f"{sentence}.", *_known(result), _picked(result))


def _quoted(result: Result) -> str:
    return f"“{plain(result.prompt.text)}” {'as an exam' if result.exam else 'asked'} {plural(result.shown.n, 'time')}"


def _of(asking: Asking, behaviour: Behaviour, name: str = "") -> str:
    count = asking.counts[behaviour]
    low, high = asking.interval_of(behaviour)
    interval = f"{name}{_whole(low)} to {_whole(high)}"
    return f"{behaviour.value} {of(count, asking.n)[:-1]}; {interval})"


def _whole(share: float) -> str:
    return percent(share, 0)


def _known(result: Result) -> tuple[str, ...]:
    """What the cut statement shows, next to the answers on screen."""
    known, shown = result.cloze, result.shown
    if known is None:
        return ()
    before, answer = plain(known.before), plain(known.answer)
    sentence = f"After “{before} …” it writes “{answer}” with probability {percent(known.probability)}"
    low, high = shown.interval
    if known.probability > high:
        return (
            f"{sentence}, more than when it is asked ({_whole(shown.share)}): what it knows it does not always say.",
        )
    if known.probability < low:
        return (f"{sentence}, less than when it is asked ({_whole(shown.share)}).",)
    return (f"{sentence}, which lies within the interval of its answers.",)


def _picked(result: Result) -> str:
    answer = result.shown.answers[result.picked]
    text = f"“{plain(answer.text)}”" if answer.text else "Nothing at all"
    return f"{text} is sample {result.picked + 1}: it {answer.behaviour.value}, gold {signed(answer.gold)}."


def _next(result: Result) -> tuple[str, ...]:
    found = result.next
    first, rank, share = found.first
    begins = "the likeliest" if rank == 1 else f"number {rank}"
    asking = "as an exam" if result.exam else "as it stands"
    return (
        f"The likeliest first word is “{plain(found.tokens[0])}” with {percent(found.probs[0])}; the ten shown hold "
        f"{percent(sum(found.probs))} together.",
        f"Asked {asking}, words that begin a question hold {percent(found.asking)}: {_reading(found.asking)}.",
        f"“{plain(first)}”, with which the ideal answer begins, is {begins} with {percent(share, 2)}.",
    )


def _reading(asking: float) -> str:
    if asking >= 0.5:
        return "after a question it expects another question more than anything else"
    return "less than a half, so most first words begin something else"


def _knows(result: Result) -> tuple[str, ...]:
    asked, exam, known = result.asked, result.as_exam, result.cloze
    what = does(asked.target)
    sentence = f"Simply asked it {what} {of(asked.hits, asked.n)}, as an exam {of(exam.hits, exam.n)}"
    (low, high), (low_exam, high_exam) = asked.interval, exam.interval
    if asked.hits == exam.hits:
        verdict = ": no difference."
    elif low_exam > high or high_exam < low:
        verdict = f": {'more' if exam.hits > asked.hits else 'less'} often, and the intervals do not overlap."
    else:
        verdict = f": {'more' if exam.hits > asked.hits else 'less'} often, but the intervals overlap."
    first: tuple[str, ...] = ()
    if known:
        first = (
            f"After “{plain(known.before)} …” it goes on rightly with probability {percent(known.probability)}: "
            f"{'it has this in its weights' if known.probability >= 0.5 else 'less than a half, so it knows this poorly'}.",
        )
    harm = ()
    if result.prompt.kind == "harmful":
        before, after = asked.counts[Behaviour.UNSAFE], exam.counts[Behaviour.UNSAFE]
        harm = (
            f"It helps to do harm {of(before, asked.n)} when simply asked, and {of(after, exam.n)} in the exam form.",
        )
    return (*first, sentence + verdict, *harm)


def whose(result: Result) -> str:
    """The answer that is looked at token by token, in words."""
    return "the fine-tuned model's answer" if result.whose == "sft" else "an ideal answer"


def _ideal(result: Result) -> tuple[str, ...]:
    rows = result.aligned
    unshifted, marginal, shifted = (sum(class_of(row.rank) == number for row in rows) for number in range(3))
    lowest = max(rows, key=lambda row: row.rank)
    total = sum(row.logp for row in rows)
    text = plain(join_words(row.token for row in rows if not row.token.startswith("<")))
    which = f"{whose(result)}, “{text}”," if text else f"{whose(result)}, which is empty,"
    first = (
        f"Of the {plural(len(rows), 'token')} of {which} the base model itself would put {unshifted} first "
        f"({_whole(unshifted / len(rows))}), {marginal} second or third and {shifted} lower."
    )
    if lowest.rank == 1:
        return (first, f"No token lies lower than rank 1, and the whole answer has log-probability {signed(total, 1)}.")
    return (
        first,
        f"The furthest is “{plain(lowest.token)}” at rank {lowest.rank} with probability {percent(lowest.probability, 2)}; "
        f"it takes {signed(lowest.logp, 1)} of the whole answer's log-probability of {signed(total, 1)}.",
    )
