"""Lesson 3 in words: sentences from the recorded numbers, questions marked from them, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.lessons.lesson import Prediction, Question, Source, Why
from core.lessons.text import number, percent, plain, signed
from core.lm_records import Evaluation
from core.statistics.difference import Z95, beyond_chance, difference
from core.statistics.over_seeds import Interval

if TYPE_CHECKING:
    from core.lessons.lesson03 import Result


def runners(result: Result) -> str:
    """Who runs, in words."""
    run = result.run
    if result.complete:
        return "the whole relay"
    if run.use_sft:
        return "the relay without a reward model"
    return "the relay without SFT" if run.use_reward_model else "PPO straight from pretrained, every score equal"


def followed(result: Result, evaluation: Evaluation) -> tuple[str, str, float]:
    """The followed prompt, its answer and that answer's gold under a measured policy."""
    return evaluation.samples[result.prompt]


def shares(result: Result, evaluation: Evaluation) -> dict[str, float]:
    """The behaviour mix on the chosen items."""
    held = result.items == "held"
    return evaluation.behaviours_held_out if held else evaluation.behaviours_train_items


# --- what you see -----------------------------------------------------------------------------------------------------


def says(result: Result) -> tuple[str, ...]:
    """What was handed over, what the view shows, and how far chance reaches."""
    view = {"gold": _gold_says, "behaviour": _behaviour_says, "text": _text_says, "updates": _updates_says}
    return (_handed(result), view[result.view](result), _chance(result))


def _handed(result: Result) -> str:
    return (_start, _sft, _rankings, _reward_model, _ppo)[result.step](result)


def _start(result: Result) -> str:
    now = result.now
    return f"Nothing is handed over yet: held-out gold is **{signed(now.gold_held_out)}**.{_answers(result, None, now)}"


def _moved(result: Result) -> str:
    """How gold and the followed answer changed with the last hand-over."""
    now, before = result.now, result.before
    found, chance = result.gain_over_seeds, "beyond chance" if beyond_chance(*result.gain) else "within chance"
    verdict = over(found) if found else chance
    return (
        f"Held-out gold goes from {signed(before.gold_held_out)} to **{signed(now.gold_held_out)}** ({verdict})."
        f"{_answers(result, before, now)}"
    )


def _answers(result: Result, before: Evaluation | None, now: Evaluation) -> str:
    """The followed prompt's answer, before the last hand-over and now; the view of the texts shows the words by itself."""
    prompt, answer, gold = followed(result, now)
    if result.view == "text":
        start = "" if before is None else f"from {signed(followed(result, before)[2])} to "
        return f" Gold of the followed answer: {start}{signed(gold)}."
    said = f"“{_quoted(answer)}” ({signed(gold)})"
    if before is None:
        return f" To “{plain(prompt)}” it says {said}."
    _, old, old_gold = followed(result, before)
    return f" The followed answer was “{_quoted(old)}” ({signed(old_gold)}) and is {said}."


def _quoted(answer: str) -> str:
    return plain(answer or "(nothing)")


def over(found: Interval) -> str:
    """A change over seeds with its interval, and whether it can be told from none."""
    ends = f"{signed(found.mean)}, {signed(found.low)} to {signed(found.high)}"
    return f"{found.n} seeds: {ends}" + ("" if found.separable else ", not separable from 0")


def _stays(result: Result) -> str:
    now = result.now
    return (
        f"the policy stays as it is, at {signed(now.gold_held_out)}, and the followed answer at "
        f"{signed(followed(result, now)[2])}"
    )


def _sft(result: Result) -> str:
    handed = result.run.handed("sft")
    if handed is None:
        return f"SFT is left out, so 0 demonstrations are handed over: {_stays(result)}."
    return f"**{handed.count} demonstrations** are handed over, and SFT makes their words likely. {_moved(result)}"


def _rankings(result: Result) -> str:
    handed = result.run.handed("reward_model")
    if handed is None:
        return f"No reward model will run, so 0 comparisons are made: {_stays(result)}."
    return (
        f"**{handed.count} comparisons** of the {plain(result.now.name)} model's own answers are handed over. They only say which "
        f"answer is better: {_stays(result)}."
    )


