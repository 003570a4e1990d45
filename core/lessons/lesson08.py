"""Lesson 8, the heart: one PPO update of the whiteboard policy, in seven sub-steps, with every number of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from core.lessons import lesson08_formulas as formulas
from core.lessons import lesson08_lens as lens
from core.lessons import lesson08_lens_formulas as lens_formulas
from core.lessons import lesson08_lens_params as lens_params
from core.lessons import lesson08_lens_views as lens_views
from core.lessons import lesson08_lens_words as lens_words
from core.lessons import lesson08_params as params
from core.lessons import lesson08_views as views
from core.lessons import lesson08_words as words
from core.lessons.lesson import Lesson, Preset
from core.lessons.lesson08_lens import LensResult
from core.lessons.outline import outline
from core.lessons.param import Values
from core.lessons.shared_params import CARRIED, PLACE, PRIOR, VOTES, fit, responses
from core.lessons.snippets import script
from core.records import PolicyStats, PolicyStep
from core.stages.ppo import ppo
from core.stages.reward_fit import RewardFit
from core.stages.whiteboard import WhiteboardConfig, optimum, start, trajectory, updates
from core.world.candidates import CandidateSet

LOOK_AHEAD = 3
KL_HORIZON = 160.0  # responses: short, so that an adaptive coefficient visibly moves within 60 updates
HACK_FEATURE, HACK_BONUS = "asks_back", 4.0


@dataclass(frozen=True)
class Pinned:
    """A run kept for comparison: its steps as far as the present run goes, and what sets it apart."""

    config: WhiteboardConfig
    steps: tuple[PolicyStep, ...]
    first: PolicyStats
    differs: str


@dataclass(frozen=True)
class Result:
    """The state of the lab: the run so far, and where in it the learner stands."""

    config: WhiteboardConfig
    candidates: CandidateSet
    fit: RewardFit
    scores_from: str
    reward: str
    honest_scores: tuple[float, ...]
    steps: tuple[PolicyStep, ...]
    first: PolicyStats
    step: int
    picked: int
    sub: int
    epoch: int
    view: str
    pinned: Pinned | None

    @property
    def now(self) -> PolicyStep | None:
        """The update that led to the step shown; None at step 0."""
        return self.steps[self.step - 1] if self.step else None

    @property
    def stats(self) -> PolicyStats:
        """Figures of the policy shown."""
        return self.now.stats if self.now else self.first

    @cached_property
    def optimum_probs(self) -> tuple[float, ...]:
        """π* for the KL coefficient in force at the step shown."""
        return self.optimum_at(self.step)

    def optimum_at(self, step: int) -> tuple[float, ...]:
        """π* for the coefficient of one step; only an adaptive coefficient makes it move."""
        coefficient = self.steps[step - 1].kl_coef if step and self.config.kl_target is not None else None
        return tuple(optimum(self.config, coefficient).logps.exp().tolist())

    def probs(self, step: int) -> tuple[float, ...]:
        """The policy after `step` updates."""
        logps = self.steps[step - 1].logps if step else self.config.ref_logps
        return tuple(np.exp(logps).tolist())

    def honest_mean(self, step: int) -> float:
        """Expected score before anything was done to the reward, under the policy after `step` updates."""
        return float(np.dot(self.probs(step), self.honest_scores))


def config_of(values: Values) -> tuple[WhiteboardConfig, str, tuple[float, ...]]:
    """The run that the settings ask for; where its scores come from ("votes", "hand", or "no votes": then by hand); and
    the scores before anything was done to the reward."""
    reward = fit(values)
    candidates = responses(values)
    wanted = str(values["l8_scores"])
    source = "no votes" if wanted == "votes" and not reward.n_votes else wanted
    by_hand = tuple(float(values[p.key]) for p in params.HAND) if wanted == "hand" else params.HAND_SCORES
    honest = tuple(round(float(s), 6) for s in reward.scores) if source == "votes" else by_hand
    exact = values["l8_mode"] == "exact"
    target = float(values["l8_target"])
    config = WhiteboardConfig(
        ref_logps=candidates.ref_logps(),
        scores=_rewarded(honest, str(values["l8_reward"]), candidates),
        kl_coef=float(values["l8_kl_coef"]),
        clip_epsilon=float(values["l8_clip"]),
        learning_rate=float(values["l8_lr"]),
        epochs=int(values["l8_epochs"]),
        batch_size=0 if exact else int(values["l8_batch"]),
        whitening=bool(values["l8_whiten"]),
        kl_estimator=values["l8_kl"],  # type: ignore[arg-type]
        kl_target=target or None,
        kl_horizon=KL_HORIZON,
        seed=0 if exact else int(values["l8_seed"]),
    )
    return config, source, honest


def _rewarded(scores: tuple[float, ...], change: str, candidates: CandidateSet) -> tuple[float, ...]:
    """What the policy is paid: the scores, or what a fault makes of them."""
    if change == "flipped":
        return tuple(-score for score in scores)
    if change == "flat":
        return (0.0,) * len(scores)
    if change == "hacked":
        column = [feature.key for feature in candidates.features].index(HACK_FEATURE)
        bonus = HACK_BONUS * candidates.matrix()[:, column]
        return tuple(float(score + extra) for score, extra in zip(scores, bonus))
    return scores


def compute(values: Values) -> Result | LensResult:
    """The whiteboard's run, or the tiny LM's."""
    return lens.compute(values) if values["l8_lens"] == lens_params.MODEL else _whiteboard(values)


def _whiteboard(values: Values) -> Result:
    """Run as far as the step shown and a few steps more, so that the next press of Step is answered at once."""
    config, source, honest = config_of(values)
    wanted = int(values["l8_step"])
    count = min(max(wanted + LOOK_AHEAD, int(values.get("l8_ahead", 0))), params.HORIZON)
    steps = trajectory(config).upto(count)
    return Result(
        config=config,
        candidates=responses(values),
        fit=fit(values),
        scores_from=source,
        reward=str(values["l8_reward"]),
        honest_scores=honest,
        steps=steps,
        first=start(config),
        step=min(wanted, len(steps)),
        picked=min(int(values["l8_pick"]), len(config.scores) - 1),
        sub=int(values["l8_sub"]),
        epoch=min(int(values["l8_epoch"]), config.epochs),
        view=str(values["l8_view"]),
        pinned=_pinned(values, len(steps)),
    )


def _pinned(values: Values, count: int) -> Pinned | None:
    """The run whose settings were pinned, with the learner's present votes; None without a pin."""
    if not values["l8_pin"]:
        return None
    raw: Mapping[str, str] = dict(parse_qsl(str(values["l8_pin"])))
    kept = {param.key: param.read(raw.get(param.key)).value for param in params.CONTROLS}
    config, _, _ = config_of({**values, **kept})
    labels = [f"{param.label} {kept[param.key]}" for param in params.CONTROLS if kept[param.key] != values[param.key]]
    return Pinned(config, trajectory(config).upto(count), start(config), ", ".join(labels))


