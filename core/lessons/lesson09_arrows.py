"""The ten arrows of the relay: what flows along each of them, in both tracks, and what is lost when it is cut.

Every text here is put together with the digits of the lesson that the number comes from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from core.lessons.lesson09_memory import SHAPES, head_count
from core.lessons.text import number, percent, plural, signed
from core.policies.tokenizer import Tokenizer
from core.policies.transformer import TinyLM, TransformerConfig
from core.world.vocabulary import WORDS

if TYPE_CHECKING:
    from core.lessons.lesson05_result import Result as Walk
    from core.lessons.lesson09_runs import WhiteRun
    from core.stages.recorded import RelayRun

Cut = Literal["sft", "reward", "kl", "baseline", "update"]


@dataclass(frozen=True)
class Arrow:
    """One arrow between two boxes: what flows, as which data, and what is missing once it is cut."""

    key: str
    tail: str
    head: str
    name: str
    data: str
    cut: Cut


ARROWS: tuple[Arrow, ...] = (
    Arrow("demos", "base", "sft", "demonstrations", "texts", "sft"),
    Arrow("answers", "sft", "people", "its answers", "texts", "reward"),
    Arrow("votes", "people", "reward", "comparisons", "pairs with a winner", "reward"),
    Arrow("copy", "sft", "reference", "frozen copy", "weights", "kl"),
    Arrow("start", "sft", "policy", "copy to train", "weights", "sft"),
    Arrow("samples", "policy", "ppo", "samples", "texts", "update"),
    Arrow("scores", "reward", "ppo", "scores", "one number an answer", "reward"),
    Arrow("kl", "reference", "ppo", "KL penalty", "log-probabilities", "kl"),
    Arrow("baseline", "value", "ppo", "baseline", "expected reward", "baseline"),
    Arrow("update", "ppo", "policy", "update", "gradients", "update"),
)
BOXES: dict[str, str] = {
    "base": "Pretrained",
    "sft": "SFT model",
    "people": "People",
    "reference": "Reference",
    "reward": "Reward model",
    "policy": "Policy",
    "ppo": "PPO",
    "value": "Value",
}
KEPT = {"policy": "policy", "reference": "reference", "reward": "reward model", "value": "value model"}
"""Boxes that are models which PPO holds in memory, with their names there."""
IDLE: dict[str, tuple[str, ...]] = {
    "start": ("demos",),
    "answers": ("votes", "scores"),
    "votes": ("answers", "scores"),
    "scores": ("answers", "votes"),
    "copy": ("kl",),
    "kl": ("copy",),
    "samples": ("scores", "kl", "baseline", "update"),
    "update": ("samples", "scores", "kl", "baseline"),
}
"""Arrows that carry nothing of use any more once one arrow is cut."""
UNNEEDED: dict[str, tuple[str, ...]] = {
    "sft": (),
    "reward": ("reward model",),
    "kl": ("reference",),
    "baseline": ("value model",),
    "update": ("reference", "reward model", "value model"),
}
"""Models that need not be held once an arrow of that kind is cut."""
WITHOUT: dict[str, str] = {
    "sft": "without SFT",
    "reward": "with every score equal",
    "kl": "without the KL penalty",
    "baseline": "without a baseline",
    "update": "without PPO",
}


@dataclass(frozen=True)
class Load:
    """What one arrow carries in a run: how much, and one figure of it."""

    count: str
    score: str


def white_loads(run: WhiteRun, walk: Walk) -> tuple[Load, ...]:
    """The learner's own numbers: lesson 5's walk, lesson 6's votes and lesson 8's run."""
    lab, config, end = run.lab, run.config, run.end
    n, steps = len(config.scores), len(run.steps)
    fit, exact = lab.fit, config.batch_size == 0
    last = run.steps[-1] if run.steps else None
    drawn = "every answer" if exact else f"{config.batch_size * steps:,} answers"
    decided = sum(vote.share != 0.5 for vote in fit.votes)
    agreed = "" if fit.agreement is None else f"repeats {round(fit.agreement * decided)} of {decided}"
    loads = {
        "demos": Load(_walked(walk), _fallen(walk)),
        "answers": Load(f"{n} answers", plural(math.comb(n, 2), "pair")),
        "votes": Load(plural(fit.n_votes, "vote"), agreed or ("ties only" if fit.n_votes else "scores by hand")),
        "copy": Load(f"{n} probabilities", f"largest {percent(max(run.probs(0)))}"),
        "start": Load(f"{n} probabilities", f"reward {number(run.first.expected_reward)}"),
        "samples": Load(drawn if steps else "none", f"entropy {number(end.entropy)}"),
        "scores": Load(f"{n} scores", f"highest {signed(max(config.scores))}"),
        "kl": Load(f"kl_coef {number(last.kl_coef if last else config.kl_coef)}", f"KL {number(end.kl)} nats"),
        "baseline": Load("batch mean", "none" if last is None or not config.use_baseline else f"b = {number(last.baseline)}"),
        "update": Load(
            f"{steps} × {plural(config.epochs, 'epoch')}",
            f"reward {number(run.first.expected_reward)} → {number(end.expected_reward)}",
        ),
    }  # fmt: skip
    return tuple(loads[arrow.key] for arrow in ARROWS)


def _walked(walk: Walk) -> str:
    """How many texts were shown in each of how many steps."""
    return f"{plural(1 + walk.config.others, 'text')} × {plural(walk.step, 'step')}"


def _fallen(walk: Walk) -> str:
    """Loss of the demonstration, before and now."""
    before, now = number(walk.before.loss, 3), number(walk.now.loss, 3)
    return f"loss {now}" if walk.step == 0 else f"loss {before} → {now}"


def tiny_loads(run: RelayRun) -> tuple[Load, ...]:
    """The recorded relay of the tiny language model."""
    start, end = run.evaluations[-2], run.evaluations[-1]
    labels, ppo = run.settings["labels"], run.settings["ppo"]
    demos, pairs, scored = (run.handed(stage) for stage in ("sft", "reward_model", "ppo"))
    losses, accuracy = run.losses("sft"), run.report.accuracy_held_out if run.report else None
    weights, drawn = f"{tiny_parameters():,} numbers", f"{scored.count if scored else 0:,}"
    asked, k = int(labels["n_prompts"]), int(labels["k"])
    ties = math.comb(k, 2) * asked - (pairs.count if pairs else 0)
    loads = {
        "demos": Load(f"{demos.count:,} texts", f"loss {number(losses[0])} → {number(losses[-1])}")
        if demos and losses
        else Load("none", "left out"),
        "answers": Load(f"{k * asked:,} answers", f"to {asked:,} prompts") if pairs else Load("none", "left out"),
        "votes": Load(f"{pairs.count:,} pairs", f"{ties:,} ties left out") if pairs else Load("none", "left out"),
        "copy": Load(weights, "never trained"),
        "start": Load(weights, f"gold {signed(start.gold_held_out)}"),
        "samples": Load(f"{drawn} answers", f"{ppo['steps']} × {ppo['batch_size']}"),
        "scores": Load(f"{drawn} scores", "all equal" if accuracy is None else f"right order {percent(accuracy, 0)}"),
        "kl": Load(f"kl_coef {number(run.updates[-1].kl_coef)}", "" if end.kl is None else f"KL {number(end.kl)} nats"),
        "baseline": Load("value head", f"{head_count(SHAPES['tiny'][1])} numbers"),
        "update": Load(
            f"{ppo['steps']} × {plural(int(ppo['epochs']), 'epoch')}",
            f"gold {signed(start.gold_held_out)} → {signed(end.gold_held_out)}",
        ),
    }
    return tuple(loads[arrow.key] for arrow in ARROWS)


@lru_cache(maxsize=1)
def tiny_parameters() -> int:
    """Parameters of the tiny language model, counted on the model itself."""
    layers, width = SHAPES["tiny"]
    return TinyLM(TransformerConfig(len(Tokenizer(WORDS)), width, layers)).n_parameters()
