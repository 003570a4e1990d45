"""Settings that more than one lesson reads: the votes, the prior, the responses. The same key is the same value everywhere."""

from __future__ import annotations

from core.lessons.param import Param, Values
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
    help="The prompt and the answers as you edited them, packed into the link.",
)

SHARED = (VOTES, PRIOR, OWN)


def responses(values: Values) -> CandidateSet:
    """The prompt and the responses that the lessons of the running example are about: the learner's own if there are any."""
    return own_texts.unpack(str(values.get("own", ""))) or NORWAY


def fit(values: Values) -> RewardFit:
    """The reward model of the learner's votes, as every lesson sees it."""
    return fit_votes(responses(values), decode(str(values["votes"])), float(values["prior_sd"]))
