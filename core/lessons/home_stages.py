"""What each stage did to the running example, in words that need no training: SFT, the reward model, and PPO.

The pretrained model's answer and the counts of labels are those of the recorded relay that lesson 3 shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.lessons.home_votes_words import rewarded
from core.lessons.text import number, plain, plural, signed
from core.stages import recorded
from core.stages.my_votes import PROMPTS
from core.stages.my_votes_features import FEATURES
from core.stages.my_votes_recorded import HomeRecording, Run
from core.world.candidates import NORWAY

NOTHING = "(nothing)"


@dataclass(frozen=True)
class Stage:
    """One stage and its sentences, in Markdown."""

    name: str
    does: str
    sentences: str


def playing(recording: HomeRecording, run: Run) -> tuple[Stage, ...]:
    """The run at the top of the page: what the three stages are, and what they had to learn from."""
    ppo = run.config.ppo
    return (
        Stage("SFT", "imitates", f"{_pretrained(recording)} {_imitated(recording)}: that is the grey outline."),
        Stage(
            "A reward model",
            "judges",
            f"It learnt from {_compared(recording)} to give any answer one number, the reward.",
        ),
        Stage(
            "PPO",
            "practises",
            f"{ppo.steps} times the model writes {ppo.batch_size} answers. Those with more reward than expected become likelier, "
            "those with less become rarer: the blue bars.",
        ),
    )


def yours(recording: HomeRecording, run: Run, votes: str) -> tuple[Stage, ...]:
    """The learner's own run. `votes` names the votes that it was made from, such as "Your 5 votes"."""
    first, last, ppo = run.shown[0], run.shown[-1], run.config.ppo
    return (
        Stage(
            "SFT",
            "imitated",
            f"{_pretrained(recording)} {_imitated(recording)}. Asked again, this model said {_ending(first.texts[0])} "
            "PPO began from it.",
        ),
        Stage(
            "Your reward model",
            "judges",
            f"{votes} became a rule that gives any answer one number. {_liked(recording, run)}",
        ),
        Stage(
            "PPO",
            "practised",
            f"{plural(ppo.steps, 'time')} the model wrote {ppo.batch_size} answers and your rule scored them. Those with more reward than "
            f"expected became likelier, those with less became rarer. Now it says {_ending(last.texts[0])} {_gained(run)}",
        ),
    )


def _said(text: str) -> str:
    return plain(text or NOTHING)


def _ending(text: str) -> str:
    """A quotation at the end of a sentence."""
    return f"“{_said(text)}”" + ("" if text.endswith((".", "!", "?")) else ".")


def _relay(recording: HomeRecording) -> recorded.RelayRun | None:
    """The recorded relay, if it began from the same pretrained model."""
    run = recorded.find(True, True)
    return run if run is not None and run.weights_sha256 == recording.base_sha256 else None


def _pretrained(recording: HomeRecording) -> str:
    run = _relay(recording)
    answers = {prompt: answer for prompt, answer, _ in run.evaluations[0].samples} if run else {}
    if PROMPTS[0] not in answers:
        return "The pretrained model only goes on writing."
    return f"Asked “{plain(PROMPTS[0])}”, the pretrained model wrote {_ending(answers[PROMPTS[0]])}"


def _imitated(recording: HomeRecording) -> str:
    run = _relay(recording)
    handed = run.handed("sft") if run else None
    count = f"{handed.count} " if handed else ""
    return f"It was then trained to write like {count}example answers"


def _compared(recording: HomeRecording) -> str:
    run = _relay(recording)
    handed = run.handed("reward_model") if run else None
    return f"{handed.count:,} comparisons of two answers" if handed else "comparisons of two answers"


def _liked(recording: HomeRecording, run: Run) -> str:
    """Which of the eight responses the fitted rule puts first and last; scores as on the whiteboard, around their mean."""
    raw = np.asarray(recording.response_features) @ run.config.weights
    scores = raw - raw.mean()
    if np.ptp(scores) < 5e-3:
        return f"It rewards {rewarded(run.config)}, and does not tell the eight answers above apart."
    best, worst = int(scores.argmax()), int(scores.argmin())
    return (
        f"Of the eight answers above it likes “{_said(NORWAY.candidates[best].text)}” best ({signed(scores[best])}) and "
        f"“{_said(NORWAY.candidates[worst].text)}” least ({signed(scores[worst])})."
    )


def _gained(run: Run) -> str:
    """How the mean reward moved, and which feature brought most of it: the reward is the sum of weight × feature."""
    before, after = run.before, run.after
    head = f"Over {after.n} other prompts the mean reward went from {signed(before.reward)} to {signed(after.reward)}"
    parts = [w * (b - a) for w, a, b in zip(run.config.weights, before.features, after.features, strict=True)]
    change = after.reward - before.reward
    most = max(range(len(parts)), key=lambda k: parts[k] if change > 0 else -parts[k])
    if abs(change) < 5e-3 or parts[most] * change <= 0:
        return f"{head}."
    ends = f"{number(before.features[most])} to {number(after.features[most])}"
    return f"{head}; the largest part is “{FEATURES[most].name}”, which went from {ends} an answer."
