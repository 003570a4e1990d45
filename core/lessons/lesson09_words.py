"""Lesson 9 in words: sentences from the order and from the runs, questions marked from them, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.lessons.lesson import Prediction, Question, Source, Why
from core.lessons.lesson09_arrows import ARROWS, BOXES, WITHOUT
from core.lessons.lesson09_flow import PIECES, Fault, piece
from core.lessons.lesson09_memory import TRAINED, written_bytes, written_count
from core.lessons.lesson09_retold import moves, retold
from core.lessons.lesson09_runs import MOVED, tiny_run
from core.lessons.text import number, percent, plural, signed
from core.statistics.difference import beyond_chance, difference

if TYPE_CHECKING:
    from core.lessons.lesson09_result import Result
    from core.lessons.lesson09_runs import Consequence

PREDICTED = 0.02


def says(result: Result) -> tuple[str, ...]:
    """What the view shows."""
    return {"order": _order, "diagram": _diagram, "memory": _memory}[result.view](result)


# --- the order --------------------------------------------------------------------------------------------------------


def _order(result: Result) -> tuple[str, ...]:
    done = result.complete and not result.faults
    if not done:
        return (f"{_placed(result)} {_waiting(result)}",)
    first, *others = retold(result)
    return f"{_placed(result)} {first}", *others


def _placed(result: Result) -> str:
    count = len(result.order)
    if not result.complete:
        left = plural(len(PIECES) - count, "piece")
        return f"{count} of {len(PIECES)} pieces are placed, {left} to go; the order is marked when all are."
    if not result.faults:
        return f"All {count} pieces stand behind what they take: **this order runs**."
    early = {fault.piece.key for fault in result.faults}
    word = "stands" if len(early) == 1 else "stand"
    return f"{len(early)} of {count} pieces {word} too early. {fault_sentence(result.faults[0])}"


def fault_sentence(fault: Fault) -> str:
    """One fault in words."""
    return f"“{fault.piece.name}” stands before “{fault.missing.name}”, but takes what that gives."


def _waiting(result: Result) -> str:
    run = result.white
    return (
        f"Your numbers wait behind it: {plural(run.lab.fit.n_votes, 'vote')}, {plural(len(run.config.scores), 'score')}, and "
        f"{plural(len(run.steps), 'PPO update')} that {moves(run.score_before, run.score_after)}."
    )


def order_text(result: Result) -> str:
    """The board in words."""
    placed = ", ".join(f"{place + 1} {piece(code).name}" for place, code in enumerate(result.order)) or "nothing"
    waiting = ", ".join(found.name for found in PIECES if found.code not in result.order) or "nothing"
    verdict = " ".join(fault_sentence(fault) for fault in result.faults) if result.complete else ""
    return f"Placed: {placed}. Waiting: {waiting}. {verdict}".strip()


# --- the diagram ------------------------------------------------------------------------------------------------------


def _diagram(result: Result) -> tuple[str, ...]:
    if result.cut:
        return _cut(result), f"{_moved_kl(result)}{_no_sft(result)}", _freed(result)
    first, *others = _whole(result)
    return f"{_carries(result)} {first}", *others


def _carries(result: Result) -> str:
    arrow, load = result.picked, result.loads[result.number]
    label = f"{load.count}, {load.score}" if load.score else load.count
    return f"Arrow {result.number + 1}, “{arrow.name}”, from “{BOXES[arrow.tail]}” to “{BOXES[arrow.head]}”: “{label}”."


def _whole(result: Result) -> tuple[str, ...]:
    run = result.white
    mine = f"{plural(len(run.steps), 'update')} {moves(run.score_before, run.score_after)}"
    if result.track == "tiny":
        golds = " → ".join(signed(found.gold_held_out) for found in result.tiny.evaluations)
        return (f"Recorded (seed {result.tiny.seed}), held-out gold goes {golds}; on your whiteboard {mine}.",)
    return retold(result)


def ends(found: Consequence) -> str:
    """Both ends of a cut, and whether they differ."""
    both = f"**{number(found.without)}** instead of {number(found.whole)}"
    if not found.clear:
        return f"{both}, no clear difference"
    # As a reader subtracts: of the two numbers that are written.
    gap = abs(round(found.without, 2) - round(found.whole, 2))
    return f"{both}, {number(gap)} {'higher' if found.change > 0 else 'lower'}"


def _cut(result: Result) -> str:
    found = result.consequence
    how = "computed live on the whiteboard" if found.live else "recorded with the tiny LM"
    chance = f" (± {number(found.chance)} by chance)" if found.chance is not None else ""
    return f"Arrow {result.number + 1} is cut: “{WITHOUT[found.kind]}”, {how}, the {found.measure} ends at {ends(found)}{chance}."


def _moved_kl(result: Result) -> str:
    found = result.consequence
    if found.without_kl is None or found.whole_kl is None:
        return f"It began at {number(found.before)}, before any training."
    kept = f"It began at {number(found.before)}"
    change = found.without_kl - found.whole_kl
    if abs(change) < MOVED:
        return (
            f"{kept}; the policy ends {number(found.without_kl)} nats from where it began, with the arrow or without."
        )
    return f"{kept}; the policy ends {number(found.without_kl)} nats from where it began, with the arrow {number(found.whole_kl)}."


def _no_sft(result: Result) -> str:
    """Why the whiteboard can do without SFT, and what the tiny LM does; "" where that is not what was cut."""
    found = result.consequence
    if found.kind != "sft" or not found.live:
        return ""
    cut = result.white_cut
    assert cut is not None
    least = percent(min(cut.probs(0)))
    full, no_sft = (tiny_run(use_sft=with_sft).evaluations[-1] for with_sft in (True, False))
    return (
        f" Even untuned, each of the {len(cut.config.scores)} answers starts with {least} or more, so PPO can draw it; the tiny LM "
        f"has to write its answers word by word and ends at gold {signed(no_sft.gold_held_out)} without SFT, "
        f"{signed(full.gold_held_out)} with it (recorded)."
    )


def _freed(result: Result) -> str:
    total, left = written_bytes(result.memory.total), written_bytes(result.bytes_left)
    if not result.unneeded:
        return f"PPO still holds four models: {total}."
    names = (
        " and ".join(f"“{name}”" for name in result.unneeded[-2:]) if len(result.unneeded) < 3 else "all but the policy"
    )
    return f"Not needed then: {names}; {left} of {total} are left in memory."  # fmt: skip


def diagram_text(result: Result) -> str:
    """Every arrow in words."""
    rows = []
    for k, (arrow, load) in enumerate(zip(ARROWS, result.loads)):
        state = {"flows": "", "cut": " (cut)", "idle": " (idle)"}[result.state(k)]
        figure = f", {load.score}" if load.score else ""
        rows.append(
            f"{k + 1}. {BOXES[arrow.tail]} → {BOXES[arrow.head]}, {arrow.name}{state}, {arrow.data}: {load.count}{figure}"
        )
    kept = "; ".join(f"{model.name} {written_bytes(model.total)}" for model in result.memory.models)
    return f"{'. '.join(rows)}. In memory: {kept}."


# --- memory -----------------------------------------------------------------------------------------------------------


def _memory(result: Result) -> tuple[str, ...]:
    held = result.memory
    trained = sum(model.total for model in held.models if model.name in TRAINED)
    weights = sum(model.weights for model in held.models)
    policy, frozen = held.model("policy"), written_bytes(held.model("reference").total)
    value = "its value model is one more of that size" if held.own_value else "its value is a head on the policy"
    return (
        f"PPO holds **{written_bytes(held.total)}**: the policy alone, with {written_count(policy.parameters)} parameters, takes "
        f"{written_bytes(policy.total)}; {value}.",
        f"Policy and value model are trained and take {100 * trained / held.total:.0f} %; weights alone are "
        f"{written_bytes(weights)}, the rest are gradients and optimiser state. Frozen models keep their "
        f"weights only: {frozen} for the reference, as much for the reward model.",
    )


def memory_text(result: Result) -> str:
    """The bars in words."""
    return "Bytes. " + "; ".join(
        f"{model.name}: weights {written_bytes(model.weights)}, gradients {written_bytes(model.gradients)}, optimiser "
        f"{written_bytes(model.optimiser)}"
        for model in result.memory.models
    )


# --- questions --------------------------------------------------------------------------------------------------------


def predict(result: Result) -> Prediction:
    """What cutting the KL penalty does to the mean score; marked from the run without it."""
    found = result.unleashed
    answer = 0 if found.change > PREDICTED else 1 if found.change < -PREDICTED else 2
    return Prediction(
        question="Predict: cut the KL penalty of lesson 8. The mean score at the end then …",
        options=("rises", "falls", f"stays within {PREDICTED}"),
        answer=answer,
        because=f"Without the penalty it ends at {number(found.without)} instead of {number(found.whole)}, "
        f"{number(found.without_kl or 0.0)} nats from the reference instead of {number(found.whole_kl or 0.0)}.",
        revealed=result.view == "diagram" and result.cut and result.picked.cut == "kl",
    )


def quiz(result: Result) -> tuple[Question, ...]:
    """What PPO trains, and which missing runner costs the tiny LM more."""
    held = result.memory
    trained = sum(model.gradients for model in held.models)
    frozen = [model.name for model in held.models if not model.gradients]
    full, no_sft, no_reward = (tiny_run(*who).evaluations[-1] for who in ((True, True), (False, True), (True, False)))
    gap, half = difference(
        no_sft.gold_held_out, no_sft.gold_held_out_se, no_reward.gold_held_out, no_reward.gold_held_out_se
    )
    return (
        Question(
            "Which of the four models change while PPO runs?",
            ("policy and value model", "policy and reward model", "all four"),
            0 if frozen == ["reference", "reward model"] else 2,
            f"Only policy and value model have gradients, {written_bytes(trained)} of them here; {' and '.join(frozen)} are frozen "
            "until somebody starts a new round.",
        ),
        Question(
            "The tiny LM's relay, recorded: which missing runner leaves held-out gold lower at the end?",
            ("SFT", "the reward model", "no clear difference"),
            2 if not beyond_chance(gap, half) else 0 if gap < 0 else 1,
            f"Without SFT it ends at {signed(no_sft.gold_held_out)}, without a reward model at {signed(no_reward.gold_held_out)} "
            f"(a gap of {signed(gap)} ± {number(half)}); the whole relay ends at {signed(full.gold_held_out)}.",
        ),
    )


WHY = Why(
    text=(
        "Read every arrow as a hand-over: which data, how much of it, made by whom. Demonstrations, comparisons and scores of the "
        "policy's own samples each train something else. PPO then holds four models and changes two: the reference and the reward "
        "model stand still until a new round. In InstructGPT most comparisons were of answers of SFT policies, some of PPO "
        "policies, and comparing and PPO can be iterated; the value model began as a copy of the reward model. Demonstrations reach "
        "PPO only through the weights that SFT leaves behind: as its start, and as its frozen reference."
    ),
    misconception="“The reward model learns during PPO.” It is frozen between rounds; only policy and value model change.",
    sources=(
        Source("Ouyang et al. 2022, InstructGPT", "https://arxiv.org/abs/2203.02155"),
        Source("Stiennon et al. 2020", "https://arxiv.org/abs/2009.01325"),
    ),
)