def _reward_model(result: Result) -> str:
    report = result.run.report
    if report is None:
        return f"There is no reward model, so every answer will score 0: {_stays(result)}."
    return (
        "The reward model learns to give the preferred answer the higher score, and puts "
        f"{_share(report.accuracy_held_out)} of held-out pairs in the right order ({_share(report.accuracy_train_items)} on trained "
        f"items; a coin 50 %). It judges and writes nothing: {_stays(result)}."
    )


def _ppo(result: Result) -> str:
    handed = result.run.handed("ppo")
    count = 0 if handed is None else handed.count
    ends = "" if result.complete else f" {_broken(result)}"
    does = "makes those with high scores likelier" if result.run.use_reward_model else "has equal scores to go by"
    return f"**{count} scored answers** are handed over, and PPO {does}. {_moved(result)}{ends}"


def _broken(result: Result) -> str:
    """What the missing runner costs, as far as the seeds, or one measured run, can say."""
    found = result.missing_over_seeds
    if found is None:
        missing, half = result.missing
        clear, ends = beyond_chance(missing, half), f"at {signed(result.end.gold_held_out + missing)}"
    else:
        missing, clear, ends = found.mean, found.separable, over(found)
    if not clear:
        return f"The whole relay ends no higher and no lower, as far as can be told ({ends})."
    return f"The whole relay ends {number(abs(missing))} {'higher' if missing > 0 else 'lower'} ({ends})."


def _gold_says(result: Result) -> str:
    now = result.now
    held, trained = now.gold_held_out, now.gold_train_items
    apart, half = difference(trained, now.gold_train_items_se, held, now.gold_held_out_se)
    gap = (
        f"{number(abs(apart))} {'more' if apart > 0 else 'less'} on trained items"
        if beyond_chance(apart, half)
        else "no clear gap"
    )
    return f"After “{now.name}” held-out items stand at {signed(held)}, trained items at {signed(trained)}: {gap}."


def _behaviour_says(result: Result) -> str:
    mix = sorted(shares(result, result.now).items(), key=lambda item: -item[1])
    listed = ", ".join(f"“{name}” {percent(share, 0)}" for name, share in mix[:3])
    where = "held-out" if result.items == "held" else "trained"
    return f"Most frequent on {where} items after the stage “{result.now.name}”: {listed}."


def _text_says(result: Result) -> str:
    _, answer, gold = followed(result, result.now)
    return f"The {plain(result.now.name)} model answers “{_quoted(answer)}” (gold {signed(gold)})."


def _updates_says(result: Result) -> str:
    first, last = result.run.updates[0], result.run.updates[-1]
    return (
        f"PPO's leg, {len(result.run.updates)} updates: the score goes from {signed(first.proxy)} to **{signed(last.proxy)}**, gold "
        f"of the same answers from {signed(first.gold)} to **{signed(last.gold)}**, at {number(last.kl_exact_sum)} nats."
    )


def _chance(result: Result) -> str:
    now, found = result.now, result.stand
    if found is None:
        return (
            f"One run (seed {result.run.seed}), ±{number(Z95 * now.gold_held_out_se)} by sampling alone; a live run with seed "
            f"{result.live_seed} shows other luck."
        )
    return (
        f"Shown is seed {result.run.seed}; over {found.n} seeds “{now.name}” stands at {signed(found.mean)} ({signed(found.low)} to "
        f"{signed(found.high)}). A live run with seed {result.live_seed} adds one."
    )


def _share(value: float | None) -> str:
    return "no" if value is None else percent(value, 0)


# --- charts in words --------------------------------------------------------------------------------------------------


def gold_text(result: Result) -> str:
    """Gold after every stage that the baton has passed."""
    return "Gold. " + "; ".join(
        f"{found.name}: held-out {signed(found.gold_held_out)}, trained {signed(found.gold_train_items)}"
        for _, found in result.reached
    )


def behaviour_text(result: Result) -> str:
    """The behaviour mix after every stage that the baton has passed."""
    return "Behaviour. " + "; ".join(
        f"{found.name}: " + ", ".join(f"{name} {percent(share, 0)}" for name, share in shares(result, found).items())
        for _, found in result.reached
    )


def answers_text(result: Result) -> str:
    """The answers of every model that the baton has passed."""
    return "Answers. " + " ".join(
        f"{found.name}: "
        + " ".join(f"{prompt} → {answer or '(nothing)'} ({signed(gold)})" for prompt, answer, gold in found.samples)
        for _, found in result.reached
    )


