"""One PPO update and one DPO step of the project against TRL's trainers, on the same model with the same weights.

    python -m tests.bench.against_trl [--steps N] [--save]

TRL is no dependency of the project. Install it in an environment of its own, beside torch, numpy, safetensors,
transformers, accelerate and datasets: with TRL 1.12, which still has PPO, this measures PPO; with a later one, DPO.
Both sides do each step in turns, in one process, on one thread; times are medians of single steps, by the clock on the
wall and in CPU seconds, which other work on the machine disturbs less.

`same_…` gives TRL the settings that do our arithmetic with the least beside it: PPO with the value head on the policy's
trunk, DPO with the reference's log-probabilities computed beforehand, and what is loaded before the run left out of
garbage collections, as in the app. `usual_…` leaves these as TRL has them: a value model of its own, a reference pass
at every step, and in PPO two full garbage collections per update. In both, TRL computes in float32 and keeps its
activations, which it does not do unasked. The learning rate of PPO is tiny, so that both go on writing answers of the
same length; differences are in millionths of a logit, of a score, or of the way that our weights have moved.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import statistics
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING

import torch

from core.policies.tokenizer import END_ID
from core.policies.transformer import TinyLM
from core.stages import dpo, ppo, sft
from core.stages.batches import minibatch
from core.stages.data import LabelConfig, Ranking, collect_rankings, demonstrations
from core.stages.dpo import DpoConfig
from core.stages.policy_update import batch_prompts
from core.stages.ppo import PpoConfig
from core.stages.reward_model import RewardModel
from core.stages.world_task import load_base, world_task
from tests.bench.baseline import report

if TYPE_CHECKING:
    from tests.bench.trl_side import Times

WARM_UP = 3
LIMIT = 1000.0  # millionths; TRL's DPO with a beta of 0.12 instead of 0.1 ends 12,000 apart after a dozen steps
BATCHES_OF_PAIRS = 4


def tuned(steps: int = 60) -> TinyLM:
    """The base model after a short SFT, so that its answers look like those of a real run."""
    config = sft.SftConfig(steps=steps)
    state = sft.begin(load_base().model, config)
    for _ in sft.sft(state, demonstrations(world_task(), config.n_demonstrations, config.quality, 0), config):
        pass
    return state.model


def compared(name: str, times: Times) -> dict[str, float]:
    """Milliseconds of ours and of TRL, and TRL's over ours, as medians after the warm-up: wall and CPU."""
    figures = {}
    for number, clock in enumerate(("wall", "cpu")):
        ours, theirs = (
            1000 * statistics.median(step[number] for step in side[WARM_UP:]) for side in (times.ours, times.theirs)
        )
        figures |= {
            f"{name}_ours_{clock}_ms": ours,
            f"{name}_trl_{clock}_ms": theirs,
            f"{name}_trl_over_ours_{clock}": theirs / ours,
        }
    return figures


