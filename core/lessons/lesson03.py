"""Lesson 3: pretrained → SFT → reward model → PPO as a relay, with and without its runners: recorded over seeds, and live."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from core.lessons import lesson03_formulas as formulas
from core.lessons import lesson03_views as views
from core.lessons import lesson03_words as words
from core.lessons.lesson import Lesson, Preset
from core.lessons.outline import outline
from core.lessons.param import Param, Values
from core.lm_records import Evaluation
from core.stages import recorded
from core.stages.recorded import RelayRun
from core.stages.relay import RelayConfig, relay
from core.stages.world_task import SHOWN
from core.statistics.difference import Z95, difference
from core.statistics.over_seeds import Interval, over_seeds

STAGES = ("pretrained", "SFT", "rankings", "reward model", "PPO")
LAST = len(STAGES) - 1
MEASURED = {"pretrained": 0, "SFT": 1, "PPO": LAST}
"""Positions of the relay after which a policy is measured: the rankings and the reward model leave the policy alone."""

SFT_RUNS = Param(
    "l3_sft", "SFT runs", "bool", True, help="Off: the pretrained model goes straight on, without demonstrations."
)
REWARD_RUNS = Param(
    "l3_rm",
    "Reward model runs",
    "bool",
    True,
    help="Off: nobody compares, and every answer gets the same score in PPO.",
)
PROMPT = Param(
    "l3_prompt",
    "Follow one prompt",
    "choice",
    "0",
    options=tuple((str(number), prompt) for number, prompt in enumerate(SHOWN)),
    help="One sampled answer to it after every stage. All three prompts were held out of training.",
)
ITEMS = Param(
    "l3_items",
    "Measured on",
    "choice",
    "held",
    options=(("held", "held-out items"), ("trained", "trained items")),
    shown_if=("l3_view", ("behaviour",)),
    help="Held-out items appear in no demonstration and in no comparison.",
)
VIEW = Param(
    "l3_view",
    "Look at",
    "choice",
    "gold",
    widget="slot",
    bare=True,
    options=(("gold", "gold"), ("behaviour", "behaviour"), ("text", "text"), ("updates", "PPO's leg")),
    help="Gold: true quality after each stage. Behaviour: what the answers do. Text: three prompts. PPO's leg: every update.",
)
STEP = Param("l3_step", "Stage", "int", 0, 0, LAST, 1, widget="player", help="How far the baton has come.")
SEED = Param(
    "l3_seed",
    "Seed of the live run",
    "int",
    1,
    0,
    99,
    1,
    widget="panel",
    help="Of everything that is drawn in a live run.",
)


@dataclass(frozen=True)
class Result:
    """A recorded relay, the complete one to compare with, and where the learner stands in it.

    `seeds` and `full_seeds` are the same two relays at every recorded seed.
    """

    run: RelayRun
    full: RelayRun
    seeds: tuple[RelayRun, ...]
    full_seeds: tuple[RelayRun, ...]
    view: str
    step: int
    prompt: int
    items: str
    live_seed: int

    @property
    def reached(self) -> tuple[tuple[int, Evaluation], ...]:
        """(position, measurement) of every policy that the baton has passed."""
        return tuple(found for found in measured(self.run) if found[0] <= self.step)

    @property
    def now(self) -> Evaluation:
        """The policy at this point of the relay."""
        return self.reached[-1][1]

    @property
    def before(self) -> Evaluation:
        """The policy before the last hand-over; the pretrained model itself at the start."""
        return self.reached[-2][1] if len(self.reached) > 1 else self.reached[0][1]

    @property
    def tuned(self) -> Evaluation:
        """The policy that PPO begins from."""
        return measured(self.run)[-2][1]

    @property
    def end(self) -> Evaluation:
        """The policy at the end of the relay."""
        return measured(self.run)[-1][1]

    @property
    def half(self) -> float:
        """Half the 95 % interval of the present policy's held-out gold."""
        return Z95 * self.now.gold_held_out_se

    @property
    def gain(self) -> tuple[float, float]:
        """Held-out gold of the present policy less that before the last hand-over, with half its interval."""
        return gap(self.now, self.before)

    @property
    def gains(self) -> tuple[tuple[float, float], ...]:
        """The same for every pair of neighbouring policies that the baton has passed."""
        policies = [found for _, found in self.reached]
        return tuple(gap(after, before) for before, after in pairwise(policies))

    @property
    def ppo_gain(self) -> tuple[float, float]:
        """What PPO changed, with half its interval."""
        return gap(self.end, self.tuned)

    @property
    def missing(self) -> tuple[float, float]:
        """How much higher the complete relay ends, with half its interval."""
        return gap(measured(self.full)[-1][1], self.end)

    @property
    def stand(self) -> Interval | None:
        """Held-out gold of the present policy over seeds; None where one run is all there is."""
        return spread(self.seeds, self.now.name)

    @property
    def gain_over_seeds(self) -> Interval | None:
        """What the last hand-over changed, within each seed."""
        return spread(self.seeds, self.now.name, self.before.name) if len(self.reached) > 1 else None

    @property
    def ppo_over_seeds(self) -> Interval | None:
        """What PPO changed, within each seed."""
        return spread(self.seeds, self.end.name, self.tuned.name)

    @property
    def missing_over_seeds(self) -> Interval | None:
        """How much higher the complete relay ends, seed by seed."""
        ends = {run.seed: run.evaluations[-1].gold_held_out for run in self.seeds}
        gaps = [run.evaluations[-1].gold_held_out - ends[run.seed] for run in self.full_seeds if run.seed in ends]
        return over_seeds(gaps) if len(gaps) > 1 else None

    @property
    def complete(self) -> bool:
        """Whether every runner is there."""
        return self.run.use_sft and self.run.use_reward_model

    @property
    def live_config(self) -> RelayConfig:
        """The same settings, for a run of one's own."""
        run = self.run
        return recorded.with_runners(run.config(), run.use_sft, run.use_reward_model, self.live_seed)


