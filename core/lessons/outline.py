"""The path: four phases and fourteen lessons with their titles, minutes and promises, built or not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """One page of the app; `page` is its file's stem under pages/ and its path in the address."""

    number: int
    title: str
    short: str
    page: str


@dataclass(frozen=True)
class Outline:
    """What is fixed about a lesson before it is built. `promise` completes "You will be able to …"."""

    number: int
    phase: int
    title: str
    short: str
    minutes: int
    promise: str


PHASES: tuple[Phase, ...] = (
    Phase(1, "Why pretrained models fail", "Why pretrained fails", "why_pretrained_models_fail"),
    Phase(2, "Trace one example", "Trace one example", "trace_one_example"),
    Phase(3, "DPO, constitutional AI, online vs offline", "DPO, CAI, online", "dpo_cai_online"),
    Phase(4, "Sketch your pipeline", "Your pipeline", "pipeline_sketch"),
)

OUTLINES: tuple[Outline, ...] = (
    Outline(1, 1, "Pretrained models are smart but uncooperative", "Base model", 6,
            "tell what a model knows from what it says, and show both in numbers."),
    Outline(2, 1, "Supervised fine-tuning hits a wall fast", "SFT's wall", 6,
            "say what demonstrations teach, where they stop helping, and where they win."),
    Outline(3, 1, "RLHF is a three-stage relay, not one trick", "Relay", 7,
            "name what each stage hands to the next, and what breaks when a stage is left out."),
    Outline(4, 1, "Comparisons beat ratings, and the math says why", "Comparisons", 6,
            "say when comparing two answers tells more than rating each, and when it does not."),
    Outline(5, 2, "Walk one prompt through SFT and watch the loss", "SFT", 7,
            "read a loss token by token, and say what falls when it falls."),
    Outline(6, 2, "Build the world's smallest reward model in your head", "Reward model", 7,
            "turn a handful of your own votes into scores, and say how sure they are."),
    Outline(7, 2, "PPO is just policy gradient with a leash", "Leashes", 7,
            "say what clipping does to each answer, and which of two leashes holds you."),
    Outline(8, 2, "Run one PPO step on a toy and watch the policy shift", "PPO step", 8,
            "say which number moved each bar, and what stopped it from moving further."),
    Outline(9, 2, "Stitch the three stages into one mental diagram", "Diagram", 6,
            "draw the whole of RLHF with your own numbers on every arrow."),
    Outline(10, 3, "Your team wants RLHF — but no PPO infrastructure", "DPO", 7,
            "say what DPO computes from the same pairs, and when it is the better choice."),
    Outline(11, 3, "Your labelers can't keep up with your data needs", "AI feedback", 7,
            "weigh human labels against AI labels: noise, bias and money."),
    Outline(12, 3, "Your aligned model regresses in production", "Regression", 7,
            "notice a regression, judge whether it is real, and repair it."),
    Outline(13, 3, "Your reward model has stopped helping", "Over-optimisation", 8,
            "see over-optimisation coming, and choose when to stop or refresh."),
    Outline(14, 4, "Sketch a preference-data pipeline for one real prompt", "Pipeline", 8,
            "leave with a labelling plan, a budget and files that training code reads."),
)  # fmt: skip


def outline(number: int) -> Outline:
    """The outline of lesson `number` (1 … 14). Raises KeyError for another number."""
    return {entry.number: entry for entry in OUTLINES}[number]


def in_phase(phase: int) -> tuple[Outline, ...]:
    """The lessons of one phase, in order."""
    return tuple(entry for entry in OUTLINES if entry.phase == phase)
