"""Over-optimisation: what no leash does over many updates, what labellers' bias and fresh labels do to it."""

from __future__ import annotations

from dataclasses import replace

from core.stages import ppo as ppo_stage
from core.stages.data import LabelConfig, collect_rankings
from core.stages.phenomena.bench import Bench, PolicyRun, figures
from core.stages.phenomena.effect import Arm, Contrast, Effect
from core.stages.ppo import PpoConfig

STEPS, RECOMMENDED_STEPS = 70, 40
RECOMMENDED = PpoConfig.kl_coef
BIAS = {"flattery_bias": 0.5, "length_bias": 0.3}
WINDOW = 5  # updates that a point of a smoothed curve averages
REFRESHES, LABELS_PER_STAGE, REFRESH_KL = 4, 100, 0.03
_LEASHES = {"kl_coef 0": 0.0, f"kl_coef {RECOMMENDED:g}": RECOMMENDED}


def smoothed(curve: tuple[float, ...], window: int = WINDOW) -> list[float]:
    """Running means over `window` neighbours (fewer at the ends)."""
    half = window // 2
    return [sum(part) / len(part) for i in range(len(curve)) if (part := curve[max(i - half, 0) : i + half + 1])]


def back_below_start(gold: tuple[float, ...]) -> int:
    """The update after its peak at which a smoothed curve is back below where it began; one more than there are if never."""
    curve = smoothed(gold)
    peak = max(range(len(curve)), key=curve.__getitem__)
    return next((i + 1 for i in range(peak, len(curve)) if curve[i] < curve[0]), len(curve) + 1)


def _arm(name: str, run: PolicyRun) -> Arm:
    gold, proxy = smoothed(run.curves["gold"]), smoothed(run.curves["proxy"])
    peak = max(range(len(gold)), key=gold.__getitem__)
    first = run.measured[min(run.measured)]  # after as many updates as the relay has
    values = {
        **figures(run.end),
        "gold_recommended": first.gold_held_out,
        "gold_trained_recommended": first.gold_train_items,
        "peak_step": float(peak + 1),
        "back_step": float(back_below_start(run.curves["gold"])),
        "rollout_peak": gold[peak],
        "rollout_end": gold[-1],
        "rollout_fall": gold[peak] - gold[-1],
        "proxy_since_peak": proxy[-1] - proxy[peak],
        "proxy_end": proxy[-1],
        "updates": float(len(gold)),
    }
    return Arm(name, values, run.curves, tuple((prompt, answer) for prompt, answer, _ in run.end.samples))


def _config(bench: Bench, kl_coef: float) -> tuple[PpoConfig, tuple[int, ...]]:
    return PpoConfig(steps=bench.scaled(STEPS, 10), kl_coef=kl_coef), (bench.scaled(RECOMMENDED_STEPS, 5),)


def unbiased_run(bench: Bench, kl_coef: float) -> PolicyRun:
    """The long run on the relay's own labels; other effects look at it too."""
    return bench.ppo(bench.judged(), "relay", *_config(bench, kl_coef))


def _start(bench: Bench) -> Arm:
    start = bench.start()
    return Arm("start", figures(start), texts=tuple((prompt, answer) for prompt, answer, _ in start.samples))


def _run(bench: Bench) -> list[Arm]:
    leashes = bench.pick(tuple(_LEASHES.items()), (("kl_coef 0", 0.0),))
    return [_start(bench), *(_arm(name, unbiased_run(bench, kl_coef)) for name, kl_coef in leashes)]


OVER_OPTIMISATION = Effect(
    key="over_optimisation",
    title="Without a leash PPO over-optimises its reward model; with the recommended one it does not",
    setting=f"the relay's defaults; {STEPS} PPO updates, kl_coef 0 and {RECOMMENDED:g}; measured after {RECOMMENDED_STEPS} and {STEPS}",
    run=_run,
    contrasts=(
        Contrast(
            f"kl_coef {RECOMMENDED:g}, {RECOMMENDED_STEPS} updates − start",
            (f"kl_coef {RECOMMENDED:g}", "gold_recommended"),
            ("start", "gold"),
            +1,
        ),
        Contrast(
            f"kl_coef {RECOMMENDED:g}, {STEPS} updates − start",
            (f"kl_coef {RECOMMENDED:g}", "gold"),
            ("start", "gold"),
            +1,
        ),
        Contrast(f"kl_coef 0, {STEPS} updates − start", ("kl_coef 0", "gold"), ("start", "gold"), -1),
        Contrast(
            "kl_coef 0: gold of the sampled answers, end − peak",
            ("kl_coef 0", "rollout_end"),
            ("kl_coef 0", "rollout_peak"),
            -1,
        ),
        Contrast("kl_coef 0: proxy, end − at gold's peak", ("kl_coef 0", "proxy_since_peak"), None, +1),
        Contrast(
            f"{STEPS} updates: kl_coef {RECOMMENDED:g} − 0",
            (f"kl_coef {RECOMMENDED:g}", "gold"),
            ("kl_coef 0", "gold"),
            +1,
        ),
        Contrast(
            f"unknowable questions: says it does not know, kl_coef {RECOMMENDED:g} − start (gold of that kind)",
            (f"kl_coef {RECOMMENDED:g}", "gold_unknowable"),
            ("start", "gold_unknowable"),
            0,
        ),
    ),
    settings={"steps": STEPS, "recommended_steps": RECOMMENDED_STEPS},
    lessons=(3, 8, 13),
    quick_fraction=0.6,
    quick=2,
)

