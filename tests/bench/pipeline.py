"""The workbench on 10,000 pairs with 20,000 labels: the quick checks, and what follows with progress.

    python -m tests.bench.pipeline [--save]

Processor seconds of one thread, so that other work on the machine does not blur them; nothing here waits for anything else.
Goals: all checks without bootstrap and near-duplicates within 2 s, one label-budget simulation within 1 s.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from core.lessons import pipeline_sizing as sizing
from core.lessons.pipeline_report import agreement_intervals, near_duplicates, report
from core.pipeline.model import Candidate, GoldQuestion, Label, Project, Prompt
from core.stages.own_policy import run
from core.statistics.label_budget import BudgetSetup, simulate
from tests.bench.baseline import report as show

PAIRS = 10_000
WORDS = 60
GOALS = {"checks_s": 2.0, "checks_long_s": 2.0, "checks_four_s": 2.0, "budget_s": 1.0, "budget_largest_s": 1.0}


def project(pairs: int = PAIRS, words: int = WORDS, four: bool = False) -> Project:
    """`pairs` prompts with two responses each (or a sixth as many with four), every pair judged by two of five people."""
    rng = random.Random(0)
    dictionary = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(3000)]

    def text(length: int) -> str:
        return " ".join(rng.choices(dictionary, k=rng.randint(length // 2, 3 * length // 2)))

    def prompt(number: int) -> Prompt:
        names = "abcd" if four else "ab"
        return Prompt.from_text(f"p{number}", text(20), tuple(Candidate(id=name, text=text(words)) for name in names))

    prompts = tuple(prompt(number) for number in range(pairs // 6 if four else pairs))
    labels = []
    for one in prompts:
        names = [candidate.id for candidate in one.candidates]
        for left, right in [(a, b) for a in names for b in names if a < b]:
            for who in rng.sample("VWXYZ", 2):
                sides = (left, right) if rng.random() < 0.5 else (right, left)
                verdict = rng.choice(("A", "A", "B", "B", "tie"))
                labels.append(
                    Label(prompt_id=one.id, left=sides[0], right=sides[1], verdict=verdict, labeller=who, seconds=30.0)
                )
    gold = tuple(GoldQuestion(prompt_id=one.id, better="a", worse="b") for one in prompts[:100])
    return Project.model_construct(
        **{**Project(title="bench").__dict__, "prompts": prompts, "labels": tuple(labels), "gold": gold}
    )


def timed(work: Callable[[], Any]) -> float:
    """Processor seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def drained(steps: Iterator[Any]) -> Any:
    """The last of many."""
    last = None
    for last in steps:  # noqa: B007
        pass
    return last


def main() -> None:
    """Measure each part once, after a small project has loaded what is loaded on first use."""
    torch.set_num_threads(1)
    small = project(50)
    report(small)
    drained(near_duplicates(small))
    simulate(BudgetSetup(budget=100, features=2))
    whole = project()
    three = tuple((a, b, 1.0) for a, b in ((0, 1), (1, 2), (0, 2), (2, 0)))
    parts: dict[str, Callable[[], Any]] = {
        "checks": lambda: report(whole),
        "checks_long": lambda: report(long),
        "checks_four": lambda: report(of_four),
        "bootstrap_1000": lambda: drained(agreement_intervals(whole)),
        "near_duplicates": lambda: drained(near_duplicates(whole)),
        "budget": lambda: simulate(BudgetSetup()),
        "budget_largest": lambda: simulate(BudgetSetup(budget=8192, features=48)),
        "effect": lambda: run(sizing.OwnPolicySetup(3, three)),
        "suite": lambda: sizing.suite(whole),
    }
    long, of_four = project(words=5 * WORDS), project(four=True)
    figures: dict[str, float] = {}
    for name, work in parts.items():
        figures[f"{name}_s"] = timed(work)
    show(
        "pipeline",
        figures,
        GOALS,
        f"{PAIRS:,} pairs, {len(whole.labels):,} labels, {WORDS} words a response (long: {5 * WORDS}); once each",
    )


if __name__ == "__main__":
    main()
