"""Settings that more than one lesson reads: the votes, the prior, the responses. The same key is the same value everywhere."""

from __future__ import annotations

from typing import Any

from core.lessons.param import Param, Values
from core.stages import starting_points
from core.stages.reward_fit import RewardFit, fit_votes
from core.world import own_texts
from core.world.candidates import NORWAY, CandidateSet
from core.world.votes import decode

VOTES = Param(
    "votes", "Your votes", "votes", "", help="Your votes on pairs of answers, carried in the link.", widget="panel"
)
PRIOR = Param(
    "prior_sd",
    "Prior width (σ₀)",
    "float",
    1.0,
    marks=(0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0),
    symbol=r"\sigma_0",
    help="Before any vote each weight is thought to lie within about ±σ₀ of zero. Small: votes are believed slowly.",
)

OWN = Param(
    "own",
    "Your own prompt and answers",
    "text",
    "",
    widget="panel",
    max_characters=own_texts.MAX_CODE,
    accepts=lambda code: own_texts.unpack(code) is not None,
    help="The prompt and the answers as you edited them, packed into the link.",
)

HAND = "hand"
_RECORDED = starting_points.load()
_PROMPTS = (
    tuple((point.key, point.prompt) for point in _RECORDED.points) if _RECORDED else ((NORWAY.key, NORWAY.prompt),)
)

START = Param(
    "start",
    "The policy starts from",
    "choice",
    "sft" if _RECORDED else HAND,
    options=(
        (HAND, "probabilities set by hand"),
        *((("sft", "the tiny LM after SFT"), ("base", "the tiny LM before SFT")) if _RECORDED else ()),
    ),
    widget="panel",
    help="Whose probabilities the reference policy has: set by hand, or the tiny language model's own for these eight answers.",
)
EXAMPLE = Param(
    "example",
    "Prompt",
    "choice",
    NORWAY.key,
    options=_PROMPTS,
    widget="panel",
    shown_if=("start", ("sft", "base")),
    help="Prompts that the tiny LM never saw answered in training.",
)
EVEN = Param(
    "even",
    "Stated temperature, so that every bar can be seen",
    "bool",
    True,
    widget="panel",
    shown_if=("start", ("sft", "base")),
    help="The model's log-probabilities of whole answers lie far apart. The smallest temperature is used at which no answer "
    "holds less than 1 %; off: temperature 1.",
)

PLACE = (OWN, START, EXAMPLE, EVEN)
SHARED = (VOTES, PRIOR, *PLACE)
CARRIED = tuple(param.key for param in SHARED)


def responses(values: Values) -> CandidateSet:
    """The prompt and the responses that the lessons of the running example are about, and where the policy starts: the
    learner's own words, else a recorded prompt of the tiny LM, else the example that was set by hand."""
    own = own_texts.unpack(str(values.get("own", "")))
    if own is not None:
        return own
    start = str(values.get("start", HAND))
    if start != HAND:
        found = starting_points.candidate_set(str(values["example"]), start, bool(values["even"]))
        if found is not None:
            return found
    return NORWAY


def hand_made(candidates: CandidateSet) -> tuple[str, ...]:
    """What a chart of these responses has to call an illustration."""
    return () if candidates.recorded else ("reference",)


def recordings(result: Any) -> tuple[str, ...]:
    """What in a lesson's charts was recorded: the reference policy, where the tiny LM gave it."""
    candidates = getattr(result, "candidates", None)
    return ("reference",) if candidates is not None and candidates.recorded else ()


def fit(values: Values) -> RewardFit:
    """The reward model of the learner's votes, as every lesson sees it."""
    return fit_votes(responses(values), decode(str(values["votes"])), float(values["prior_sd"]))
