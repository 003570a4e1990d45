"""What the home page draws: the weights, the whiteboard under them, and a run of the tiny language model."""

from __future__ import annotations

import torch

from core.figures.bars_with_spread import SpreadPanel, spread_panels
from core.figures.chart import Badge, Chart
from core.figures.policy_bars import Curve, policy_bars
from core.lessons import home_votes_words as words
from core.lessons.home_votes import HomeVotes
from core.lessons.lesson import Table
from core.lessons.text import number, percent, signed
from core.stages.my_votes import PROMPTS
from core.stages.my_votes_features import FEATURES
from core.stages.my_votes_recorded import Run
from core.stages.sequences import over_candidates
from core.stages.starting_points import stated_temperature
from core.statistics.difference import Z95
from core.world.candidates import NORWAY


def weights_chart(now: HomeVotes) -> Chart:
    """The fitted weights with ± 1.96 posterior standard deviations."""
    names = tuple(feature.name for feature in FEATURES)
    weights, halves = tuple(map(float, now.fit.weights)), tuple(Z95 * float(sd) for sd in now.weight_sd)
    text = "; ".join(f"{n} {signed(w)} ± {number(h)}" for n, w, h in zip(names, weights, halves))
    panel = SpreadPanel("", names, (weights,), (halves,), "proxy")
    return spread_panels(
        key="home_weights", title="Weights of your reward", panels=(panel,), step=0, text=text, height=200
    )


def board_chart(now: HomeVotes) -> Chart:
    """The whiteboard's policy under the votes' reward, beside where it starts."""
    candidates = now.candidates
    chart = policy_bars(
        key="home_board",
        title=f"“{candidates.prompt}”",
        names=candidates.names,
        probs=(candidates.ref_probs, now.board_probs),
        step=1,
        optimum=now.board_optimum,
        scores=now.board.scores,
        badge="live",
        text=words.board(now),
        height=380,
    )
    hand = () if candidates.recorded else ("reference",)
    kept = ("reference",) if candidates.recorded else ()
    # Only where the run ends is shown: a vote is answered by bars that glide there.
    return Chart(**{**vars(chart), "frames": (), "horizon": 0, "illustrations": hand, "recordings": kept})


def run_chart(run: Run, *, key: str, title: str, badge: Badge, prompts: int, autoplay: bool = False) -> Chart:
    """A run of the tiny language model step by step: its bars over the eight responses, and its answers to `prompts` prompts."""
    logps = torch.tensor([shown.logps for shown in run.shown], dtype=torch.float64)
    temperature = stated_temperature(run.shown[0].logps)
    probs = over_candidates(logps, temperature).tolist()
    # A batch is sampled before its update: the means of record k belong to the policy at step k − 1.
    means = [(s.reward, s.gold) for s in run.shown if s.reward is not None and s.gold is not None]
    chart = policy_bars(
        key=key,
        title=title,
        names=NORWAY.names,
        probs=probs,
        badge=badge,
        curves=(
            Curve("reward of the batch", tuple(reward for reward, _ in means), "proxy"),
            Curve("gold of the batch", tuple(gold for _, gold in means), "gold"),
        ),
        spoken=[list(zip(PROMPTS[:prompts], shown.texts)) for shown in run.shown],
        text=run_text(run, temperature, probs),
        height=320,
    )
    return Chart(**{**vars(chart), "autoplay": autoplay, "play_ms": 420})


def run_text(run: Run, temperature: float, probs: list[list[float]]) -> str:
    """The same in words."""
    bars = "; ".join(f"{n} {percent(a)} → {percent(b)}" for n, a, b in zip(NORWAY.names, probs[0], probs[-1]))
    return (
        f"{words.how_made(run)} Share of each response among the eight, at temperature {temperature:g}: {bars}. "
        f"“{PROMPTS[0]}” was answered “{run.shown[0].texts[0]}”, and is answered “{run.shown[-1].texts[0]}” at the end."
    )


def features_table(run: Run, badge: Badge) -> Table:
    """Weight of each feature, and its mean over the answers before and after."""
    return Table(
        columns=("mean over answers", "your weight", "before", "after"),
        rows=words.rows(run),
        badge=badge,
        pickable=False,
        notes=f"{run.after.n} held-out prompts, one sampled answer each",
    )
