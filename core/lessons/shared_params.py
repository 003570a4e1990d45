"""Settings that more than one lesson reads: the votes, the prior, the responses. The same key is the same value everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.lessons.lesson import Work
from core.lessons.param import Param, Values
from core.lessons.text import number, plain
from core.stages import starting_points, walk_policy
from core.stages.reward_fit import RewardFit, fit_votes
from core.stages.trace_sft import scene
from core.stages.walk_policy import WalkPoint, walked_logps
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
        *(
            (("sft", "the tiny LM after SFT"), ("base", "the tiny LM before SFT"), ("walk", "your walk of lesson 5"))
            if _RECORDED
            else ()
        ),
    ),
    widget="panel",
    help="Whose probabilities the reference policy has: set by hand, or the tiny language model's own for these eight answers; "
    "“your walk” is the model as lesson 5 left it, with its settings and at its step.",
)
EXAMPLE = Param(
    "example",
    "Prompt",
    "choice",
    NORWAY.key,
    options=_PROMPTS,
    widget="panel",
    shown_if=("start", ("sft", "base", "walk")),
    help="Prompts that the tiny LM never saw answered in training.",
)
EVEN = Param(
    "even",
    "Stated temperature, so that every bar can be seen",
    "bool",
    True,
    widget="panel",
    shown_if=("start", ("sft", "base", "walk")),
    help="The model's log-probabilities of whole answers lie far apart. The smallest temperature is used at which no answer "
    "holds less than 1 %; off: temperature 1.",
)

WALK = Param(
    "walk",
    "Your walk of lesson 5",
    "text",
    "",
    widget="panel",
    max_characters=walk_policy.MAX_CODE,
    accepts=lambda code: walk_policy.unpack(code) is not None,
    help="The settings and the step at which lesson 5 stood, for a policy that starts from there.",
)

PLACE = (OWN, START, EXAMPLE, EVEN, WALK)
SHARED = (VOTES, PRIOR, *PLACE)
CARRIED = tuple(param.key for param in SHARED)


def responses(values: Values) -> CandidateSet:
    """The prompt and the responses that the lessons of the running example are about, and where the policy starts: the
    learner's own words, else a recorded prompt of the tiny LM, else the example that was set by hand."""
    own = own_texts.unpack(str(values.get("own", "")))
    if own is not None:
        return own
    start = str(values.get("start", HAND))
    if start == "walk":
        found = starting_points.walked_set(str(values["example"]), walk_point(values), bool(values["even"]))
        if found is not None:
            return found
    elif start != HAND:
        found = starting_points.candidate_set(str(values["example"]), start, bool(values["even"]))
        if found is not None:
            return found
    return NORWAY


def walk_point(values: Values) -> WalkPoint:
    """The point of lesson 5's walk that the settings name."""
    return walk_policy.unpack(str(values.get("walk", ""))) or WalkPoint()


def example_of(prompt: str) -> str | None:
    """The key of a prompt that the whiteboards have answers to; None for another prompt."""
    return next((key for key, text in _PROMPTS if text == prompt), None)


def walk_note(values: Values) -> str:
    """What lesson 5 says of the same policy: the loss of its demonstration, where that is one of the answers; else ""."""
    point, candidates = walk_point(values), responses(values)
    if values.get("start") != "walk" or candidates.key == "own" or point.config.prompt != candidates.prompt:
        return ""
    told = scene(point.config)
    texts = [candidate.text for candidate in candidates.candidates]
    if told.answer not in texts:
        return ""
    place = texts.index(told.answer)
    loss = -walked_logps(point, candidates.prompt, texts)[place] / told.n_answer
    return (
        f"“{plain(candidates.names[place])}” is lesson 5's demonstration and costs this model {number(loss, 3)} nats per token, "
        "as in the formula there."
    )


def prepare(values: Values) -> Work | None:
    """The steps of lesson 5's walk that have to be made again before a policy can start from there; None in all other cases."""
    if values.get("start") != "walk" or own_texts.unpack(str(values.get("own", ""))) is not None:
        return None
    start, point = walk_point(values), starting_points.walked_point(str(values["example"]))
    if point is None or walk_policy.at_hand(start, point.prompt, point.texts):
        return None

    def walk() -> Iterator[float]:
        walk_policy.policy(start)
        yield 1.0

    return Work(f"walk/{start.pack()}", walk, f"Going {start.steps} steps of your walk")


def hand_made(candidates: CandidateSet) -> tuple[str, ...]:
    """What a chart of these responses has to call an illustration."""
    return () if candidates.recorded or candidates.live else ("reference",)


def recordings(result: Any) -> tuple[str, ...]:
    """What in a lesson's charts was recorded: the reference policy, where the tiny LM gave it."""
    candidates = getattr(result, "candidates", None)
    return ("reference",) if candidates is not None and candidates.recorded else ()


def fit(values: Values) -> RewardFit:
    """The reward model of the learner's votes, as every lesson sees it."""
    return fit_votes(responses(values), decode(str(values["votes"])), float(values["prior_sd"]))