def measured(run: RelayRun) -> tuple[tuple[int, Evaluation], ...]:
    """(position, measurement) of every policy of a run, in order."""
    return tuple((MEASURED[found.name], found) for found in run.evaluations)


def gap(after: Evaluation, before: Evaluation) -> tuple[float, float]:
    """Difference of two policies' held-out gold, with half its interval."""
    return difference(after.gold_held_out, after.gold_held_out_se, before.gold_held_out, before.gold_held_out_se)


def spread(runs: tuple[RelayRun, ...], after: str, before: str = "") -> Interval | None:
    """Held-out gold after a stage, or what it gained on another, over seeds; None for fewer than two."""
    found = []
    for run in runs:
        last, first = run.evaluation(after), run.evaluation(before)
        if last is not None and (first is not None or not before):
            found.append(last.gold_held_out - (first.gold_held_out if first else 0.0))
    return over_seeds(found) if len(found) > 1 else None


def compute(values: Values) -> Result:
    """The recorded relay with the chosen runners.

    Raises:
        ValueError: it was not recorded.
    """
    use = bool(values["l3_sft"]), bool(values["l3_rm"])
    run = recorded.find(*use)
    full = recorded.find(True, True)
    if run is None or full is None:
        raise ValueError("The recorded relays are missing; record them with: python -m core.stages record relay")
    return Result(
        run=run,
        full=full,
        seeds=recorded.over_seeds(*use),
        full_seeds=recorded.over_seeds(True, True),
        view=str(values["l3_view"]),
        # PPO's leg is only there once the baton has come to it.
        step=LAST if values["l3_view"] == "updates" else int(values["l3_step"]),
        prompt=int(values["l3_prompt"]),
        items=str(values["l3_items"]),
        live_seed=int(values["l3_seed"]),
    )


LESSON = Lesson(
    outline=outline(3),
    params=(SFT_RUNS, REWARD_RUNS, PROMPT, ITEMS, VIEW, STEP, SEED),
    compute=compute,
    figures=views.figures,
    formula=formulas.formula,
    table=views.table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=views.snippet,
    why=words.WHY,
    presets=(
        Preset("full", "The whole relay", {"l3_step": LAST}, "Every runner is there."),
        Preset("no_sft", "Without SFT", {"l3_sft": False, "l3_step": LAST}, "Comparisons of the pretrained model's own answers."),
        Preset("no_reward", "Without a reward model", {"l3_rm": False, "l3_step": LAST}, "Every answer scores the same."),
        Preset("straight", "PPO straight from pretrained", {"l3_sft": False, "l3_rm": False, "l3_step": LAST}, "Neither runs."),
    ),
    sources_of_code=(relay, difference, over_seeds),
    history=views.history,
)  # fmt: skip
