"""PPO, RLOO, GRPO, DPO and best-of-n on one plane: gold against KL to the reference, on the same reward model or pairs."""

from __future__ import annotations

from typing import Any

from core.stages import grpo as grpo_stage
from core.stages import rloo as rloo_stage
from core.stages.best_of_n import BestOfNConfig, best_of_n
from core.stages.data import LabelConfig
from core.stages.dpo import DpoConfig
from core.stages.grpo import GrpoConfig
from core.stages.phenomena.bench import Bench, figures
from core.stages.phenomena.direct import SHORT
from core.stages.phenomena.effect import Arm, Contrast, Effect
from core.stages.ppo import PpoConfig
from core.stages.rloo import RlooConfig

STEPS = 40
PPO_COEFS, RLOO_COEFS, GRPO_COEFS = (0.03, 0.1, 0.3), (0.03, 0.1), (0.1, 0.3)
BETAS = (0.1, 0.5)
N_MAX = 16


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _run(bench: Bench) -> list[Arm]:
    judged, tuned = bench.judged(), bench.sft()
    steps = bench.scaled(STEPS, 8)
    arms = [Arm("start", {**figures(bench.start()), "kl": 0.0})]
    for kl_coef in bench.pick(PPO_COEFS, (0.1,)):
        run = bench.ppo(judged, "relay", PpoConfig(steps=steps, kl_coef=kl_coef))
        arms.append(Arm(f"PPO {kl_coef:g}", figures(run.end)))
    others: tuple[tuple[str, Any, Any, tuple[float, ...]], ...] = (
        ("RLOO", rloo_stage.rloo, RlooConfig, RLOO_COEFS),
        ("GRPO", grpo_stage.grpo, GrpoConfig, GRPO_COEFS),
    )
    for name, stage, config, coefs in bench.pick(others, ()):
        for kl_coef in coefs:
            settings = config(steps=steps, kl_coef=kl_coef, seed=bench.seed)
            run = bench.policy_run(stage, tuned, judged.scorer, settings)
            arms.append(Arm(f"{name} {kl_coef:g}", figures(run.end)))
    labels = LabelConfig(n_prompts=bench.scaled(LabelConfig.n_prompts, 100))
    for beta in bench.pick(BETAS, ()):
        run = bench.dpo(bench.rankings(labels), "relay", DpoConfig(steps=bench.scaled(SHORT, 15), beta=beta))
        arms.append(Arm(f"DPO {beta:g}", figures(run.end)))
    return [*arms, *_best_of_n(bench)]


def _best_of_n(bench: Bench) -> list[Arm]:
    """Best-of-n on held-out prompts by the same reward model. Its KL is the analytic upper bound."""
    config = BestOfNConfig(n_max=N_MAX, n_prompts=bench.scaled(192, 144), held_out=True, seed=bench.seed)
    return [
        Arm(f"best of {found.n}", {"gold": found.gold, "kl": found.kl_bound, "proxy": found.proxy})
        for found in best_of_n(bench.sft(), bench.task, bench.judged().scorer, config)
    ]


METHODS = Effect(
    key="methods",
    title="PPO, RLOO, GRPO, DPO and best-of-n on one gold-against-KL plane",
    setting=(
        f"one reward model and one set of pairs per seed; {STEPS} updates of 32 answers, KL coefficients {_listed(PPO_COEFS)} "
        f"(RLOO: {_listed(RLOO_COEFS)}; GRPO: {_listed(GRPO_COEFS)}, in the loss); DPO {SHORT} steps, β {_listed(BETAS)}; n up to {N_MAX}"
    ),
    run=_run,
    contrasts=(
        Contrast("PPO 0.1 − start", ("PPO 0.1", "gold"), ("start", "gold"), +1),
        Contrast("PPO 0.1 − RLOO 0.1", ("PPO 0.1", "gold"), ("RLOO 0.1", "gold"), 0),
        Contrast("PPO 0.1 − GRPO 0.3", ("PPO 0.1", "gold"), ("GRPO 0.3", "gold"), 0),
        Contrast("RLOO 0.1 − GRPO 0.3", ("RLOO 0.1", "gold"), ("GRPO 0.3", "gold"), 0),
        Contrast("PPO 0.1 − DPO 0.1", ("PPO 0.1", "gold"), ("DPO 0.1", "gold"), 0),
        Contrast("PPO 0.1 − DPO 0.5", ("PPO 0.1", "gold"), ("DPO 0.5", "gold"), 0),
        Contrast("best of 16 − best of 1", ("best of 16", "gold"), ("best of 1", "gold"), +1),
        Contrast("PPO 0.1 − best of 16", ("PPO 0.1", "gold"), ("best of 16", "gold"), 0),
    ),
    settings={"steps": STEPS, "n_max": N_MAX},
    lessons=(10,),
    quick=6,
)
