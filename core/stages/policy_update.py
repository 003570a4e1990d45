"""The loop that PPO, RLOO and GRPO share: roll out, turn scores into advantages, go over the batch, record it all."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.lm_records import Diverged, PolicyEpoch, PolicyGradientStep
from core.objectives.kl import AdaptiveKLController, k2, update_kl_controller
from core.objectives.logprobs import entropy, token_logps
from core.objectives.masking import masked_mean
from core.policies.sampling import response_hidden
from core.policies.transformer import TinyLM
from core.stages.config import StageConfig, require, require_range
from core.stages.rollout import Rollout, Scorer, roll_out
from core.stages.task import Prompt, Task
from core.stages.training import State, out_of_range

# Squared log-ratios beyond this mean that one update replaced the policy instead of moving it. Ordinary updates stay
# below 0.1; a learning rate of 10 gives hundreds.
_APPROX_KL_LIMIT = 5.0


@dataclass(frozen=True)
class PolicyConfig(StageConfig):
    """Settings that PPO, RLOO and GRPO share.

    `batch_size` answers per step, in `minibatches` parts, gone over `epochs` times. `kl_coef` is the leash; with
    `kl_target` (nats per answer) it adapts (Ziegler et al. 2019), else it stays.
    """

    steps: int = 40
    batch_size: int = 32
    epochs: int = 2
    minibatches: int = 1
    lr: float = 8e-4
    kl_coef: float = 0.1
    kl_target: float | None = None
    kl_horizon: float = 2000.0
    clip_epsilon: float = 0.2
    temperature: float = 1.0
    max_new_tokens: int = 28
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("The number of steps", self.steps, 1, 100_000)
        require_range("The batch size", self.batch_size, 1, 1024)
        require_range("The number of epochs", self.epochs, 1, 64)
        require_range("The number of minibatches", self.minibatches, 1, self.batch_size)
        require_range("The learning rate", self.lr, 0.0, 1000.0)
        require_range("kl_coef", self.kl_coef, 0.0, 1000.0)
        require_range("clip_epsilon", self.clip_epsilon, 1e-4, 100.0)
        require_range("The temperature", self.temperature, 0.05, 10.0)
        require_range("The number of new tokens", self.max_new_tokens, 1, 1024)
        if self.kl_target is not None:
            require_range("kl_target", self.kl_target, 1e-6, 1e6)

    @property
    def answers_per_prompt(self) -> int:
        """How many answers each prompt gets in a batch."""
        return 1


@dataclass(frozen=True)
class Shaped:
    """What the rollout's scores became. Per token (B, R); a stage with one number per answer repeats it."""

    rewards: Tensor
    advantages: Tensor
    returns: Tensor


@dataclass(frozen=True)
class Rows:
    """One minibatch of the batch during a pass: b rows."""

    logps: Tensor  # (b, R), with gradient
    values: Tensor  # (b, R), with gradient
    old_logps: Tensor
    ref_logps: Tensor
    old_values: Tensor
    advantages: Tensor
    returns: Tensor
    mask: Tensor


@dataclass(frozen=True)
class Losses:
    """The loss of a minibatch. `clipped` (b, R) or (b, 1): where the clip changed the loss; shares for the log."""

    loss: Tensor
    policy_loss: float
    value_loss: float
    clipped: Tensor
    clip_fraction: float
    value_clip_fraction: float


Shape = Callable[[Rollout, float], Shaped]
Loss = Callable[[Rows], Losses]


def begin(model: TinyLM, config: PolicyConfig) -> State:
    """The state before the first step, on a copy of `model` (usually the SFT model, which is also the reference)."""
    state = State.begin(model, config.seed)
    if config.kl_target is not None:
        state.controller = AdaptiveKLController(config.kl_coef, config.kl_target, config.kl_horizon)
    return state


