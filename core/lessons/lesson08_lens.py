"""Lesson 8's live lens: the same PPO update on the tiny language model, recorded or live, word by word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from core.figures.chart import Badge
from core.lessons import lesson08_lens_params as params
from core.lessons.param import Values
from core.lessons.shared_params import responses
from core.lessons.snippets import script
from core.lm_records import Diverged
from core.objectives.kl import k1, k2, k3
from core.objectives.ppo import policy_loss
from core.stages import lens_recorded
from core.stages.lens import SETTINGS, LensAnswer, LensConfig, LensStep, Said
from core.stages.lens_recorded import LensRun

NAMES = {
    "kl_coef": "KL coefficient",
    "clip_epsilon": "clip ε",
    "lr": "learning rate",
    "epochs": "epochs",
    "batch_size": "answers per update",
    "lam": "GAE λ",
    "whiten": "whitening",
    "kl_estimator": "KL estimator",
    "seed": "seed",
    "reward": "reward",
}


@dataclass(frozen=True)
class LensResult:
    """A run of the tiny LM and where in it the learner stands. `wanted` are the settings on the page; where a run of
    them is not at hand, the recorded run that is nearest is shown, and `differs` says in what it differs. `over` says that
    no further update will come."""

    run: LensRun
    wanted: LensConfig
    differs: tuple[str, ...]
    source: Badge
    step: int
    at: tuple[int, int]
    view: str
    heat: str
    epoch: int
    place: int
    over: bool = True

    @property
    def config(self) -> LensConfig:
        """The settings of the run that is shown."""
        return self.run.config

    @property
    def horizon(self) -> int:
        """How many updates the run has, or will have while it is trained."""
        return self.run.last if self.over else self.config.ppo.steps

    @property
    def update(self) -> LensStep | None:
        """The update whose batch is shown; at step 0 that of the first, before any gradient. None while none is there."""
        return self.run.steps[max(self.step, 1)] if self.run.last else None

    @property
    def number(self) -> int:
        """Which answer is picked."""
        return min(self.at[0], len(self.update.answers) - 1) if self.update else 0

    @property
    def answer(self) -> LensAnswer | None:
        """The picked answer."""
        return self.update.answers[self.number] if self.update else None

    @property
    def word(self) -> int:
        """The picked word of it: its last where it is shorter than the place that was picked."""
        return min(self.at[1], len(self.answer.words) - 1) if self.answer else 0

    @property
    def prompt(self) -> str:
        """The prompt whose answer is followed through the run."""
        return self.run.watched[self.place]

    def said(self, step: int) -> Said:
        """The most probable answer to it after `step` updates."""
        return self.run.steps[step].said[self.place]

    @cached_property
    def ratios(self) -> tuple[float, ...]:
        """Ratio of every word of the picked answer in the epoch shown."""
        return ratios(self.answer, self.epoch) if self.answer and self.step else ()

    @cached_property
    def surrogate(self) -> dict[str, tuple[float, ...]]:
        """`unclipped` ρA, `clipped` clip(ρ)A, and `held` (1 where the clip won) for every word of the picked answer."""
        return surrogate(self.answer, self.epoch, self.config.ppo.clip_epsilon) if self.answer and self.step else {}

    @property
    def sums(self) -> tuple[tuple[float, float, float, float], ...]:
        """k1, k2, k3 and the exact KL of each answer shown: sums over its words, nats."""
        return tuple(map(estimates, self.update.answers)) if self.update else ()


def ratios(answer: LensAnswer, epoch: int) -> tuple[float, ...]:
    """Ratio of new to old probability of every word at the start of an epoch; in the first they are the same."""
    if epoch <= 1 or not answer.passes:
        return (1.0,) * len(answer.words)
    row = answer.passes[min(epoch, len(answer.passes) + 1) - 2]
    return tuple(np.exp(np.subtract(row, answer.logps)).tolist())


def surrogate(answer: LensAnswer, epoch: int, epsilon: float) -> dict[str, tuple[float, ...]]:
    """Both branches of PPO's minimum for every word, from the recorded numbers."""
    rho, a = np.array(ratios(answer, epoch)), np.array(answer.advantages)
    free, clipped = rho * a, np.clip(rho, 1 - epsilon, 1 + epsilon) * a
    return {
        "unclipped": tuple(free.tolist()),
        "clipped": tuple(clipped.tolist()),
        "held": tuple((clipped < free).astype(float).tolist()),
    }


def token_estimates(answer: LensAnswer) -> tuple[tuple[float, float, float, float], ...]:
    """k1, k2, k3 and the exact KL of every word, nats."""
    new, ref = (torch.tensor(row, dtype=torch.float64) for row in (answer.logps, answer.ref_logps))
    columns = [estimator(new, ref).tolist() for estimator in (k1, k2, k3)]
    return tuple(zip(*columns, answer.kl_exact, strict=True))