def measure_ppo(steps: int) -> tuple[dict[str, float], dict[str, float]]:
    """Figures and limits of the PPO update."""
    from tests.bench import trl_model, trl_side

    task, start = world_task(), tuned()
    # What the reward model says does not matter here, so it need not be trained; it must vary.
    head = start.clone()
    torch.nn.init.normal_(head.reward_head.weight, generator=torch.Generator().manual_seed(0))
    scorer = RewardModel(head, 0.0, 5.0)
    config = PpoConfig(steps=steps + WARM_UP, lr=1e-6)
    # One batch more than updates: the loader fetches one ahead.
    batches = [[task.ids(p) for p in batch_prompts(task, config, step)] for step in range(config.steps + 1)]
    figures = {
        "logit_difference": 1e6 * trl_model.largest_logit_difference(start, batches[0]),
        "score_difference": 1e6 * trl_model.largest_score_difference(scorer, batches[0]),
    }
    limits = dict.fromkeys(figures, LIMIT)
    for name, usual in (("same", False), ("usual", True)):
        run = ppo.ppo(ppo.begin(start, config), start, task, scorer, config)
        records = []

        def ours(run: Iterator = run, records: list = records) -> None:
            records.append(next(run))

        times, shapes = trl_side.ppo_turns(start, scorer, config, batches, ours, usual)
        figures |= compared(name, times)
        columns, lengths, scores = zip(*shapes[WARM_UP:])
        figures |= {
            f"{name}_ours_columns": statistics.mean(r.answers.mask.shape[1] for r in records[WARM_UP:]),
            f"{name}_trl_columns": statistics.mean(columns),
            f"{name}_ours_tokens": statistics.mean(r.mean_length for r in records[WARM_UP:]),
            f"{name}_trl_tokens": statistics.mean(lengths),
            f"{name}_ours_score": statistics.mean(r.proxy for r in records[WARM_UP:]),
            f"{name}_trl_score": statistics.mean(scores),
        }
    return figures, limits


def finished_pairs(model: TinyLM, n: int) -> list[Ranking]:
    """`n` comparisons of two answers that both end by themselves: TRL would put an end where there is none."""
    drawn = collect_rankings(model, world_task(), LabelConfig(n_prompts=4 * n, k=2))
    useful = (r for r in drawn if r.pairs() and all(answer[-1] == END_ID for answer in r.answers))
    return list(islice(useful, n))


def measure_dpo(steps: int) -> tuple[dict[str, float], dict[str, float]]:
    """Figures and limits of the DPO step. Both sides see the same pairs in the same order, so that their weights can be
    compared: the distance between them, as a share of how far ours have moved."""
    from tests.bench import trl_model, trl_side

    start = tuned()
    config = DpoConfig(steps=steps + WARM_UP, warmup=0)
    rankings = finished_pairs(start, BATCHES_OF_PAIRS * config.batch_size)
    pairs = dpo.pair_set(start, rankings)
    batches = [minibatch(len(pairs), config.batch_size, step, config.seed) for step in range(config.steps)]
    texts = [[*pairs.prompts[i], *pairs.chosen[i]] for i in batches[0]]
    figures = {"logit_difference": 1e6 * trl_model.largest_logit_difference(start, texts)}
    limits = {"logit_difference": LIMIT}
    for name, usual in (("same", False), ("usual", True)):
        state = dpo.begin(start, config)
        run = dpo.dpo(state, start, config, rankings)
        times, theirs = trl_side.dpo_turns(start, config, pairs, batches, lambda run=run: next(run), usual)
        figures |= compared(name, times)
        before, after = trl_model.trunk_weights(start), trl_model.trunk_weights(state.model)
        apart = sum((after[key] - theirs[key]).square().sum() for key in after).sqrt()
        moved = sum((after[key] - before[key]).square().sum() for key in after).sqrt()
        figures[f"{name}_weights_apart"] = 1e6 * (apart / moved).item()
        limits[f"{name}_weights_apart"] = LIMIT
    return figures, limits


def main() -> int:
    """Print the figures; the exit code says whether both sides computed the same thing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    args, _ = parser.parse_known_args()
    if find_spec("trl") is None:
        print("TRL is not installed here, so there is nothing to compare with.")
        return 0
    os.environ |= {"TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    torch.set_num_threads(1)
    has_ppo = find_spec("trl.experimental.ppo") is not None
    figures, limits = (measure_ppo if has_ppo else measure_dpo)(args.steps)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("trl", "transformers", "torch"))
    what = "PPO updates, 32 prompts, two passes" if has_ppo else "DPO steps, 32 pairs"
    how = f"medians of {args.steps} {what}, in turns, one thread, same weights; {versions}"
    report("against_trl_ppo" if has_ppo else "against_trl_dpo", figures, limits, how)
    return 0 if all(figures[key] <= limit for key, limit in limits.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
