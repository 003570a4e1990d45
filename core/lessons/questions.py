"""The five questions that everybody asks: a straight answer, a small figure from a lesson's own lab, and where it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from core.figures.chart import Chart
from core.lessons.catalogue import lesson
from core.lessons.lesson import Source
from core.lessons.lesson08 import Result
from core.lessons.param import Value, Values
from core.lessons.shared_params import recordings
from core.lessons.text import percent, plural
from core.world.candidates import NORWAY
from core.world.simulated_voter import SimulatedVoter
from core.world.votes import encode, pair_shown


@dataclass(frozen=True)
class AskedByAll:
    """One question, three sentences, their sources, and the lesson with the settings in which the lab shows the answer."""

    key: str
    question: str
    answer: str
    sources: tuple[Source, ...]
    lesson: int
    settings: Mapping[str, Value]

    def values(self, shared: Values) -> dict[str, Value]:
        """The lesson's settings for the figure: its defaults, the learner's shared ones, then what the question needs."""
        shown = lesson(self.lesson)
        assert shown is not None, f"Lesson {self.lesson} is named by a question and has to be built."
        defaults = shown.defaults()
        values = {**defaults, **{k: v for k, v in shared.items() if k in defaults}, **self.settings}
        if self.key == "reward" and not values["votes"]:
            values["votes"] = simulated_votes()
        return values

    def chart(self, shared: Values) -> tuple[Chart, tuple[str, ...]]:
        """The figure and the sentences that its numbers give."""
        shown = lesson(self.lesson)
        assert shown is not None
        result = shown.result(self.values(shared))
        says = shown.says(result)
        if self.key == "sft":
            says = (_since_the_start(result), says[-1])  # the lesson's first sentences are about its last update alone
        return replace(shown.figures(result)[0], recordings=recordings(result)), says


def _since_the_start(result: Result) -> str:
    """The responses that lost most between the fine-tuned model and the step on screen."""
    start, now, names = result.probs(0), result.probs(result.step), result.candidates.names
    order = sorted(range(len(names)), key=lambda k: now[k] - start[k])
    fell = [
        f"“{names[k]}” from {percent(start[k])} to {percent(now[k])}" for k in order[:2] if start[k] - now[k] >= 5e-4
    ]
    return f"In {plural(result.step, 'update')} these fell: {' and '.join(fell)}." if fell else "No bar has fallen."


@lru_cache(maxsize=1)
def simulated_votes() -> str:
    """Ten votes of the simulated voter, for a figure that needs votes before the learner has given any."""
    rng = np.random.default_rng(0)
    voter = SimulatedVoter()
    return encode(tuple(voter.vote(NORWAY, pair_shown(k, 0), rng) for k in range(10)))


INSTRUCT = Source("Ouyang et al. 2022, InstructGPT", "https://arxiv.org/abs/2203.02155")
BOOK = Source("Lambert, RLHF Book", "https://rlhfbook.com")

QUESTIONS: tuple[AskedByAll, ...] = (
    AskedByAll(
        "sft",
        "What does RLHF actually do that supervised fine-tuning can't?",
        "Supervised fine-tuning can only raise the likelihood of answers that it is shown; it cannot say that an answer is bad. RLHF "
        "lets the model answer by itself, scores whole answers, and can push bad ones down. Watch the bars of the worse answers shrink: "
        "their low scores push them down.",
        (BOOK, INSTRUCT),
        8,
        {"l8_step": 8, "l8_sub": "7", "l8_mode": "exact"},
    ),
    AskedByAll(
        "reward",
        "How does the reward model get trained from preference labels?",
        "Take the fine-tuned model and let it give each answer one number. For every vote the loss is −log σ of the winner's score "
        "minus the loser's, so only differences count. Real ones train for about one epoch, grouped by prompt, and are then "
        "shifted to a mean of zero.",
        (INSTRUCT, Source("Stiennon et al. 2020", "https://arxiv.org/abs/2009.01325")),
        6,
        {"l6_view": "surface", "l6_step": 24},
    ),
    AskedByAll(
        "ppo",
        "Why does RLHF use PPO instead of plain gradient descent?",
        "The reward is a score on sampled words, and one cannot differentiate through a sample, so the policy gradient weighs "
        "log-probabilities by the reward. PPO adds that one batch may be used several times, and clips what has moved far enough. "
        "It is a choice, not a law: plain REINFORCE has been enough in published work.",
        (
            Source("Schulman et al. 2017, PPO", "https://arxiv.org/abs/1707.06347"),
            Source("Lee et al. 2023, RLAIF (REINFORCE)", "https://arxiv.org/abs/2309.00267"),
        ),
        7,
        {"l7_view": "epochs", "l7_step": 12},
    ),
    AskedByAll(
        "dpo",
        "How is DPO different from classic RLHF, and when should you use it?",
        "On paper both aim at the same KL-regularised optimum; DPO gets there by classifying the given pairs, without a reward "
        "model and without sampling. Use it when the pairs come from a model like yours and speed of iteration matters. Where "
        "answers will move away from the pairs, and a scorer can be trusted, online RL has the advantage.",
        (
            Source("Rafailov et al. 2023, DPO", "https://arxiv.org/abs/2305.18290"),
            Source("Xu et al. 2024", "https://arxiv.org/abs/2404.10719"),
        ),
        10,
        {"l10_view": "routes", "l10_step": 30},
    ),
    AskedByAll(
        "labels",
        "How many preference labels do you need to fine-tune a useful reward model?",
        "In one controlled study fewer than about 2,000 comparisons brought very little over chance. Published projects used from "
        "5,000 (style) and 60,000 (summaries) to 1.4 million labels. Quality, and labels on answers of your own model, come before "
        "number; in the toy world of the figure a handful already tells something.",
        (
            Source("Gao et al. 2022", "https://arxiv.org/abs/2210.10760"),
            Source("Ziegler et al. 2019", "https://arxiv.org/abs/1909.08593"),
            Source("Touvron et al. 2023, Llama 2", "https://arxiv.org/abs/2307.09288"),
        ),
        6,
        {"l6_view": "held"},
    ),
)
