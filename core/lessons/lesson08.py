"""Lesson 8, the heart: one PPO update of the whiteboard policy, in seven sub-steps, with every number of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.figures.chart import Chart
from core.figures.policy_lab import History, Quantity, policy_lab
from core.lessons import lesson08_words as words
from core.lessons.lesson import Formula, Lesson, Preset, Table
from core.lessons.outline import outline
from core.lessons.param import Param, Values
from core.lessons.shared_params import PRIOR, VOTES, fit, responses
from core.lessons.snippets import script
from core.lessons.text import MINUS, number, percent, signed
from core.records import PolicyStats, PolicyStep
from core.stages.reward_fit import RewardFit
from core.stages.whiteboard import WhiteboardConfig, optimum, start, trajectory, updates
from core.world.candidates import CandidateSet

HORIZON = 60
LOOK_AHEAD = 3
SUBSTEPS = words.SUBSTEPS
HAND_SCORES = (1.2, 1.5, 0.9, -1.0, -0.8, -1.4, -0.6, 0.2)

KL_COEF = Param(
    "l8_kl_coef",
    "KL coefficient",
    "float",
    0.5,
    0.0,
    3.0,
    0.05,
    symbol="kl_coef",
    help="How much one nat of distance from the frozen reference costs, in units of reward. Also called β.",
)
CLIP = Param(
    "l8_clip",
    "Clip ε",
    "float",
    0.2,
    0.01,
    1.0,
    0.01,
    symbol=r"\varepsilon",
    help="How far the ratio may move in one update before the clip takes the gradient away.",
)
LR = Param(
    "l8_lr",
    "Learning rate",
    "float",
    1.0,
    marks=(0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0),
    symbol=r"\eta",
    help="Size of one gradient step on the logits.",
)
EPOCHS = Param("l8_epochs", "Epochs on each batch", "int", 4, 1, 10, 1, help="How often the same batch is used.")
BATCH = Param(
    "l8_batch",
    "Batch size",
    "int",
    64,
    marks=(1, 4, 8, 16, 32, 64, 128, 256, 512),
    help="How many responses are sampled for one update.",
    shown_if=("l8_mode", ("sampled",)),
)
MODE = Param(
    "l8_mode",
    "Expectation",
    "choice",
    "sampled",
    options=(("sampled", "sampled batch"), ("exact", "exact")),
    help="A sampled batch is what real training sees; the exact expectation has no sampling noise.",
)
SCORES = Param(
    "l8_scores",
    "Scores come from",
    "choice",
    "votes",
    options=(("votes", "your votes"), ("hand", "sliders")),
    help="Your votes: the reward model that lesson 6 fitted to them. Sliders: you set each score.",
)
WHITEN = Param(
    "l8_whiten",
    "Whiten advantages",
    "bool",
    False,
    help="Divide the advantages by their spread, as TRL does. Off: the spread is kept.",
)
ESTIMATOR = Param(
    "l8_kl",
    "KL estimator in the reward",
    "choice",
    "k1",
    options=(("k1", "k1"), ("k2", "k2"), ("k3", "k3")),
    help="k1 = log π/π_ref (TRL's default), k2 = half its square, k3 = π_ref/π − 1 + log π/π_ref.",
)
SEED = Param(
    "l8_seed", "Seed", "int", 0, 0, 999, 1, help="Equal seeds draw equal batches.", shown_if=("l8_mode", ("sampled",))
)
HAND = tuple(
    Param(f"l8_score{i + 1}", f"score {i + 1}", "float", score, -3.0, 3.0, 0.1, shown_if=("l8_scores", ("hand",)))
    for i, score in enumerate(HAND_SCORES)
)
STEP = Param("l8_step", "Step", "int", 0, 0, HORIZON, 1, widget="player")
PICK = Param("l8_pick", "Response", "int", 1, 0, 7, 1, widget="table")
SUB = Param(
    "l8_sub",
    "One update in slow motion",
    "choice",
    "5",
    options=tuple((str(i + 1), f"{i + 1} {name}") for i, name in enumerate(SUBSTEPS)),
    widget="slot",
    help="The seven sub-steps of one update: the chart's right half, the formula and a column follow.",
)
EPOCH = Param(
    "l8_epoch",
    "Epoch shown",
    "int",
    4,
    1,
    10,
    1,
    widget="slot",
    shown_if=("l8_sub", ("5", "6")),
    limit_key="l8_epochs",
    help="Sub-steps 5 and 6 happen once per epoch, on the same batch.",
)


@dataclass(frozen=True)
class Result:
    """The state of the lab: the run so far, and where in it the learner stands."""

    config: WhiteboardConfig
    candidates: CandidateSet
    fit: RewardFit
    scores_from: str
    steps: tuple[PolicyStep, ...]
    first: PolicyStats
    step: int
    picked: int
    sub: int
    epoch: int
    optimum_probs: tuple[float, ...]

    @property
    def now(self) -> PolicyStep | None:
        """The update that led to the step shown; None at step 0."""
        return self.steps[self.step - 1] if self.step else None

    @property
    def stats(self) -> PolicyStats:
        """Figures of the policy shown."""
        return self.now.stats if self.now else self.first

    def probs(self, step: int) -> tuple[float, ...]:
        """The policy after `step` updates."""
        logps = self.steps[step - 1].logps if step else self.config.ref_logps
        return tuple(np.exp(logps).tolist())


def config_of(values: Values) -> tuple[WhiteboardConfig, str]:
    """The run that the settings ask for, and where its scores come from: "votes", "hand", or "no votes" (then by hand)."""
    reward = fit(values)
    wanted = str(values["l8_scores"])
    source = "no votes" if wanted == "votes" and not reward.n_votes else wanted
    by_hand = tuple(float(values[p.key]) for p in HAND) if wanted == "hand" else HAND_SCORES
    scores = tuple(round(float(s), 6) for s in reward.scores) if source == "votes" else by_hand
    exact = values["l8_mode"] == "exact"
    return WhiteboardConfig(
        ref_logps=responses(values).ref_logps(),
        scores=scores,
        kl_coef=float(values["l8_kl_coef"]),
        clip_epsilon=float(values["l8_clip"]),
        learning_rate=float(values["l8_lr"]),
        epochs=int(values["l8_epochs"]),
        batch_size=0 if exact else int(values["l8_batch"]),
        whitening=bool(values["l8_whiten"]),
        kl_estimator=values["l8_kl"],  # type: ignore[arg-type]
        seed=0 if exact else int(values["l8_seed"]),
    ), source


def compute(values: Values) -> Result:
    """Run as far as the step shown and a few steps more, so that the next press of Step is answered at once."""
    config, source = config_of(values)
    wanted = int(values["l8_step"])
    run = trajectory(config)
    steps = run.upto(min(max(wanted + LOOK_AHEAD, int(values.get("l8_ahead", 0))), HORIZON))
    return Result(
        config=config,
        candidates=responses(values),
        fit=fit(values),
        scores_from=source,
        steps=steps,
        first=start(config),
        step=min(wanted, len(steps)),
        picked=min(int(values["l8_pick"]), len(config.scores) - 1),
        sub=int(values["l8_sub"]),
        epoch=min(int(values["l8_epoch"]), config.epochs),
        optimum_probs=tuple(optimum(config).logps.exp().tolist()),
    )


def quantity(result: Result) -> Quantity:
    """The number per response that the chosen sub-step computes, at every step of the run so far."""
    config, count = result.config, len(result.config.scores)
    nothing = (1.0 if result.sub == 5 else 0.0,) * count
    of_step = {
        1: lambda s: tuple(100 * w for w in s.weights) if config.batch_size == 0 else s.weights,
        2: lambda s: s.scores,
        3: lambda s: tuple(-s.kl_coef * k for k in s.kl),
        4: lambda s: s.advantages,
        5: lambda s: s.epochs[result.epoch - 1].ratios,
        6: lambda s: s.epochs[result.epoch - 1].logit_steps,
        7: lambda s: tuple(100 * (np.exp(s.logps) - np.exp(s.old_logps))),
    }[result.sub]
    nought = config.scores if result.sub == 2 else nothing
    epsilon = config.clip_epsilon
    return Quantity(
        title=words.quantity_title(result.sub, result.epoch, exact=config.batch_size == 0),
        values=(nought, *(tuple(of_step(step)) for step in result.steps)),
        zero=1.0 if result.sub == 5 else 0.0,
        band=(1 - epsilon, 1 + epsilon) if result.sub == 5 else None,
        signed=result.sub != 1,
    )


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the lab: bars, the sub-step's quantity, the history."""
    probs = [result.probs(step) for step in range(len(result.steps) + 1)]
    stats = [result.first, *(step.stats for step in result.steps)]
    history = (
        History("mean reward", tuple(s.expected_reward for s in stats)),
        History("KL to ref.", tuple(s.kl for s in stats), "reference"),
        History("entropy", tuple(s.entropy for s in stats)),
        History("clip frac.", (0.0, *(s.clip_fraction for s in result.steps))),
        History("TV to π*", tuple(s.tv_to_optimum for s in stats), "optimum"),
    )
    chart = policy_lab(
        key="l8_chart",
        title=f"“{result.candidates.prompt}”",
        names=result.candidates.names,
        ref_probs=probs[0],
        old_probs=[probs[0], *probs[:-1]],
        new_probs=probs,
        optimum_probs=[result.optimum_probs] * len(probs),
        quantity=quantity(result),
        history=history,
        step=result.step,
        horizon=HORIZON,
        picked=result.picked,
        text=words.chart_text(result),
        illustrations=("reference",) + (() if result.scores_from == "votes" else ("scores",)),
    )
    return (chart,)


