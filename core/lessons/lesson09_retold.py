"""Lesson 9 retells the learner's own example: what SFT, the reward model and PPO each did to it, from the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.lessons.lesson05_words import quoted
from core.lessons.lesson09_runs import MOVED
from core.lessons.text import number, percent, plain, plural, signed

if TYPE_CHECKING:
    from core.lessons.lesson09_result import Result


PAID = {
    "as scored": "followed their scores",
    "flipped": "followed their scores with the sign flipped",
    "flat": "was paid 0 for each",
    "hacked": "followed their scores and a bonus for asking back",
}


def retold(result: Result) -> tuple[str, ...]:
    """One sentence for each stage."""
    return _sft(result), _reward_model(result), _ppo(result)


def _sft(result: Result) -> str:
    walk, policy = result.walk(), result.white.lab.candidates
    if walk.step == 0:
        return (
            f"**SFT** of your own in lesson 5 stands at step 0: the demonstration costs {number(walk.now.loss, 3)} nats per token; PPO's "
            f"policy is {plain(policy.origin)}."
        )
    before, now = walk.before, walk.now
    said = (
        f"the model still answers {quoted(now.says)}"
        if now.says == before.says
        else f"the model now answers {quoted(now.says)}, not {quoted(before.says)}"
    )
    other = "" if policy.live else f" (PPO starts elsewhere: its policy is {plain(policy.origin)})"
    return (
        f"**SFT** imitated {plural(1 + walk.config.others, 'demonstration')} for {plural(walk.step, 'step')}: yours costs "
        f"{number(now.loss, 3)} nats per token instead of {number(before.loss, 3)}, and {said}{other}."
    )


def _reward_model(result: Result) -> str:
    lab = result.white.lab
    scores, names = lab.honest_scores, lab.candidates.names
    votes = f"{plural(lab.fit.n_votes, 'vote')} of yours"
    if lab.scores_from == "votes":
        who, put, aside = f"**The reward model** learned from {votes} and", "scores", ""
    else:
        used = "which lesson 8's sliders replace" if lab.fit.n_votes else "lesson 6 asks for them"
        who, put, aside = "**The scores** are set by hand and", "put", f"; there are {votes}, {used}"
    if max(scores) - min(scores) < MOVED:
        makes = "makes" if put == "scores" else "make"
        return f"{who} {makes} all answers equal, {signed(scores[0])}{aside}."
    best, worst = scores.index(max(scores)), scores.index(min(scores))
    return (
        f"{who} {put} “{plain(names[best])}” highest ({signed(scores[best])}) and “{plain(names[worst])}” lowest "
        f"({signed(scores[worst])}){aside}."
    )


def _ppo(result: Result) -> str:
    run = result.white
    names, first, last = run.lab.candidates.names, run.probs(0), run.probs(len(run.steps))
    change = [after - before for before, after in zip(first, last)]
    up, down = change.index(max(change)), change.index(min(change))
    done = f"**PPO** drew answers and {PAID[run.lab.reward]}: {plural(len(run.steps), 'update')} {moves(run.score_before, run.score_after)}"
    if change[up] < MOVED / 10:
        return f"{done}, and no answer's share moved."
    return (
        f"{done}, at {number(run.end.kl)} nats from the reference; “{plain(names[up])}” went from {percent(first[up])} to "
        f"{percent(last[up])}, “{plain(names[down])}” from {percent(first[down])} to {percent(last[down])}."
    )


def moves(before: float, after: float) -> str:
    """What updates do to the mean score."""
    if abs(after - before) < MOVED:
        return f"leave the mean score at {number(after)}"
    return f"take the mean score from {number(before)} to **{number(after)}**"