def updates_text(result: Result) -> str:
    """Score and gold at every tenth update."""
    every = max(len(result.run.updates) // 8, 1)
    kept = result.run.updates[::every]
    return "Score and gold of the sampled answers. " + "; ".join(
        f"update {u.step}: score {signed(u.proxy)}, gold {signed(u.gold)}, KL {number(u.kl_exact_sum)}" for u in kept
    )


# --- questions --------------------------------------------------------------------------------------------------------


def predict(result: Result) -> Prediction:
    """What PPO's leg does to held-out gold with these runners; marked from the recorded run."""
    found = result.ppo_over_seeds
    change, half = result.ppo_gain if found is None else (found.mean, found.half)
    answer = 2 if not beyond_chance(change, half) else 0 if change > 0 else 1
    whose = f"Seed {result.run.seed} goes" if found else "It goes"
    prompt, said, gold = followed(result, result.end)
    return Prediction(
        question=f"Predict: {runners(result)}. What does PPO's leg do to held-out gold?",
        options=("it rises clearly", "it falls clearly", "no clear change"),
        answer=answer,
        because=f"{whose} from {signed(result.tuned.gold_held_out)} to {signed(result.end.gold_held_out)}; the change is "
        f"{signed(change)} ± {number(half)}{f' over {found.n} seeds' if found else ''}. “{plain(prompt)}” ends with "
        f"“{plain(said or '(nothing)')}” ({signed(gold)}).",
        revealed=result.step == 4,
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """Two questions, both answered from the recorded runs."""
    start, end = result.run.evaluations[0], result.end
    (prompt, first, before), (_, last, after) = followed(result, start), followed(result, end)
    run = result.run
    found = result.ppo_over_seeds
    by_ppo, half = result.ppo_gain if found is None else (found.mean, found.half)
    by_sft = _by_sft(result)
    larger = 0 if abs(by_sft) >= abs(by_ppo) else 1
    leg = larger if run.use_sft or beyond_chance(by_ppo, half) else 2
    return (
        Question(
            f"In {f'these {found.n} runs' if found else 'this run'} ({runners(result)}), which leg changed held-out gold most?",
            ("imitation (SFT)", "reinforcement (PPO)", "neither, beyond chance"),
            leg,
            f"SFT {'changed it by ' + signed(by_sft) if run.use_sft else 'was left out (0)'}, PPO changed it by {signed(by_ppo)} ± "
            f"{number(half)}.",
        ),
        Question(
            f"“{prompt}”: is the answer at the end better, by gold, than the pretrained model's?",
            ("better", "worse", "equal"),
            0 if after > before else 1 if after < before else 2,
            f"{signed(before)} for “{plain(first or '(nothing)')}”, {signed(after)} for “{plain(last or '(nothing)')}”. Over all held-out "
            f"prompts the mean goes from {signed(start.gold_held_out)} to {signed(end.gold_held_out)}.",
        ),
    )


def _by_sft(result: Result) -> float:
    """What SFT changed: the mean over seeds, or in the one run; 0 where it did not run."""
    if not result.run.use_sft:
        return 0.0
    gains = [
        run.evaluations[1].gold_held_out - run.evaluations[0].gold_held_out for run in (result.seeds or (result.run,))
    ]
    return sum(gains) / len(gains)


WHY = Why(
    text=(
        "InstructGPT's three stages each took their own data: about 13k prompts with demonstrations for SFT, 33k with ranked answers for "
        "the reward model, 31k prompts alone for PPO. Pretraining costs most by far: 3,640 petaflop/s-days for GPT-3 against 4.9 for SFT "
        "and 60 for PPO with pretraining mix, 1.8 % together. Each runner needs what the one before hands over. PPO strengthens what the "
        "policy already samples, so it needs a start that sometimes answers well; and it follows the scores, so equal scores lead "
        "nowhere. The last runner need not be PPO: Llama 2's versions V1 to V4 used rejection sampling only, then PPO on top."
    ),
    misconception="“RLHF is PPO.” Take a runner out and see what the rest can still do.",
    sources=(
        Source("Ouyang et al. 2022, InstructGPT", "https://arxiv.org/abs/2203.02155"),
        Source("Touvron et al. 2023, Llama 2", "https://arxiv.org/abs/2307.09288"),
    ),
)