# The settings above were chosen by looking at runs of the ten seeds; these ten had been seen by nobody when they were run.
FRESH_SEEDS = replace(
    OVER_OPTIMISATION,
    key="over_optimisation_fresh",
    title="The same comparison on ten seeds, 10 to 19, that played no part in choosing the settings",
    seeds=tuple(range(10, 20)),
    lessons=(),
)


def _biased(bench: Bench) -> list[Arm]:
    labels = LabelConfig(n_prompts=bench.scaled(LabelConfig.n_prompts, 100), seed=bench.seed, **BIAS)
    judged = bench.judged(labels)
    arms = [_start(bench)]
    for name, kl_coef in _LEASHES.items():
        arms.append(_arm(f"unbiased, {name}", unbiased_run(bench, kl_coef)))
        arms.append(_arm(f"biased, {name}", bench.ppo(judged, labels, *_config(bench, kl_coef))))
    return arms


BIASED = Effect(
    key="biased_labeller",
    title="A labeller who likes flattery and length brings over-optimisation sooner",
    setting=(
        f"labellers who add {BIAS['flattery_bias']:g} for each flattering sentence and {BIAS['length_bias']:g} for every ten words; "
        f"{STEPS} PPO updates"
    ),
    run=_biased,
    contrasts=(
        Contrast(
            "kl_coef 0: update at which gold is back below its start, biased − unbiased",
            ("biased, kl_coef 0", "back_step"),
            ("unbiased, kl_coef 0", "back_step"),
            -1,
            "steps",
        ),
        Contrast(
            f"kl_coef 0: gold after {STEPS}, biased − unbiased",
            ("biased, kl_coef 0", "gold"),
            ("unbiased, kl_coef 0", "gold"),
            -1,
        ),
        Contrast(
            f"kl_coef {RECOMMENDED:g}: gold after {STEPS}, biased − unbiased",
            (f"biased, kl_coef {RECOMMENDED:g}", "gold"),
            (f"unbiased, kl_coef {RECOMMENDED:g}", "gold"),
            -1,
        ),
        Contrast(
            f"biased, kl_coef 0, gold after {STEPS} − start", ("biased, kl_coef 0", "gold"), ("start", "gold"), -1
        ),
    ),
    settings={**BIAS, "steps": STEPS},
    lessons=(13,),
    quick=2,
)


def _staged(bench: Bench, refreshed: bool) -> PolicyRun:
    """PPO in stages, under one reward model of all labels, or under one that gets fresh labels before each stage."""
    stages, each = bench.pick((REFRESHES,), (2,))[0], bench.scaled(LABELS_PER_STAGE, 25)
    steps, tuned = bench.scaled(STEPS, 12) // stages, bench.sft()
    curves: dict[str, tuple[float, ...]] = {}
    labels = LabelConfig(n_prompts=each if refreshed else stages * each, seed=bench.seed)
    rankings = bench.rankings(labels)
    policy, run = tuned, None
    for stage in range(stages):
        seed = bench.seed + 1_000 * stage
        if refreshed and stage:
            rankings = (*rankings, *collect_rankings(policy, bench.task, replace(labels, seed=seed)))
        judged = bench.reward_model(rankings, ("stages", refreshed, stage if refreshed else 0))
        config = PpoConfig(steps=steps, kl_coef=REFRESH_KL, seed=seed)
        run = bench.policy_run(ppo_stage.ppo, policy, judged.scorer, config, reference=tuned)
        curves = {name: (*curves.get(name, ()), *curve) for name, curve in run.curves.items()}
        policy = run.model
        if run.broke:
            break
    assert run is not None
    return PolicyRun(policy, curves, {len(curves["gold"]): run.end}, run.broke)


def _refresh(bench: Bench) -> list[Arm]:
    return [
        _start(bench),
        _arm("all labels before", _staged(bench, False)),
        _arm("refreshed", _staged(bench, True)),
    ]


REFRESH = Effect(
    key="refresh",
    title="Fresh labels on the policy's own answers, against the same number of labels before the first update",
    setting=(
        f"kl_coef {REFRESH_KL:g}, {STEPS} PPO updates in {REFRESHES} stages; {LABELS_PER_STAGE} rankings of the present policy "
        f"before each stage, against all {REFRESHES * LABELS_PER_STAGE} before the first"
    ),
    run=_refresh,
    contrasts=(
        Contrast(
            "same number of labels: refreshed − all before", ("refreshed", "gold"), ("all labels before", "gold"), +1
        ),
        Contrast("refreshed − start", ("refreshed", "gold"), ("start", "gold"), +1),
        Contrast("all before − start", ("all labels before", "gold"), ("start", "gold"), 0),
    ),
    settings={"labels_per_stage": LABELS_PER_STAGE, "stages": REFRESHES, "kl_coef": REFRESH_KL, "steps": STEPS},
    lessons=(12, 13),
    quick=2,
)
