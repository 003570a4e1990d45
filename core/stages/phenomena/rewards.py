"""The reward model: how right it is by labels, noise and ranking width, and what its errors cost the policy."""

from __future__ import annotations

from core.stages.data import LabelConfig
from core.stages.phenomena.bench import Bench, Judged, figures
from core.stages.phenomena.effect import Arm, Contrast, Effect
from core.stages.ppo import PpoConfig

PROMPTS = (50, 200, 800)
NOISES = (0.0, 0.2, 3.0, 10.0)
WIDE, SAME_PROMPTS, SAME_COMPARISONS = (200, 4), (200, 2), (1200, 2)
PPO_STEPS = 40


def _accuracy(found: Judged) -> dict[str, float]:
    report = found.report
    return {
        name: value
        for name, value in (("held_out", report.accuracy_held_out), ("trained", report.accuracy_train_items))
        if value is not None
    }


def _labels(bench: Bench, n: int, k: int = 4, noise: float = LabelConfig.noise) -> LabelConfig:
    return LabelConfig(n_prompts=bench.scaled(n, 10), k=k, noise=noise, seed=bench.seed)


def _run(bench: Bench) -> list[Arm]:
    arms = [Arm(f"{n} rankings", _accuracy(bench.judged(_labels(bench, n)))) for n in bench.pick(PROMPTS, (50, 800))]
    for n, k in bench.pick((SAME_PROMPTS, SAME_COMPARISONS), ()):
        arms.append(Arm(f"{k}-way, {n} prompts", _accuracy(bench.judged(_labels(bench, n, k)))))
    return arms


ACCURACY = Effect(
    key="reward_accuracy",
    title="Reward-model accuracy by the number of labels, and rankings of four against single comparisons",
    setting=f"4-way rankings of the SFT model's answers, label noise {LabelConfig.noise:g}; accuracy on pairs without label noise",
    run=_run,
    contrasts=(
        Contrast(
            "800 − 50 rankings, held-out", ("800 rankings", "held_out"), ("50 rankings", "held_out"), +1, "accuracy"
        ),
        Contrast(
            "800 − 50 rankings, trained items", ("800 rankings", "trained"), ("50 rankings", "trained"), +1, "accuracy"
        ),
        Contrast(
            "800 − 200 rankings, held-out", ("800 rankings", "held_out"), ("200 rankings", "held_out"), +1, "accuracy"
        ),
        Contrast(
            "200 prompts: 4-way − 2-way, held-out",
            ("200 rankings", "held_out"),
            ("2-way, 200 prompts", "held_out"),
            +1,
            "accuracy",
        ),
        Contrast(
            "1,200 comparisons: 4-way − 2-way, held-out",
            ("200 rankings", "held_out"),
            ("2-way, 1200 prompts", "held_out"),
            0,
            "accuracy",
        ),
    ),
    settings={"prompts": PROMPTS, "same_prompts": SAME_PROMPTS, "same_comparisons": SAME_COMPARISONS},
    lessons=(11, 13, 14),
    quick=1,
)


def _chain(bench: Bench) -> list[Arm]:
    arms = [Arm("start", figures(bench.start()))]
    for noise in bench.pick(NOISES, (0.0, 10.0)):
        labels = _labels(bench, LabelConfig.n_prompts, noise=noise)
        found = bench.judged(labels)
        run = bench.ppo(found, labels, PpoConfig(steps=bench.scaled(PPO_STEPS, 5)))
        arms.append(Arm(f"noise {noise:g}", {**_accuracy(found), **figures(run.end)}))
    return arms


NOISE_CHAIN = Effect(
    key="noise_chain",
    title="Label noise → reward-model accuracy → final policy",
    setting=(
        f"{LabelConfig.n_prompts} rankings, labellers' noise {', '.join(f'{noise:g}' for noise in NOISES)}; PPO {PPO_STEPS} updates, "
        f"kl_coef {PpoConfig.kl_coef:g}"
    ),
    run=_chain,
    contrasts=(
        Contrast(
            "reward-model accuracy, noise 10 − 0, held-out",
            ("noise 10", "held_out"),
            ("noise 0", "held_out"),
            -1,
            "accuracy",
        ),
        Contrast("policy, noise 10 − 0, held-out gold", ("noise 10", "gold"), ("noise 0", "gold"), -1),
        Contrast(
            "reward-model accuracy, noise 3 − 0, held-out",
            ("noise 3", "held_out"),
            ("noise 0", "held_out"),
            -1,
            "accuracy",
        ),
        Contrast("policy, noise 3 − 0, held-out gold", ("noise 3", "gold"), ("noise 0", "gold"), -1),
        Contrast("policy, noise 0.2 − start, held-out gold", ("noise 0.2", "gold"), ("start", "gold"), +1),
    ),
    settings={"noises": NOISES, "ppo_steps": PPO_STEPS},
    lessons=(11, 13),
    quick=1,
)