def table(result: Result) -> Table:
    """One row a response: what the update did with it."""
    record = result.now
    rows = []
    for i, name in enumerate(result.candidates.names):
        if record is None:
            cells = (name, signed(result.config.scores[i]), "–", "–", "–", "")
        else:
            epoch = record.epochs[result.epoch - 1]
            drawn = percent(record.weights[i], 0) if result.config.batch_size == 0 else f"{record.weights[i]:.0f}×"
            silent = record.weights[i] == 0
            cells = (
                name,
                signed(record.scores[i]),
                drawn,
                signed(record.advantages[i]),
                number(epoch.ratios[i]),
                "·" if silent else "✂" if epoch.clip_won[i] else "",
            )
        rows.append(cells)
    exact = result.config.batch_size == 0
    return Table(
        columns=("response", "score r", "weight" if exact else "drawn", "A", "ρ", "clip"),
        rows=tuple(rows),
        lit=result.picked,
        accent={1: 2, 2: 1, 3: 3, 4: 3, 5: 4, 6: 4, 7: None}[result.sub],
        notes="✂ the clip took its gradient away · not drawn, so it moves only because the others do"
        if not exact
        else "✂ the clip took its gradient away",
        badge="live",
    )


def formula(result: Result) -> Formula:
    """The formula of the chosen sub-step with the picked response's numbers."""
    return words.formula(result)


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


LESSON = Lesson(
    outline=outline(8),
    params=(
        SCORES,
        KL_COEF,
        CLIP,
        LR,
        EPOCHS,
        MODE,
        BATCH,
        SEED,
        WHITEN,
        ESTIMATOR,
        *HAND,
        STEP,
        PICK,
        SUB,
        EPOCH,
        VOTES,
        PRIOR,
    ),
    compute=compute,
    figures=figures,
    formula=formula,
    table=table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=snippet,
    why=words.WHY,
    presets=(
        Preset("recommended", "Recommended leash", {}),
        Preset("exact", "Exact, no noise", {"l8_mode": "exact"}, "Every response counts with its probability."),
    ),
    carried=("votes", "prior_sd"),
    later="The same update on the tiny language model comes with its own lens later.",
    sources_of_code=(updates,),
)

__all__ = ["LESSON", "MINUS", "SUBSTEPS", "compute", "config_of", "figures", "formula", "quantity", "snippet", "table"]
