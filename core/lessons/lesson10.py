"""Lesson 10: the same pairs twice, once through a reward model and PPO, once straight into the policy by DPO."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.figures.chart import Chart
from core.lessons import lesson10_formulas as formulas
from core.lessons import lesson10_views as views
from core.lessons import lesson10_words as words
from core.lessons.lesson import Formula, Lesson, Preset, Table
from core.lessons.lesson08_params import HAND_SCORES
from core.lessons.lesson10_params import (
    ABOUT,
    BETA,
    CERTAIN_PAIR,
    EPS,
    HORIZON,
    LABELS,
    LOOK_AHEAD,
    LOSS,
    LR,
    MOST_ROWS,
    PAIRS,
    PICK,
    PPO_BATCH,
    PREDICT_AT,
    REWARD,
    ROUNDS,
    ROWS,
    RULE,
    SEED,
    SMOOTHED,
    STEP,
    VIEW,
)
from core.lessons.lesson10_result import Result
from core.lessons.outline import outline
from core.lessons.param import Values
from core.lessons.shared_params import CARRIED, PLACE, PRIOR, VOTES, responses
from core.lessons.snippets import script
from core.objectives.dpo import dpo_loss
from core.stages import whiteboard, whiteboard_dpo
from core.stages.comparisons import gather, rows, simulated_votes
from core.stages.reward_fit import fit_votes, free_scores
from core.stages.whiteboard import WhiteboardConfig
from core.stages.whiteboard_dpo import WhiteboardDpoConfig
from core.world.candidates import CandidateSet
from core.world.votes import Vote, decode, for_responses


def labels(values: Values, candidates: CandidateSet) -> tuple[tuple[Vote, ...], str]:
    """The votes that both routes learn from, and whose they are: "votes", "no votes", "voter" or "one"."""
    size = len(candidates.candidates)
    wanted = str(values["l10_pairs"])
    if wanted == "one":
        chosen, rejected = (min(response, size - 1) for response in CERTAIN_PAIR)
        return (Vote(chosen if chosen != rejected else 0, rejected, 1.0),), "one"
    own = for_responses(decode(str(values["votes"])), size)
    if wanted == "votes" and own:
        return own, "votes"
    exact = values["l10_labels"] == "exact"
    voter = simulated_votes(HAND_SCORES[:size], int(values["l10_rounds"]), int(values["l10_seed"]), exact=exact)
    return voter, "no votes" if wanted == "votes" else "voter"


def compute(values: Values) -> Result:
    """Run as far as the step shown and a few steps more, so that the next press of Step is answered at once."""
    candidates = responses(values)
    votes, source = labels(values, candidates)
    prior_sd = float(values["prior_sd"])
    fit = fit_votes(candidates, votes, prior_sd)
    scores = fit.scores if values["l10_reward"] == "features" else free_scores(candidates, votes, prior_sd)[0]
    comparisons = gather(votes)
    loss_type = str(values["l10_loss"])
    config = WhiteboardDpoConfig(
        ref_logps=candidates.ref_logps(),
        pairs=rows(comparisons),
        scores=tuple(round(float(score), 6) for score in scores),
        beta=float(values["l10_beta"]),
        loss_type=loss_type,  # type: ignore[arg-type]
        label_smoothing=float(values["l10_eps"]) if loss_type in SMOOTHED else 0.0,
        learning_rate=float(values["l10_lr"]),
        step_rule=values["l10_rule"],  # type: ignore[arg-type]
        batch_size=int(values["l10_batch"]),
        seed=int(values["l10_seed"]) if values["l10_batch"] else 0,
    )
    ppo_config = WhiteboardConfig(
        ref_logps=config.ref_logps,
        scores=config.scores,
        kl_coef=config.beta,
        batch_size=int(values["l10_ppo_batch"]),
        seed=int(values["l10_seed"]),
    )
    wanted = int(values["l10_step"])
    reach = min(max(wanted + LOOK_AHEAD, int(values.get("l10_ahead", 0))), HORIZON)
    run = whiteboard_dpo.trajectory(config)
    steps = run.upto(reach + 1)
    view = str(values["l10_view"])
    about = min(int(values["l10_about"]), len(candidates.candidates)) - 1
    listed = tuple(pair for pair in comparisons if about in (pair.first, pair.second)) or comparisons[:MOST_ROWS]
    return Result(
        config=config,
        ppo_config=ppo_config,
        candidates=candidates,
        source=source,
        votes=votes,
        comparisons=comparisons,
        labels_exact=source in ("no votes", "voter") and values["l10_labels"] == "exact",
        fit=fit,
        reward_kind=str(values["l10_reward"]),
        prior_sd=prior_sd,
        steps=steps,
        foreseen=run.upto(PREDICT_AT + 1)[-1],
        ppo_steps=whiteboard.trajectory(ppo_config).upto(reach) if view == "routes" else (),
        ppo_first=whiteboard.start(ppo_config),
        step=min(wanted, len(steps) - 1),
        view=view,
        about=about,
        listed=listed,
        picked=listed[min(int(values["l10_pick"]), len(listed) - 1)],
        optimum_logps=tuple(whiteboard_dpo.optimum(config).logps.tolist()),
        end_logps=whiteboard_dpo.end_point(replace(config, seed=0, batch_size=0, learning_rate=1.0, step_rule="even")),
    )


def figures(result: Result) -> tuple[Chart, ...]:
    """The one chart of the lab, in the chosen view."""
    draw = {"policy": views.policy_chart, "logps": views.logps_chart, "routes": views.routes_chart}[result.view]
    return (draw(result, HORIZON),)


def table(result: Result) -> Table:
    """The pairs of one answer; in the view of the two routes, what each route holds and has drawn."""
    return views.routes_table(result) if result.view == "routes" else views.pairs_table(result)


def formula(result: Result) -> Formula:
    """The picked pair in the loss, or in the view of the two routes how one formula leads to both."""
    return formulas.routes_formula(result) if result.view == "routes" else formulas.pair_formula(result)


def snippet(result: Result) -> str:
    """The run on screen as a script of its own."""
    config = ",\n    ".join(f"{name}={value!r}" for name, value in vars(result.config).items())
    return script(
        (WhiteboardDpoConfig, whiteboard_dpo.steps),
        (
            "import itertools",
            f"config = WhiteboardDpoConfig(\n    {config},\n)",
            f"for step in itertools.islice(steps(config), {result.step + 1}):",
            "    print(step.index, [round(float(np.exp(logp)), 6) for logp in step.logps], round(step.loss, 6))",
        ),
    )


def history(result: Result) -> list[dict[str, Any]]:
    """One row a step, for export: the figures of the run and every response's probability."""
    found = []
    for record in result.steps[: result.step + 1]:
        stats = record.stats
        found.append(
            {
                "step": record.index,
                "loss": record.loss,
                "rewards/chosen": result.mean_over_labels(record.rewards_chosen),
                "rewards/rejected": result.mean_over_labels(record.rewards_rejected),
                "rewards/accuracies": record.accuracy,
                "rewards/margins": record.margin,
                "logps/chosen": result.mean_over_labels(record.logps_chosen),
                "logps/rejected": result.mean_over_labels(record.logps_rejected),
                "expected_reward": stats.expected_reward,
                "kl_to_reference": stats.kl,
                "entropy": stats.entropy,
                "objective": stats.objective,
                "tv_to_optimum": stats.tv_to_optimum,
                **{f"p({name})": float(p) for name, p in zip(result.names, np.exp(record.logps))},
            }
        )
    return found


