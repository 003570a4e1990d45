"""DPO: too long on the same pairs, in rounds with fresh ones, and what narrow pairs do to other prompts."""

from __future__ import annotations

import random

from core.lm_records import Evaluation
from core.stages.data import LabelConfig, Ranking
from core.stages.dpo import DpoConfig
from core.stages.phenomena.bench import Bench, DpoRun, figures
from core.stages.phenomena.effect import Arm, Contrast, Effect
from core.world.prompts import DEFAULT_MIX

SHORT, LONG = 100, 300
NARROW = ("fact", "howto")
NARROW_RANKINGS = 200
ROUNDS = 3


def _labels(bench: Bench, n: int = LabelConfig.n_prompts) -> LabelConfig:
    return LabelConfig(n_prompts=bench.scaled(n, 100), seed=bench.seed)


def _values(found: Evaluation, run: DpoRun, step: int) -> dict[str, float]:
    near = slice(max(step - 10, 0), step)  # one batch alone is noisy
    shown = {"chosen": run.chosen[near], "rejected": run.rejected[near], "accuracy": run.accuracy[near]}
    return {**figures(found), **{name: sum(part) / max(len(part), 1) for name, part in shown.items()}}


def long_run(bench: Bench) -> DpoRun:
    """DPO on the relay's pairs, far beyond what is good; measured on the way."""
    config = DpoConfig(steps=bench.scaled(LONG, 40))
    return bench.dpo(bench.rankings(_labels(bench)), "relay", config, (bench.scaled(SHORT, 15),))


def _overtrained(bench: Bench) -> list[Arm]:
    run = long_run(bench)
    curves = {"chosen": run.chosen, "rejected": run.rejected, "accuracy": run.accuracy}
    short, long = min(run.measured), max(run.measured)
    return [
        Arm("start", figures(bench.start())),
        Arm("short", _values(run.measured[short], run, short)),
        Arm("long", _values(run.measured[long], run, long), curves, tuple((p, a) for p, a, _ in run.end.samples)),
    ]


OVERTRAINED = Effect(
    key="dpo_overtrained",
    title="DPO too long on the same pairs: the pairs are learned, the answers get worse, the chosen ones too become unlikely",
    setting=f"β {DpoConfig.beta:g}, pairs of {LabelConfig.n_prompts} rankings, {SHORT} and {LONG} steps of {DpoConfig.batch_size} pairs",
    run=_overtrained,
    contrasts=(
        Contrast(f"gold, {LONG} − {SHORT} steps", ("long", "gold"), ("short", "gold"), -1),
        Contrast(f"gold, {SHORT} steps − start", ("short", "gold"), ("start", "gold"), +1),
        Contrast(f"gold, {LONG} steps − start", ("long", "gold"), ("start", "gold"), 0),
        Contrast(
            f"pairs in the right order, {LONG} − {SHORT} steps",
            ("long", "accuracy"),
            ("short", "accuracy"),
            +1,
            "share",
        ),
        Contrast(f"chosen answers: log-ratio to the reference after {SHORT}", ("short", "chosen"), None, -1, "nats"),
        Contrast(f"chosen answers: log-ratio to the reference after {LONG}", ("long", "chosen"), None, -1, "nats"),
    ),
    settings={"short": SHORT, "long": LONG},
    lessons=(10,),
)


def _split(found: Evaluation) -> dict[str, float]:
    """Gold on the narrow kinds and on the others, in the world's usual mixture of each."""
    gold = found.gold_by_kind
    sides = {"narrow": NARROW, "others": tuple(kind for kind in DEFAULT_MIX if kind not in NARROW)}
    values = {}
    for name, kinds in sides.items():
        kinds = tuple(kind for kind in kinds if kind in gold)
        values[f"gold_on_{name}"] = sum(DEFAULT_MIX[k] * gold[k] for k in kinds) / sum(DEFAULT_MIX[k] for k in kinds)
    return values


def _drift(bench: Bench) -> list[Arm]:
    rankings = bench.rankings(_labels(bench))
    narrow = tuple(r for r in rankings if r.prompt.kind in NARROW)[: bench.scaled(NARROW_RANKINGS, 40)]
    mixed: list[Ranking] = random.Random(f"mixed/{bench.seed}").sample(rankings, len(narrow))
    start = bench.start()
    arms = [Arm("start", {**figures(start), **_split(start)})]
    for name, pairs in (("narrow", narrow), ("mixed", tuple(mixed))):
        run = bench.dpo(pairs, name, DpoConfig(steps=bench.scaled(SHORT, 20)))
        arms.append(Arm(name, {**figures(run.end), **_split(run.end)}))
    return arms


DRIFT = Effect(
    key="drift",
    title="Preferences on a few kinds of prompt hurt the others; mixing repairs it",
    setting=(
        f"DPO, {SHORT} steps on {NARROW_RANKINGS} rankings: only facts and how-tos, or all kinds; gold on facts and how-tos, and on "
        "the other kinds"
    ),
    run=_drift,
    contrasts=(
        Contrast("other kinds: narrow − start", ("narrow", "gold_on_others"), ("start", "gold_on_others"), -1),
        Contrast("other kinds: mixed − narrow", ("mixed", "gold_on_others"), ("narrow", "gold_on_others"), +1),
        Contrast("facts and how-tos: narrow − start", ("narrow", "gold_on_narrow"), ("start", "gold_on_narrow"), +1),
        Contrast("facts and how-tos: mixed − narrow", ("mixed", "gold_on_narrow"), ("narrow", "gold_on_narrow"), 0),
    ),
    settings={"narrow": NARROW, "rankings": NARROW_RANKINGS, "steps": SHORT},
    lessons=(12,),
)


def _iterative(bench: Bench) -> list[Arm]:
    prompts = bench.scaled(LabelConfig.n_prompts, 60) // ROUNDS
    config = DpoConfig(mode="iterative", steps=bench.scaled(SHORT, 15), rounds=ROUNDS, prompts_per_round=prompts)
    run = bench.dpo((), "rounds", config)
    offline = long_run(bench)
    return [
        Arm("start", figures(bench.start())),
        Arm("offline", figures(offline.measured[min(offline.measured)])),
        Arm("iterative", figures(run.end)),
    ]


ITERATIVE = Effect(
    key="dpo_iterative",
    title="DPO in rounds with fresh pairs, against the same number of labels at once",
    setting=f"{SHORT} steps; {ROUNDS} rounds of {LabelConfig.n_prompts // ROUNDS} rankings of the present policy, "
    f"or {LabelConfig.n_prompts} at once",
    run=_iterative,
    contrasts=(
        Contrast("iterative − offline", ("iterative", "gold"), ("offline", "gold"), 0),
        Contrast("iterative − start", ("iterative", "gold"), ("start", "gold"), +1),
    ),
    settings={"rounds": ROUNDS, "steps": SHORT},
    lessons=(12,),
    quick=1,
)
