"""Lesson 10 seen in three ways: the policy's bars, the log-probabilities over the steps, and the two routes side by side."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.figures.chart import Chart
from core.figures.policy_lab import History
from core.figures.preference_lab import preference_lab
from core.figures.step_lines import Line, Panel, step_lines
from core.figures.two_routes import two_routes
from core.lessons import lesson10_words as words
from core.lessons.lesson import Table
from core.lessons.lesson10_formulas import sigmoid
from core.lessons.shared_params import hand_made
from core.lessons.text import number, percent, signed
from core.policies.tokenizer import Tokenizer
from core.policies.transformer import TinyLM, TransformerConfig
from core.stages.whiteboard_dpo import pair_terms, step_size
from core.world.vocabulary import WORDS

if TYPE_CHECKING:
    from core.lessons.lesson10_result import Result

BYTES_PER_NUMBER = 4
# Which whole models each route keeps while it trains. The value model of PPO is a head on the policy in the tiny LM, and
# the batch's mean reward on the whiteboard, so it is not counted.
PPO_MODELS = ("policy", "reference", "reward model")
DPO_MODELS = ("policy", "reference")


def policy_chart(result: Result, horizon: int) -> Chart:
    """Bars, implicit rewards and history of the DPO run."""
    steps = result.steps
    history = (
        History("loss", tuple(s.loss for s in steps)),
        History("margin", tuple(s.margin for s in steps)),
        History("log π(w)", result.series("logps_chosen"), "chosen"),
        History("KL to ref.", tuple(s.stats.kl for s in steps), "reference"),
        History("TV to π*", tuple(s.stats.tv_to_optimum for s in steps), "optimum"),
    )
    return preference_lab(
        key="l10_policy",
        title=f"“{result.candidates.prompt}”",
        names=result.names,
        probs=[result.probs(k) for k in range(len(steps))],
        optimum_probs=np.exp(result.optimum_logps),
        implicit_rewards=[tuple(result.implicit_rewards(k)) for k in range(len(steps))],
        scores=result.scores,
        history=history,
        step=result.step,
        horizon=horizon,
        lit=result.about if result.about_in_a_pair else None,
        text=words.policy_text(result),
        illustrations=by_hand(result),
    )


def logps_chart(result: Result, horizon: int) -> Chart:
    """Log-probabilities of chosen and rejected: over all labels, in the picked pair, why the chosen one moved, and margins."""
    steps, pair = result.steps, result.picked
    counted = range(len(steps))
    first, second = result.names[pair.first], result.names[pair.second]
    means = {
        name: result.series(name) for name in ("logps_chosen", "logps_rejected", "rewards_chosen", "rewards_rejected")
    }
    panels = (
        Panel(
            "log π, mean over all labels",
            (Line("chosen", means["logps_chosen"], "chosen"), Line("rejected", means["logps_rejected"], "rejected")),
        ),
        Panel(
            "log π, the picked pair",
            (
                Line(first, tuple(s.logps[pair.first] for s in steps), "chosen"),
                Line(second, tuple(s.logps[pair.second] for s in steps), "rejected"),
            ),
        ),
        Panel(
            "implicit reward β log π/π_ref, mean",
            (
                Line("chosen", means["rewards_chosen"], "chosen"),
                Line("rejected", means["rewards_rejected"], "rejected"),
                Line("margin", tuple(s.margin for s in steps), "text", "dot"),
            ),
            zero=True,
        ),
        Panel(
            f"why log π of “{first}” moved",
            (
                Line("own pushes", tuple(result.own_push(k, pair.first) for k in counted), "accent", "dash"),
                Line("the others", tuple(-result.normaliser(k) for k in counted), "text", "dot"),
                Line("sum", tuple(float(result.log_ratios(k)[pair.first]) for k in counted), "chosen"),
            ),
            zero=True,
        ),
    )
    return step_lines(
        key="l10_logps",
        title="Log-probabilities over the steps",
        panels=panels,
        columns=2,
        step=result.step,
        horizon=horizon,
        text=words.logps_text(result, means),
    )


def routes_chart(result: Result, horizon: int) -> Chart:
    """DPO and PPO after as many steps, their distance to π*, and the answers sampled so far."""
    steps = range(len(result.steps))
    ppo = [np.exp(result.ppo_logps(k)) for k in steps]
    return two_routes(
        key="l10_routes",
        title=f"“{result.candidates.prompt}”",
        names=result.names,
        ref_probs=result.probs(0),
        direct_probs=[result.probs(k) for k in steps],
        sampled_probs=ppo,
        optimum_probs=np.exp(result.optimum_logps),
        end_point=None if result.end_logps is None else np.exp(result.end_logps),
        panels=(
            Panel(
                "distance to π*",
                (
                    Line("DPO", tuple(s.stats.tv_to_optimum for s in result.steps), "new"),
                    Line("PPO", tuple(result.ppo_stats(k).tv_to_optimum for k in steps), "text", "dot"),
                ),
                zero=True,
            ),
            Panel(
                "answers sampled",
                (
                    Line("DPO", tuple(0.0 for _ in steps), "new"),
                    Line("PPO", tuple(float(result.sampled(k)) for k in steps), "text", "dot"),
                ),
                zero=True,
            ),
        ),
        step=result.step,
        horizon=horizon,
        lit=result.about,
        text=words.routes_text(result),
        illustrations=by_hand(result),
    )


def by_hand(result: Result) -> tuple[str, ...]:
    """What in the chart was chosen by hand: the starting policy, and the taste of the simulated voter."""
    return hand_made(result.candidates) + (("voter's scores",) if result.source in ("no votes", "voter") else ())


def pairs_table(result: Result) -> Table:
    """The pairs of one answer, seen from it; without any, the first pairs of all."""
    seen = result.about_in_a_pair
    now, config = result.now, result.config
    total = sum(row[2] for row in config.pairs)
    rate = step_size(config) / total
    table_rows = []
    for pair in result.listed:
        me, other = (
            (result.about, pair.second if pair.first == result.about else pair.first)
            if seen
            else (pair.first, pair.second)
        )
        share = pair.share_of(me)
        terms = pair_terms(config, now.logps, me, other, share)
        margin = config.beta * terms.gap
        who = result.names[other] if seen else f"{result.names[me]} > {result.names[other]}"
        push = rate * pair.votes * terms.pull
        table_rows.append((who, won(share, pair.votes), signed(margin), number(sigmoid(margin)), signed(push)))
    about = result.names[result.about]
    return Table(
        columns=(f"{about} vs" if seen else "pair", "won", "βΔ", "σ(βΔ)", "push"),
        rows=tuple(table_rows),
        lit=result.listed.index(result.picked),
        notes=f"push: what the pair adds to the logit of “{about}” in the next step"
        if seen
        else f"“{about}” is in no pair: nothing pushes it. push: what the pair adds to the logit of its first answer next",
    )


def won(share: float, votes: float) -> str:
    """How many of a pair's votes went to one side: "2 of 3", "1½ of 3", or a share in per cent."""
    doubled = 2 * share * votes
    if abs(doubled - round(doubled)) > 1e-9:
        return percent(share, 0)
    whole, half = divmod(round(doubled), 2)
    return f"{whole if whole or not half else ''}{'½' if half else ''} of {votes:.0f}"


