"""Answers sampled from the policy, with everything that a policy update and its record need to know about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.lm_records import Answers
from core.objectives.kl import exact_kl, k1, k3
from core.objectives.logprobs import entropy_of_logps
from core.policies.sampling import Samples, response_hidden, sample
from core.policies.transformer import TinyLM
from core.stages.data import sampled_ids
from core.stages.task import Prompt, Task

Scorer = Callable[[Sequence[Prompt], Samples], Tensor]
"""The proxy: prompts and sampled answers -> (B,) scores. A `RewardModel` is one."""


def constant_reward(prompts: Sequence[Prompt], samples: Samples) -> Tensor:
    """No reward model at all: every answer scores 0."""
    return torch.zeros(len(prompts))


@dataclass(frozen=True)
class Rollout:
    """B answers of R columns. Per token (B, R), 0 outside the mask: `logps` of the sampling policy, `ref_logps`,
    `values`, `entropy`, and KL to the reference as `kl` (k1), `kl_k3` and `kl_exact` (whole vocabulary).
    Per answer (B,): `scores` (proxy) and `gold`."""

    prompts: tuple[Prompt, ...]
    samples: Samples
    logps: Tensor
    ref_logps: Tensor
    values: Tensor
    entropy: Tensor
    kl: Tensor
    kl_k3: Tensor
    kl_exact: Tensor
    scores: Tensor
    gold: Tensor

    @property
    def mask(self) -> Tensor:
        """(B, R) True on sampled tokens."""
        return self.samples.mask

    def answers(self, task: Task, step: int) -> Answers:
        """The answers as a record."""
        ids = sampled_ids(self.samples)
        return Answers(
            step=step,
            prompts=tuple(prompt.text for prompt in self.prompts),
            texts=tuple(task.tokenizer.decode(row) for row in ids),
            prompt_ids=tuple(tuple(task.ids(prompt)) for prompt in self.prompts),
            answer_ids=tuple(ids),
            kinds=tuple(prompt.kind for prompt in self.prompts),
            item_ids=tuple(prompt.item_id for prompt in self.prompts),
            finished=self.samples.finished.numpy(),
            mask=self.mask.numpy(),
            scores=self.scores.numpy(),
            gold=self.gold.numpy(),
        )


def roll_out(
    policy: TinyLM,
    reference: TinyLM,
    task: Task,
    prompts: Sequence[Prompt],
    scorer: Scorer,
    generator: torch.Generator,
    *,
    temperature: float = 1.0,
    max_new_tokens: int = 28,
) -> Rollout:
    """Sample one answer to each prompt and measure it. One pass of the reference; the policy's own log-probabilities
    and values are kept from sampling. The temperature divides the logits of policy and reference alike, as in TRL."""
    drawn = sample(
        policy,
        [task.ids(prompt) for prompt in prompts],
        generator=generator,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        keep=True,
    )
    with torch.no_grad():
        mask = drawn.mask
        states = response_hidden(reference, drawn.tokens, drawn.attends, mask.shape[1])[mask]  # (n, D)
        ref_all = torch.log_softmax(reference.logits(states) / temperature, dim=-1)  # (n, V)
        all_logps = drawn.all_logps[mask]  # (n, V)
        logps = drawn.logps[mask]
        ref_logps = ref_all.gather(1, drawn.responses[mask][:, None]).squeeze(1)
        columns = torch.stack(
            [
                logps,
                ref_logps,
                policy.values(drawn.hidden[mask]),
                entropy_of_logps(all_logps),
                k1(logps, ref_logps),
                k3(logps, ref_logps),
                exact_kl(all_logps, ref_all),
            ]
        )  # (7, n)
        padded = columns.new_zeros(len(columns), *mask.shape)
        padded[:, mask] = columns
        scores = scorer(prompts, drawn)
    gold = torch.tensor([task.quality(p, ids) for p, ids in zip(prompts, sampled_ids(drawn), strict=True)])
    # The whole distributions have served their purpose; a record of thousands of steps must not hold them.
    kept = Samples(drawn.prompts, drawn.prompt_attends, drawn.responses, mask, drawn.logps, drawn.finished)
    return Rollout(tuple(prompts), kept, *padded.unbind(), scores, gold)