LESSON = Lesson(
    outline=outline(10),
    params=(PAIRS, LOSS, BETA, LR, ABOUT, EPS, ROUNDS, LABELS, SEED, REWARD, RULE, ROWS, PPO_BATCH, VIEW, STEP, PICK, VOTES, PRIOR,
            *PLACE),
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
        Preset("recommended", "Same pairs, β = 0.5", {}),
        Preset("falls", "A chosen answer falls", {"l10_view": "logps", "l10_step": 20, "l10_seed": 2, "l10_about": 3, "l10_pick": 2},
               "Its own pushes are upwards and its margins grow all the same."),
        Preset("long", "Long leash: β = 0.1", {"l10_beta": 0.1, "l10_step": 20}),
        Preset("meet", "Both routes meet", {"l10_view": "routes", "l10_labels": "exact", "l10_rounds": 30, "l10_reward": "free",
                                            "l10_pairs": "voter", "l10_step": 40}),
        Preset("certain", "One certain label: DPO", {"l10_pairs": "one", "l10_view": "logps", "l10_about": 2, "l10_step": 60}),
        Preset("ipo", "One certain label: IPO", {"l10_pairs": "one", "l10_loss": "ipo_sum", "l10_view": "logps", "l10_about": 2,
                                                 "l10_step": 60}),
    ),
    carried=CARRIED,
    later="KTO, ORPO and SimPO on the same pairs, PPO, DPO, RLOO and best-of-n on one gold-versus-KL chart, and the decision card.",
    sources_of_code=(dpo_loss, whiteboard_dpo.steps),
    history=history,
)  # fmt: skip
