"""Time and memory of the relay: loading, first visible step, every leg, and the whole.

    python -m tests.bench.relay [--seed S] [--save]

Runs in a process of its own, as a visitor's first run does. "Before" is after importing torch and the stages and
loading the weights; "during" is the highest value up to the end of the relay.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

GOALS = {"load_s": 0.5, "first_step_s": 1.0, "relay_s": 30.0, "rss_before_mb": 260.0, "rss_during_mb": 550.0}


def peak_mb() -> float:
    """Highest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measure(seed: int, weights: Path | None) -> dict[str, float]:
    """The figures; imports happen here, because they are part of what is measured."""
    start = time.perf_counter()
    import torch

    torch.set_num_threads(1)
    imported = time.perf_counter()
    from core.lm_records import Evaluation, HandOver, PolicyGradientStep, SupervisedStep
    from core.stages.relay import RelayConfig, RelayState, relay
    from core.stages.world_task import WEIGHTS, load_base, world_task

    task = world_task()
    state = RelayState(load_base(weights or WEIGHTS).model)
    loaded = time.perf_counter()
    figures = {"import_torch_s": imported - start, "load_s": loaded - imported, "rss_before_mb": peak_mb()}
    first: float | None = None
    marks: list[tuple[str, float]] = []
    for record in relay(state, task, RelayConfig(seed=seed)):
        now = time.perf_counter()
        if isinstance(record, HandOver | Evaluation):
            marks.append((record.stage if isinstance(record, HandOver) else record.name, now))
        if first is None and isinstance(record, SupervisedStep):
            # What a visitor waits for: from the hand-over to the first training step.
            first = now - marks[-1][1]
        if isinstance(record, PolicyGradientStep):
            marks.append(("last_ppo", now))
    end = time.perf_counter()
    at = dict(marks)
    return figures | {
        "first_step_s": first or 0.0,
        "sft_s": at["SFT"] - at["sft"],
        "rankings_s": at["reward_model"] - at["SFT"],
        "reward_model_s": at["ppo"] - at["reward_model"],
        "ppo_40_steps_s": at["last_ppo"] - at["ppo"],
        "relay_s": end - loaded,
        "rss_during_mb": peak_mb(),
    }


def main() -> int:
    """Print the figures; the exit code says whether the goals are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, default=None)
    args, _ = parser.parse_known_args()
    figures = measure(args.seed, args.weights)
    from tests.bench.baseline import report

    report("relay", figures, GOALS, f"seed {args.seed}, one thread, evaluation of every stage included")
    return 0 if all(figures[key] <= goal for key, goal in GOALS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