def estimates(answer: LensAnswer) -> tuple[float, float, float, float]:
    """The same summed over the answer."""
    return tuple(map(sum, zip(*token_estimates(answer), strict=True)))  # type: ignore[return-value]


def config_of(values: Values) -> LensConfig:
    """The run that the settings ask for."""
    ppo = replace(
        SETTINGS,
        kl_coef=float(values["l8_kl_coef"]),
        clip_epsilon=float(values["l8_clip"]),
        epochs=int(values["l8_epochs"]),
        kl_estimator=str(values["l8_kl"]),
        whiten=bool(values["l8_whiten"]),
        lr=float(values["l8_lm_lr"]),
        batch_size=int(values["l8_lm_batch"]),
        lam=float(values["l8_lm_lam"]),
        seed=int(values["l8_lm_seed"]),
    )
    return LensConfig(reward=str(values["l8_reward"]), ppo=ppo)


def compute(values: Values) -> LensResult:
    """The recorded run of these settings, or the nearest.

    Raises:
        ValueError: nothing was recorded.
    """
    kept = lens_recorded.load()
    if not kept:
        raise ValueError(f"The recorded runs of the tiny LM are missing; record them with: {lens_recorded.RERECORD}")
    wanted = config_of(values)
    run = min(kept, key=lambda found: len(differences(found.config, wanted)))
    prompt = responses(values).prompt
    return _shown(
        LensResult(
            run=run,
            wanted=wanted,
            differs=differences(run.config, wanted),
            source="recorded",
            step=int(values["l8_lm_step"]),
            at=divmod(int(values["l8_at"]), params.TOKENS),
            view=str(values["l8_lm_view"]),
            heat=str(values["l8_lm_heat"]),
            epoch=int(values["l8_lm_pass"]),
            place=run.watched.index(prompt) if prompt in run.watched else 0,
        )
    )


def _shown(result: LensResult) -> LensResult:
    """The same with step and epoch inside the run."""
    epoch = min(result.epoch, result.config.ppo.epochs)
    return replace(result, step=min(result.step, result.run.last), epoch=epoch)


def differences(one: LensConfig, other: LensConfig) -> tuple[str, ...]:
    """Where two runs' settings differ, in words: the first's value "instead of" the second's."""
    pairs = [("reward", one.reward, other.reward)]
    pairs += [(f.name, getattr(one.ppo, f.name), getattr(other.ppo, f.name)) for f in fields(one.ppo)]
    return tuple(
        f"{NAMES.get(name, name)} {_word(first)} instead of {_word(second)}"
        for name, first, second in pairs
        if first != second
    )


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else {"hacked": "“asking back pays”"}.get(value, str(value))


def with_live(result: LensResult, records: Iterable[LensStep | Diverged], step: int, over: bool) -> LensResult:
    """The same place in the live run of the settings on the page; nothing of the recorded run is left in it."""
    run = lens_recorded.collect(result.wanted, result.run.inputs, records)
    return _shown(replace(result, run=run, differs=(), source="live", step=step, over=over))


def history(result: LensResult) -> list[dict[str, Any]]:
    """One row an update, for export."""
    names = (
        "proxy",
        "paid",
        "gold",
        "k1",
        "k2",
        "k3",
        "kl_exact",
        "clip_fraction",
        "approx_kl",
        "entropy",
        "mean_length",
    )
    return [
        {
            "step": step.step,
            **{name: getattr(step, name) for name in names if step.answers},
            "prompt": result.prompt,
            "most_probable_answer": step.said[result.place].text,
            "its_log_probability": step.said[result.place].logp,
        }
        for step in result.run.steps
    ]


def snippet(result: LensResult) -> str:
    """The picked answer's clipped surrogate and KL estimates as a script of its own."""
    answer = result.answer
    if answer is None:
        return script((policy_loss, k1, k2, k3), ("print('No update yet.')",))
    epoch = result.epoch if result.step else 1
    new = answer.logps if epoch == 1 or not answer.passes else answer.passes[min(epoch, len(answer.passes) + 1) - 2]
    return script(
        (policy_loss, k1, k2, k3),
        (
            f"words = {list(answer.words)!r}",
            f"old_logps = torch.tensor({list(answer.logps)!r})  # of the policy that sampled",
            f"new_logps = torch.tensor({list(new)!r})  # at the start of epoch {epoch}",
            f"ref_logps = torch.tensor({list(answer.ref_logps)!r})  # of the frozen reference",
            f"advantages = torch.tensor({list(answer.advantages)!r})",
            f"result = policy_loss(new_logps, old_logps, advantages, {result.config.ppo.clip_epsilon!r})",
            "for word, ratio, free, clipped in zip(words, result.ratios, result.unclipped, result.clipped_surrogate):",
            "    print(f'{word:<14} {ratio.item():.6f} {free.item():.6f} {clipped.item():.6f}')",
            "for estimator in (k1, k2, k3):",
            "    print(f'{estimator(old_logps, ref_logps).sum().item():.6f}')",
        ),
    )
