"""One PPO update of the project against a bare torch loop of the same arithmetic.

    python -m tests.bench.ppo_vs_bare_loop [--updates N] [--save]

Both start from the same weights and sample the same answers; the bare loop writes no record, computes no gold, no
exact KL and no diagnostics. After the run their weights are compared: if they differ, the arithmetic is not the same and
the comparison is worth nothing. Times are the medians of single updates, the two taken in turns.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

import torch

from core.policies.sampling import left_pad
from core.policies.transformer import TinyLM
from core.stages import ppo, sft
from core.stages.data import demonstrations
from core.stages.policy_update import batch_prompts
from core.stages.ppo import PpoConfig
from core.stages.reward_model import RewardModel
from core.stages.world_task import WEIGHTS, load_base, world_task
from tests.bench.baseline import report

LIMIT = 1.3


class BareLoop:
    """PPO as one would write it in a notebook: 32 prompts, two passes, value head, GAE, whitening, KL in the reward."""

    def __init__(self, start: TinyLM, reference: TinyLM, scorer: RewardModel, config: PpoConfig) -> None:
        self.policy, self.reference, self.scorer, self.c = start.clone(), reference, scorer, config
        self.optimiser = torch.optim.AdamW(
            self.policy.parameters(), lr=config.lr, weight_decay=0.0, betas=(0.9, 0.999), fused=True
        )
        self.generator = torch.Generator().manual_seed(config.seed)

    def update(self, prompts: list[list[int]]) -> None:
        """One update on these prompts."""
        c, policy = self.c, self.policy
        # roll out
        with torch.inference_mode():
            ids, real = left_pad(prompts)
            B, P = ids.shape
            cache = policy.new_cache(B, P + c.max_new_tokens)
            h = policy.hidden(ids, real, cache)[:, -1]
            alive = torch.ones(B, dtype=torch.bool)
            responses, masks, logps, values = [], [], [], []
            for _ in range(min(c.max_new_tokens, policy.config.context - P)):
                lp = torch.log_softmax(policy.logits(h), -1)
                token = torch.multinomial(lp.softmax(-1), 1, generator=self.generator).squeeze(1)
                responses.append(torch.where(alive, token, 0))
                masks.append(alive)
                logps.append(lp.gather(1, token[:, None]).squeeze(1) * alive)
                values.append(policy.values(h) * alive)
                alive = alive & (token != 1)
                if not alive.any() or len(masks) == min(c.max_new_tokens, policy.config.context - P):
                    break
                h = policy.hidden(responses[-1][:, None], masks[-1][:, None], cache)[:, -1]
            response, mask = torch.stack(responses, 1), torch.stack(masks, 1)
            old_logps, old_values = torch.stack(logps, 1), torch.stack(values, 1)
            tokens, attends = torch.cat([ids, response], 1), torch.cat([real, mask], 1)
            R = response.shape[1]
            # reference and reward model
            h = self.reference.hidden(tokens[:, :-1], attends[:, :-1])[:, -R:][mask]
            ref = torch.log_softmax(self.reference.logits(h), -1).gather(1, response[mask][:, None]).squeeze(1)
            ref_logps = torch.zeros(B, R)
            ref_logps[mask] = ref
            s = self.scorer
            scores = (s.model.rewards(tokens, attends) - s.mean) / s.std - s.missing_end_penalty * alive
            # rewards, advantages, returns
            rewards = -c.kl_coef * (old_logps - ref_logps) * mask
            rewards[torch.arange(B), mask.sum(1) - 1] += scores
            advantages, last = torch.zeros(B, R), torch.zeros(B)
            for t in range(R - 1, -1, -1):
                following = old_values[:, t + 1] if t + 1 < R else torch.zeros(B)
                last = rewards[:, t] + c.gamma * following - old_values[:, t] + c.gamma * c.lam * last
                advantages[:, t] = last
            returns = advantages + old_values
            chosen = advantages[mask]
            advantages = (advantages - chosen.mean()) * torch.rsqrt(chosen.var() + 1e-8)
        tokens, attends, mask, response = tokens.clone(), attends.clone(), mask.clone(), response.clone()
        flat_old, flat_adv = old_logps[mask].clone(), advantages[mask].clone()
        flat_ret, flat_val = returns[mask].clone(), old_values[mask].clone()
        # passes
        for _ in range(c.epochs):
            h = policy.hidden(tokens[:, :-1], attends[:, :-1])[:, -R:][mask]
            new = torch.log_softmax(policy.logits(h), -1).gather(1, response[mask][:, None]).squeeze(1)
            ratio = (new - flat_old).exp()
            pg = -torch.minimum(ratio * flat_adv, ratio.clamp(1 - c.clip_epsilon, 1 + c.clip_epsilon) * flat_adv).mean()
            v = policy.values(h)
            held = torch.clamp(v, flat_val - c.cliprange_value, flat_val + c.cliprange_value)
            vf = 0.5 * torch.maximum((v - flat_ret) ** 2, (held - flat_ret) ** 2).mean()
            self.optimiser.zero_grad(set_to_none=True)
            (pg + c.vf_coef * vf).backward()
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
            self.optimiser.step()


def measure(updates: int, weights: Path = WEIGHTS, warm_up: int = 3) -> tuple[float, float, float]:
    """Median seconds of an update of the project and of the bare loop, and the largest difference of their weights."""
    torch.set_num_threads(1)
    task = world_task()
    start = sft.begin(load_base(weights).model, sft.SftConfig(steps=20))
    for _ in sft.sft(start, demonstrations(task, 128, 0.5, 0), sft.SftConfig(steps=20)):
        pass
    reference = start.model
    # What the reward model says does not matter here, so it need not be trained; it must vary.
    head = reference.clone()
    torch.nn.init.normal_(head.reward_head.weight, generator=torch.Generator().manual_seed(0))
    scorer = RewardModel(head, 0.0, 5.0)
    config = PpoConfig(steps=updates + warm_up)
    state = ppo.begin(reference, config)
    run = ppo.ppo(state, reference, task, scorer, config)
    bare = BareLoop(reference, reference, scorer, config)
    ours, theirs = [], []
    for step in range(updates + warm_up):
        prompts = [task.ids(prompt) for prompt in batch_prompts(task, config, step)]
        pair = [("ours", lambda: next(run)), ("bare", lambda prompts=prompts: bare.update(prompts))]
        random.Random(step).shuffle(pair)
        for name, go in pair:
            begin = time.perf_counter()
            go()
            (ours if name == "ours" else theirs).append(time.perf_counter() - begin)
    both = zip(state.model.parameters(), bare.policy.parameters(), strict=True)
    difference = max((a - b).abs().max().item() for a, b in both)
    return statistics.median(ours[warm_up:]), statistics.median(theirs[warm_up:]), difference


def main() -> int:
    """Print the two times and their ratio; the exit code says whether the limit holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=30)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args, _ = parser.parse_known_args()
    ours, bare, difference = measure(args.updates, args.weights)
    figures = {
        "update_ms": 1000 * ours,
        "bare_loop_ms": 1000 * bare,
        "ratio": ours / bare,
        "largest_weight_difference": difference,
    }
    goals = {"ratio": LIMIT, "largest_weight_difference": 1e-3}
    report("ppo_vs_bare_loop", figures, goals, f"medians of {args.updates} updates, 32 prompts, two passes, one thread")
    return 0 if all(figures[key] <= goal for key, goal in goals.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