def snippet(result: Result) -> str:
    """The run on screen as a script of its own."""
    config = ",\n    ".join(f"{name}={value!r}" for name, value in vars(result.config).items())
    return script(
        (WhiteboardConfig, updates),
        (
            "import itertools",
            f"config = WhiteboardConfig(\n    {config},\n)",
            f"for step in itertools.islice(updates(config), {max(result.step, 1)}):",
            "    print(step.index, [round(float(np.exp(logp)), 6) for logp in step.logps], round(step.stats.kl, 6))",
        ),
    )


def history(result: Result) -> list[dict[str, Any]]:
    """One row a step, for export: the figures of the run and every response's probability."""
    rows = []
    for record in result.steps[: max(result.step, 1)]:
        stats = record.stats
        rows.append(
            {
                "step": record.index,
                "expected_reward": stats.expected_reward,
                "expected_score_before_change": result.honest_mean(record.index),
                "kl_to_reference": stats.kl,
                "entropy": stats.entropy,
                "objective": stats.objective,
                "tv_to_optimum": stats.tv_to_optimum,
                "clip_fraction": record.clip_fraction,
                "approx_kl": record.epochs[-1].approx_kl,
                "kl_coef": record.kl_coef,
                "k1": record.k1,
                "k2": record.k2,
                "k3": record.k3,
                "exact_kl_old": record.exact_kl_old,
                **{f"p({name})": p for name, p in zip(result.candidates.names, result.probs(record.index))},
            }
        )
    return rows


def _either(board: Callable[[Result], Any], model: Callable[[LensResult], Any]) -> Callable[[Any], Any]:
    """One function for both lenses."""
    return lambda result: model(result) if isinstance(result, LensResult) else board(result)


LESSON = Lesson(
    outline=outline(8),
    params=(
        *params.CONTROLS,
        *lens_params.PARAMS,
        params.VIEW,
        params.SUB,
        params.EPOCH,
        params.STEP,
        params.PICK,
        params.PIN,
        VOTES,
        PRIOR,
        *PLACE,
    ),
    compute=compute,
    figures=_either(views.figures, lens_views.figures),
    formula=_either(formulas.formula, lens_formulas.formula),
    table=_either(views.table, lens_views.table),
    says=_either(words.says, lens_words.says),
    predict=_either(words.predict, lens_words.predict),
    quiz=_either(words.quiz, lens_words.quiz),
    snippet=_either(snippet, lens.snippet),
    why=words.WHY,
    presets=(
        Preset("recommended", "Recommended leash", {}),
        Preset("exact", "Exact, no sampling noise", {"l8_mode": "exact"}),
        Preset("off", "Leash off (kl_coef = 0)", {"l8_kl_coef": 0.0}),
        Preset("short", "Leash too short (kl_coef = 3)", {"l8_kl_coef": 3.0}),
        Preset("clip", "Clip tiny (ε = 0.01)", {"l8_clip": 0.01}),
        Preset("flipped", "Sign of the reward flipped", {"l8_reward": "flipped"}),
        Preset("flat", "Flat reward", {"l8_reward": "flat"}),
        Preset("zero", "Zero variance (a batch of one)", {"l8_batch": 1}),
        Preset("hacked", "Reward hacked (asking back pays)", {"l8_reward": "hacked"}),
        Preset(
            "negative", "A negative KL estimate", {"l8_view": "kl", "l8_kl_coef": 3.0, "l8_batch": 8, "l8_step": 20}
        ),
        Preset("adaptive", "Adaptive KL (target 0.1 nats)", {"l8_target": 0.1}),
        Preset("lm", "Tiny LM: the same update", {"l8_lens": "lm", "l8_lm_step": 1}),
        Preset("lm_off", "Tiny LM: leash off (kl_coef = 0)", {"l8_lens": "lm", "l8_kl_coef": 0.0, "l8_lm_step": 1}),
        Preset("lm_hacked", "Tiny LM: asking back pays", {"l8_lens": "lm", "l8_kl_coef": 0.1, "l8_reward": "hacked"}),
        Preset(
            "lm_kl", "Tiny LM: k1, k2, k3 and the exact KL", {"l8_lens": "lm", "l8_lm_view": "kl", "l8_lm_step": 10}
        ),
    ),
    carried=CARRIED,
    sources_of_code=_either(lambda _: (updates,), lambda _: (ppo,)),
    history=_either(history, lens.history),
)
