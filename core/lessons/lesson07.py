"""Lesson 7: the clip of one response, one batch used many times, and two leashes told apart."""

from __future__ import annotations

from typing import Any

from core.lessons import lesson07_params as params
from core.lessons import lesson07_says as sentences
from core.lessons import lesson07_views as views
from core.lessons import lesson07_words as words
from core.lessons.lesson import Lesson
from core.lessons.lesson07_lab import (
    HORIZON,
    LOOK_AHEAD,
    UPDATES,
    Result,
    first_gradients,
    kl_to_old,
    leashes,
    surrogate,
)
from core.lessons.lesson08_params import HAND_SCORES
from core.lessons.outline import outline
from core.lessons.param import Values
from core.lessons.shared_params import CARRIED, HAND, PLACE, PRIOR, VOTES, fit, responses
from core.lessons.snippets import script
from core.objectives.policy_gradient import reinforce_loss
from core.objectives.ppo import policy_loss
from core.stages.whiteboard import WhiteboardConfig, updates


def placed(values: Values) -> Values:
    """The settings with the start that this lesson uses: the one that is carried from lesson to lesson, or that by hand."""
    return {**values, "start": HAND} if values["l7_from"] == "hand" else values


def config_of(values: Values) -> tuple[WhiteboardConfig, str]:
    """The run that the settings ask for (with both leashes), and where its scores come from: "votes", "hand" or "no votes"."""
    values = placed(values)
    reward = fit(values)
    wanted = str(values["l7_scores"])
    source = "no votes" if wanted == "votes" and not reward.n_votes else wanted
    exact = values["l7_mode"] == "exact"
    return WhiteboardConfig(
        ref_logps=responses(values).ref_logps(),
        scores=tuple(round(float(s), 6) for s in reward.scores) if source == "votes" else HAND_SCORES,
        kl_coef=float(values["l7_kl_coef"]),
        clip_epsilon=float(values["l7_clip"]),
        learning_rate=float(values["l7_lr"]),
        epochs=int(values["l7_epochs"]),
        batch_size=0 if exact else int(values["l7_batch"]),
        whitening=bool(values["l7_whiten"]),
        seed=0 if exact else int(values["l7_seed"]),
    ), source


def compute(values: Values) -> Result:
    """One batch used many times, and in the view of the leashes four runs as far as the step shown and a few steps more."""
    config, source = config_of(values)
    view, step = values["l7_view"], int(values["l7_step"])
    wanted = min(max(step + LOOK_AHEAD, int(values.get("l7_ahead", 0))), UPDATES)
    runs = leashes(config, wanted) if view == "leashes" else ()
    return Result(
        view=view,  # type: ignore[arg-type]
        config=config,
        candidates=responses(placed(values)),
        scores_from=source,
        leashes=runs,
        step=min(step, len(runs[0].steps)) if runs else step,
        picked=min(int(values["l7_pick"]), len(config.scores) - 1),
        run=values["l7_run"],  # type: ignore[arg-type]
    )


def snippet(result: Result) -> str:
    """What is on screen as a script of its own."""
    config = ",\n    ".join(f"{name}={value!r}" for name, value in vars(result.config).items())
    head = ("from dataclasses import replace", "import itertools", f"config = WhiteboardConfig(\n    {config},\n)")
    return script(*_SNIPPETS[result.view](result, head))


Script = tuple[tuple[object, ...], tuple[str, ...]]


def _response_script(result: Result, head: tuple[str, ...]) -> Script:
    return (WhiteboardConfig, updates, surrogate), (
        *head,
        f"batch = next(updates(replace(config, epochs={HORIZON + 1}, kl_coef=0.0)))",
        f"epoch = batch.epochs[{result.step}]  # the policy after {result.step} epochs on this batch",
        "ratios = torch.tensor([np.exp(new - old) for new, old in zip(epoch.logps, batch.old_logps)])",
        "place = surrogate(ratios, torch.tensor(batch.advantages, dtype=torch.float64), config.clip_epsilon)",
        "for row in zip(place.ratios, batch.advantages, place.unclipped, place.clipped, place.smaller, place.slopes):",
        "    print([round(float(value), 6) for value in row])",
    )


def _epochs_script(result: Result, head: tuple[str, ...]) -> Script:
    return (WhiteboardConfig, updates, first_gradients), (
        *head,
        f"once = replace(config, epochs={HORIZON + 1}, kl_coef=0.0)",
        "ppo, plain = next(updates(once)), next(updates(replace(once, algorithm='reinforce')))",
        "tensors = [torch.tensor(vector, dtype=torch.float64) for vector in (ppo.old_logps, ppo.advantages, ppo.weights)]",
        "first, first_ppo = first_gradients(*tensors, config.clip_epsilon)",
        "print('largest difference of the first gradients', (first - first_ppo).abs().max().item())",
        f"for k in range({result.step} + 1):",
        "    print(k, round(ppo.epochs[k].kl_to_old, 6), round(plain.epochs[k].kl_to_old, 6))",
    )


def _leashes_script(result: Result, head: tuple[str, ...]) -> Script:
    return (WhiteboardConfig, updates, kl_to_old), (
        *head,
        "runs = {",
        "    'neither': replace(config, algorithm='reinforce', kl_coef=0.0),",
        "    'clip': replace(config, kl_coef=0.0),",
        "    'kl': replace(config, algorithm='reinforce'),",
        "    'both': config,",
        "}",
        "for name, setting in runs.items():",
        f"    steps = tuple(itertools.islice(updates(setting), {max(result.step, 1)}))",
        "    print(name, round(kl_to_old(steps).max().item(), 6), round(steps[-1].stats.kl, 6))",
    )


_SNIPPETS = {"response": _response_script, "epochs": _epochs_script, "leashes": _leashes_script}


def history(result: Result) -> list[dict[str, Any]]:
    """One row an epoch, or an update in the view of the leashes, for export."""
    if result.view == "leashes":
        return [
            {
                "update": k,
                **{f"kl_to_old({leash.run})": float(leash.kl_to_old[k]) for leash in result.leashes},
                **{f"kl_to_reference({leash.run})": float(leash.kl_to_ref[k]) for leash in result.leashes},
            }
            for k in range(result.step + 1)
        ]
    lab = result.reuse
    ppo_reward, plain_reward = lab.rewards
    return [
        {
            "epoch": k,
            "kl_to_old(ppo)": float(lab.ppo_kl[k]),
            "kl_to_old(plain)": float(lab.plain_kl[k]),
            "expected_reward(ppo)": float(ppo_reward[k]),
            "expected_reward(plain)": float(plain_reward[k]),
            "clip_fraction(ppo)": lab.batch.epochs[k].clip_fraction,
            **{f"ratio({name})": float(rho) for name, rho in zip(result.candidates.names, lab.points.ratios[k])},
        }
        for k in range(result.step + 1)
    ]


LESSON = Lesson(
    outline=outline(7),
    params=(*params.CONTROLS, params.VIEW, params.RUN, params.STEP, params.PICK, VOTES, PRIOR, *PLACE),
    compute=compute,
    figures=views.figures,
    formula=words.formula,
    table=views.table,
    says=sentences.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=snippet,
    why=words.WHY,
    presets=params.PRESETS,
    carried=CARRIED,
    sources_of_code=(policy_loss, reinforce_loss, surrogate),
    history=history,
)

__all__ = ["LESSON", "compute", "config_of", "history", "snippet"]