def batch_prompts(task: Task, config: PolicyConfig, step: int) -> list[Prompt]:
    """The prompts of update number `step` (from 0), each repeated as often as it is answered."""
    repeats = config.answers_per_prompt
    drawn = task.draw(config.batch_size // repeats, random.Random(f"prompts/{config.seed}/{step}"), False)
    return [prompt for prompt in drawn for _ in range(repeats)]


def policy_stage(
    name: str,
    state: State,
    reference: TinyLM,
    task: Task,
    scorer: Scorer,
    config: PolicyConfig,
    shape: Shape,
    loss: Loss,
) -> Iterator[PolicyGradientStep | Diverged]:
    """Update `state` up to `config.steps`, one record per step.

    Args:
        name: of the stage, for its records.
        state: from `begin`, or that of a stopped run.
        reference: the frozen model that the KL is measured to.
        scorer: the proxy reward.
        shape: turns a rollout and the present kl_coef into rewards, advantages and returns.
        loss: the loss of a minibatch.
    """
    require(config.batch_size % config.answers_per_prompt == 0, "The batch must hold whole groups of answers.")
    while state.step < config.steps and state.diverged is None:
        kl_coef = config.kl_coef if state.controller is None else state.controller.kl_coef
        rollout = roll_out(
            state.model,
            reference,
            task,
            batch_prompts(task, config, state.step),
            scorer,
            state.generator,
            temperature=config.temperature,
            max_new_tokens=config.max_new_tokens,
        )
        shaped = shape(rollout, kl_coef)
        epochs: list[PolicyEpoch] = []
        for epoch in range(config.epochs):
            record = _pass(state, rollout, shaped, config, loss, epoch + 1)
            if record is None or out_of_range(record.approx_kl, _APPROX_KL_LIMIT):
                yield state.stop(
                    name,
                    f"The policy broke down at step {state.step + 1}: one update replaced it instead of moving it. "
                    "Try a lower learning rate.",
                )
                return
            epochs.append(record)
        state.step += 1
        if state.controller is not None:
            observed = rollout.kl.sum(dim=1).mean().item()
            state.controller = update_kl_controller(state.controller, observed, config.batch_size)
        yield _record(name, state.step, task, rollout, shaped, epochs, config, kl_coef)


def _pass(
    state: State, rollout: Rollout, shaped: Shaped, config: PolicyConfig, loss: Loss, number: int
) -> PolicyEpoch | None:
    """One pass over the batch; None where a number stopped being finite."""
    B, R = rollout.mask.shape
    parts = torch.arange(B)[None]
    if config.minibatches > 1:
        parts = torch.randperm(B, generator=state.generator).tensor_split(config.minibatches)
    logps, clipped = torch.zeros(B, R), torch.zeros(B, R, dtype=torch.bool)
    sums = torch.zeros(7, dtype=torch.float64)  # weighted by rows
    for rows in parts:
        part = rollout if len(rows) == B else None
        new_logps, values, mean_entropy = _forward(state.model, rollout, None if part else rows, config.temperature)
        pick = (lambda x: x) if part else (lambda x, rows=rows: x[rows])
        mask = pick(rollout.mask)
        found = loss(
            Rows(
                new_logps,
                values,
                pick(rollout.logps),
                pick(rollout.ref_logps),
                pick(rollout.values),
                pick(shaped.advantages),
                pick(shaped.returns),
                mask,
            )
        )
        norm = state.update(found.loss, config.lr)
        if math.isnan(norm):
            return None
        logps[rows] = new_logps.detach()
        clipped[rows] = found.clipped & mask
        approx_kl = masked_mean(k2(new_logps.detach(), pick(rollout.logps)), mask).item()
        sums += len(rows) * torch.tensor(
            [
                found.loss.item(),
                found.policy_loss,
                found.value_loss,
                approx_kl,
                found.clip_fraction,
                found.value_clip_fraction,
                mean_entropy,
            ],
            dtype=torch.float64,
        )
    means = (sums / B).tolist()
    ratios = (logps - rollout.logps).clamp(max=80.0).exp() * rollout.mask
    return PolicyEpoch(number, logps.numpy(), ratios.numpy(), clipped.numpy(), *means, norm)


def _forward(model: TinyLM, rollout: Rollout, rows: Tensor | None, temperature: float) -> tuple[Tensor, Tensor, float]:
    """Log-probabilities and values (b, R) of the sampled tokens with gradient, and the mean entropy per token."""
    samples = rollout.samples
    tokens, attends, mask, responses = samples.tokens, samples.attends, samples.mask, samples.responses
    if rows is not None:
        tokens, attends, mask, responses = tokens[rows], attends[rows], mask[rows], responses[rows]
    states = response_hidden(model, tokens, attends, mask.shape[1])[mask]  # (n, D): only real tokens
    logits = model.logits(states)
    flat = token_logps(logits, responses[mask], temperature)
    logps = flat.new_zeros(mask.shape).masked_scatter(mask, flat)
    values = flat.new_zeros(mask.shape).masked_scatter(mask, model.values(states))
    return logps, values, entropy(logits.detach(), temperature).mean().item()


def _record(
    name: str,
    step: int,
    task: Task,
    rollout: Rollout,
    shaped: Shaped,
    epochs: Sequence[PolicyEpoch],
    config: PolicyConfig,
    kl_coef: float,
) -> PolicyGradientStep:
    proxy, kl = rollout.scores.mean().item(), rollout.kl.sum(dim=1).mean().item()
    return PolicyGradientStep(
        step=step,
        stage=name,
        steps=config.steps,
        answers=rollout.answers(task, step),
        logps=rollout.logps.numpy(),
        ref_logps=rollout.ref_logps.numpy(),
        values=rollout.values.numpy(),
        kl=rollout.kl.numpy(),
        kl_k3=rollout.kl_k3.numpy(),
        kl_exact=rollout.kl_exact.numpy(),
        rewards=shaped.rewards.numpy(),
        advantages=shaped.advantages.numpy(),
        returns=shaped.returns.numpy(),
        epochs=tuple(epochs),
        proxy=proxy,
        gold=rollout.gold.mean().item(),
        objective_kl=kl,
        kl_k3_sum=rollout.kl_k3.sum(dim=1).mean().item(),
        kl_exact_sum=rollout.kl_exact.sum(dim=1).mean().item(),
        rlhf_reward=proxy - kl_coef * kl,
        entropy=masked_mean(rollout.entropy, rollout.mask).item(),
        approx_kl=epochs[-1].approx_kl,
        clip_fraction=epochs[-1].clip_fraction,
        kl_coef=kl_coef,
        mean_length=rollout.mask.sum(dim=1).float().mean().item(),
        finished_fraction=rollout.samples.finished.float().mean().item(),
        lr=config.lr,
    )
