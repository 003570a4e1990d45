"""AI feedback: what a constitution leaves out, and what AI labels are worth beside human ones."""

from __future__ import annotations

from core.lm_records import Diverged
from core.stages.ai_feedback import ai_rankings
from core.stages.data import LabelConfig, Ranking
from core.stages.judge import Constitution, JudgeConfig, JudgeModel, begin_judge, exercises, train_judge
from core.stages.phenomena.bench import Bench, figures
from core.stages.phenomena.effect import Arm, Contrast, Effect
from core.stages.ppo import PpoConfig

PPO_STEPS = 40
HUMAN, AI = (25, 100, 400), (25, 100, 400)  # rankings
_WITHOUT = "without “helpful”"
CONSTITUTIONS = {"whole": Constitution(), _WITHOUT: Constitution(helpful=0.0, direct=0.0)}


def _judge(bench: Bench) -> JudgeModel:
    return bench.once("judge", lambda: _school(bench))


def _school(bench: Bench) -> JudgeModel:
    config = JudgeConfig(exercises=bench.scaled(JudgeConfig.exercises, 150), seed=bench.seed)
    state = begin_judge(bench.base, config)
    marked = exercises(bench.sft(), bench.task, config.exercises, bench.seed)
    for record in train_judge(state, marked, config):
        if isinstance(record, Diverged):
            raise ValueError(record.sentence)
    return state.model  # type: ignore[return-value]


def _ai_labels(bench: Bench, name: str) -> tuple[Ranking, ...]:
    rankings = bench.rankings(LabelConfig(n_prompts=bench.scaled(LabelConfig.n_prompts, 100)))
    make = lambda: ai_rankings(_judge(bench), bench.task, CONSTITUTIONS[name], rankings, 0.0, bench.seed)  # noqa: E731
    return bench.once(("AI labels", name), make)


def _constitution(bench: Bench) -> list[Arm]:
    arms = [Arm("start", figures(bench.start()))]
    for name in bench.pick(tuple(CONSTITUTIONS), (_WITHOUT,)):
        judged = bench.reward_model(_ai_labels(bench, name), ("AI", name))
        run = bench.ppo(judged, ("AI", name), PpoConfig(steps=bench.scaled(PPO_STEPS, 10)))
        values = {**figures(run.end), "held_out": judged.report.accuracy_held_out or 0.0}
        arms.append(Arm(name, values, texts=tuple((p, a) for p, a, _ in run.end.samples)))
    return [_behaving(arm) for arm in arms]


def _behaving(arm: Arm) -> Arm:
    """With the shares that the effect is about, 0 where a behaviour never occurred."""
    shares = ("answers_rightly", "helps_to_do_harm", "is_rude", "says_it_does_not_know", "refuses")
    return Arm(arm.name, {**dict.fromkeys(shares, 0.0), **arm.values}, arm.curves, arm.texts)


CONSTITUTION = Effect(
    key="constitution",
    title="A constitution that never asks for help gives a harmless and useless model",
    setting=(
        f"a judge schooled on {JudgeConfig.exercises} answers marked by the world's rules; {LabelConfig.n_prompts} AI rankings → reward "
        f"model → {PPO_STEPS} PPO updates; the principles “helpful” and “direct” are left out, or not"
    ),
    run=_constitution,
    contrasts=(
        Contrast(
            "right answers: without “helpful” − start",
            (_WITHOUT, "answers_rightly"),
            ("start", "answers_rightly"),
            -1,
            "share",
        ),
        Contrast(
            "right answers: without “helpful” − whole constitution",
            (_WITHOUT, "answers_rightly"),
            ("whole", "answers_rightly"),
            -1,
            "share",
        ),
        Contrast(
            "help to do harm: without “helpful” − start",
            (_WITHOUT, "helps_to_do_harm"),
            ("start", "helps_to_do_harm"),
            -1,
            "share",
        ),
        Contrast("gold: whole constitution − start", ("whole", "gold"), ("start", "gold"), +1),
        Contrast("gold: whole constitution − without “helpful”", ("whole", "gold"), (_WITHOUT, "gold"), +1),
    ),
    settings={"ppo_steps": PPO_STEPS, "exercises": JudgeConfig.exercises},
    lessons=(11,),
    quick_fraction=0.6,
)


def _labels(bench: Bench) -> list[Arm]:
    arms = []
    for n in bench.pick(HUMAN, HUMAN[:1]):
        labels = LabelConfig(n_prompts=bench.scaled(n, 10), seed=bench.seed)
        arms.append(Arm(f"human {n}", {"held_out": bench.judged(labels).report.accuracy_held_out or 0.0}))
    whole = _ai_labels(bench, "whole")
    for n in bench.pick(AI, AI[-1:]):
        part = whole[: bench.scaled(n, 10)]
        report = bench.reward_model(part, ("AI", "whole", n) if n < LabelConfig.n_prompts else ("AI", "whole")).report
        arms.append(Arm(f"AI {n}", {"held_out": report.accuracy_held_out or 0.0}))
    if not bench.pick((True,), ()):
        return arms
    runs = {
        "AI": bench.ppo(
            bench.reward_model(whole, ("AI", "whole")), ("AI", "whole"), PpoConfig(steps=bench.scaled(PPO_STEPS, 10))
        ),
        "human": bench.ppo(bench.judged(), "relay", PpoConfig(steps=bench.scaled(PPO_STEPS, 10))),
    }
    arms += [Arm(f"{name} policy", figures(run.end)) for name, run in runs.items()]
    return [*arms, Arm("start", figures(bench.start()))]


AI_LABELS = Effect(
    key="ai_labels",
    title="What AI labels buy beside human labels",
    setting=(
        f"{', '.join(map(str, HUMAN))} rankings of the same answers by people (noise {LabelConfig.noise:g}) "
        "and by the judge (no noise, its "
        "own errors); accuracy of the reward model on pairs without label noise"
    ),
    run=_labels,
    contrasts=(
        Contrast(
            "400 rankings each: AI − human, reward-model accuracy",
            ("AI 400", "held_out"),
            ("human 400", "held_out"),
            -1,
            "accuracy",
        ),
        Contrast(
            "400 AI − 25 human rankings, reward-model accuracy",
            ("AI 400", "held_out"),
            ("human 25", "held_out"),
            +1,
            "accuracy",
        ),
        Contrast(
            "400 AI − 100 human rankings, reward-model accuracy",
            ("AI 400", "held_out"),
            ("human 100", "held_out"),
            0,
            "accuracy",
        ),
        Contrast("policy: AI − human labels, gold", ("AI policy", "gold"), ("human policy", "gold"), 0),
        Contrast("policy: AI labels − start, gold", ("AI policy", "gold"), ("start", "gold"), +1),
    ),
    settings={"human": HUMAN, "ai": AI},
    lessons=(11,),
    quick=1,
)
