"""One whiteboard update with all its records against a bare torch loop that computes only the new policy.

    python -m tests.bench.whiteboard [--save]

4 epochs, batch of 64, both in turns in the same process. Goal: at most 2 times the bare loop.
"""

from __future__ import annotations

import itertools
import statistics
import time

import numpy as np
import torch

from core.stages.whiteboard import WhiteboardConfig, updates
from core.world.candidates import NORWAY
from tests.bench.baseline import report

SCORES = (1.2, 1.5, 0.9, -1.0, -0.8, -1.4, -0.6, 0.2)
CONFIG = WhiteboardConfig(NORWAY.ref_logps(), SCORES, epochs=4, batch_size=64)
UPDATES, ROUNDS = 60, 40
GOAL = 2.0


def bare_run(config: WhiteboardConfig, count: int) -> list[float]:
    """`count` updates that keep nothing but the policy; written out, with no function of ours."""
    ref = torch.log_softmax(torch.tensor(config.ref_logps, dtype=torch.float64), -1)
    scores = torch.tensor(config.scores, dtype=torch.float64)
    rng = np.random.default_rng(config.seed)
    low, high = 1 - config.clip_epsilon, 1 + config.clip_epsilon
    logits = ref
    for _ in range(count):
        old = torch.log_softmax(logits, -1)
        probs = old.exp()
        weights = torch.from_numpy(
            rng.multinomial(config.batch_size, (probs / probs.sum()).numpy()) / config.batch_size
        )
        rewards = scores - config.kl_coef * (old - ref)
        advantages = rewards - weights @ rewards
        for _ in range(config.epochs):
            leaf = logits.detach().requires_grad_()
            ratios = (torch.log_softmax(leaf, -1) - old).exp()
            loss = -(weights @ torch.minimum(ratios * advantages, ratios.clamp(low, high) * advantages))
            (gradient,) = torch.autograd.grad(loss, leaf)
            logits = leaf.detach() - config.learning_rate * gradient
    return torch.log_softmax(logits, -1).tolist()


def full_run(config: WhiteboardConfig, count: int) -> list[float]:
    """The same updates with every record, as the lesson runs them."""
    return list(list(itertools.islice(updates(config), count))[-1].logps)


def main() -> None:
    """Measure in turns, check that both reach the same policy, print and compare with the baseline."""
    torch.set_num_threads(1)
    if not np.allclose(bare_run(CONFIG, UPDATES), full_run(CONFIG, UPDATES), atol=1e-9):
        raise SystemExit("The bare loop and the whiteboard do not reach the same policy.")
    times: dict[str, list[float]] = {"bare": [], "full": []}
    for _ in range(ROUNDS):
        for name, run in (("bare", bare_run), ("full", full_run)):
            began = time.perf_counter()
            run(CONFIG, UPDATES)
            times[name].append(1000 * (time.perf_counter() - began) / UPDATES)
    bare, full = (statistics.median(times[name]) for name in ("bare", "full"))
    ratio = statistics.median(f / b for f, b in zip(times["full"], times["bare"], strict=True))
    report(
        "whiteboard",
        {"bare_ms": bare, "full_ms": full, "ratio": ratio},
        {"ratio": GOAL},
        f"median of {ROUNDS} rounds of {UPDATES} updates, per update",
    )


if __name__ == "__main__":
    main()