@lru_cache(maxsize=1)
def tiny_lm_parameters() -> int:
    """Parameters of the tiny language model of this app, counted on the model itself."""
    return TinyLM(TransformerConfig(vocab=len(Tokenizer(WORDS)))).n_parameters()


def routes_table(result: Result) -> Table:
    """What each route holds and has used by the step shown, counted from the runs."""
    step = result.step
    updates = result.ppo_steps[:step]
    drawn = result.sampled(step)
    model = tiny_lm_parameters() * BYTES_PER_NUMBER
    ppo, dpo = result.ppo_stats(step), result.now.stats
    rows = (
        ("labels", str(len(result.votes)), str(len(result.votes))),
        ("models held", str(len(PPO_MODELS)), str(len(DPO_MODELS))),
        ("weights, as tiny LMs", megabytes(len(PPO_MODELS) * model), megabytes(len(DPO_MODELS) * model)),
        ("answers sampled", f"{drawn:,}", "0"),
        ("answers scored", f"{drawn:,}", "0"),
        ("policy gradient steps", f"{sum(len(u.epochs) for u in updates):,}", f"{step:,}"),
        ("KL to the reference", number(ppo.kl), number(dpo.kl)),
        ("mean score r", signed(ppo.expected_reward), signed(dpo.expected_reward)),
    )
    return Table(
        pickable=False,
        columns=(f"after {step} steps", "RM + PPO", "DPO"),
        rows=rows,
        notes=f"PPO: {', '.join(PPO_MODELS)}. DPO: {', '.join(DPO_MODELS)} (or only its log-probs of the pairs).",
    )


def megabytes(count: int) -> str:
    """Bytes as MB with one decimal."""
    return f"{count / 1e6:.1f} MB"
