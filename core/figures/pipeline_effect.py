"""What the team's own labels do to a policy over its own candidates: DPO and PPO from one start, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from core.figures.chart import Chart
from core.figures.step_lines import Line, Panel
from core.figures.two_routes import two_routes


def effect_chart(
    *,
    names: Sequence[str],
    dpo: Sequence[Sequence[float]],
    ppo: Sequence[Sequence[float]],
    optimum: Sequence[float],
    dpo_end: Sequence[float] | None,
    dpo_kl: Sequence[float],
    ppo_kl: Sequence[float],
    dpo_reward: Sequence[float],
    ppo_reward: Sequence[float],
    step: int,
    start_chosen: bool = True,
    key: str = "l14_effect",
) -> Chart:
    """Policies [steps + 1][candidates], KL to the start and expected reward [steps + 1] of both routes.

    `start_chosen`: the starting chances were set by hand (equal, or typed in), and the badge says so.
    """
    horizon = len(dpo) - 1
    step = max(0, min(step, horizon))
    panels = (
        Panel("KL from the start", (_line("DPO", dpo_kl, "new"), _line("PPO", ppo_kl, "text")), zero=True),
        Panel("expected reward", (_line("DPO", dpo_reward, "new"), _line("PPO", ppo_reward, "text"))),
    )
    said = " ".join(
        f"{name}: {dpo[0][k]:.0%} at the start, {dpo[step][k]:.0%} with DPO, {ppo[step][k]:.0%} with PPO.".replace(
            "%", " %"
        )
        for k, name in enumerate(names)
    )
    return two_routes(
        key=key,
        title="Your labels, followed by a policy",
        names=names,
        ref_probs=dpo[0],
        direct_probs=dpo,
        sampled_probs=ppo,
        optimum_probs=optimum,
        end_point=dpo_end,
        panels=panels,
        step=step,
        horizon=horizon,
        lit=None,
        text=f"After {step} of {horizon} steps. {said}",
        illustrations=("starting chances",) if start_chosen else (),
    )


def _line(name: str, values: Sequence[float], role: str) -> Line:
    return Line(name, tuple(float(value) for value in values), role, "dash" if role == "text" else "")
