"""Lesson 3's charts, table, script and step history: what each view shows of a recorded relay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.figures.chart import Chart
from core.figures.lines import Line, lines
from core.figures.relay_bars import Bar, Share, answer_grid, behaviour_bars, gold_bars
from core.lessons import lesson03_words as words
from core.lessons.lesson import Table
from core.lessons.snippets import script
from core.lessons.text import number, percent, signed
from core.lm_records import Evaluation
from core.stages import recorded
from core.statistics.difference import Z95, difference
from core.world.behaviour import Behaviour

if TYPE_CHECKING:
    from core.lessons.lesson03 import Result

GROUPS: tuple[tuple[str, str, tuple[Behaviour, ...], str], ...] = (
    ("right", "right", (Behaviour.RIGHT,), "chosen"),
    ("refuses or does not know", "refuses", (Behaviour.REFUSES, Behaviour.HONEST), "new"),
    ("wrong", "wrong", (Behaviour.WRONG,), "rejected"),
    ("helps to do harm", "harm", (Behaviour.UNSAFE,), "ai"),
    ("another question", "asks", (Behaviour.ASKS,), "reference"),
    ("rude, complains, evades, flatters", "rude …", (Behaviour.RUDE, Behaviour.COMPLAINS, Behaviour.EVADES, Behaviour.FLATTERS), "proxy"),
    ("something else, nothing", "else", (Behaviour.OTHER, Behaviour.SILENT), "optimum"),
)  # fmt: skip
"""Behaviours that are shown as one band: name, short name, members, role."""
PROMPT_SHOWN = 22
SHORT = {"sft": "demos", "reward_model": "pairs", "ppo": "scores"}


def figures(result: Result) -> tuple[Chart, ...]:
    """The chart of the view."""
    return ({"gold": _gold, "behaviour": _behaviour, "text": _answers, "updates": _updates}[result.view](result),)


def _ticks(result: Result) -> tuple[str, ...]:
    """Names of the positions; who is left out says so."""
    from core.lessons.lesson03 import STAGES

    out = {"SFT": not result.run.use_sft} | dict.fromkeys(("rankings", "reward model"), not result.run.use_reward_model)
    return tuple(name.replace(" ", "<br>") + ("<br>(left out)" if out.get(name) else "") for name in STAGES)


def _gold(result: Result) -> Chart:
    from core.lessons.lesson03 import measured

    whole = dict(measured(result.full))

    def bars(held: bool) -> tuple[Bar, ...]:
        found = []
        for position, e in measured(result.run):
            other = None if result.complete or position not in whole else _means(whole[position], held)[0]
            mean, se = _means(e, held)
            found.append(Bar(position, mean, Z95 * se, other, _each(result, e.name, held)))
        return tuple(found)

    every = [
        mean for run in recorded.load() for _, e in measured(run) for mean in (_means(e, True)[0], _means(e, False)[0])
    ]
    return gold_bars(
        key="l3_gold",
        title=f"Gold after each stage · {words.runners(result)}",
        ticks=_ticks(result),
        series=(("held-out items", "@gold", bars(True)), ("trained items", "@gold/35", bars(False))),
        reach=(min(0.0, *every) - 0.15, max(0.0, *every) + 0.15),
        step=result.step,
        text=words.gold_text(result),
        compared="" if result.complete else "the whole relay",
    )


def _each(result: Result, name: str, held: bool) -> tuple[float, ...]:
    """The same measurement at every recorded seed; none where one run is all there is."""
    found = tuple(_means(e, held)[0] for run in result.seeds if (e := run.evaluation(name)) is not None)
    return found if len(found) > 1 else ()


def _means(e: Evaluation, held: bool) -> tuple[float, float]:
    return (e.gold_held_out, e.gold_held_out_se) if held else (e.gold_train_items, e.gold_train_items_se)


def _behaviour(result: Result) -> Chart:
    from core.lessons.lesson03 import measured

    found = measured(result.run)
    mixes = [words.shares(result, e) for _, e in found]
    return behaviour_bars(
        key="l3_behaviour",
        title=f"What the answers do · {'held-out' if result.items == 'held' else 'trained'} items",
        ticks=_ticks(result),
        positions=[position for position, _ in found],
        shares=[
            Share(name, short, tuple(sum(mix.get(member.value, 0.0) for member in members) for mix in mixes), role)
            for name, short, members, role in GROUPS
        ],
        step=result.step,
        text=words.behaviour_text(result),
    )


def _answers(result: Result) -> Chart:
    from core.lessons.lesson03 import STAGES, measured

    found = measured(result.run)
    prompts = [prompt for prompt, _, _ in found[0][1].samples]
    order = [result.prompt, *(k for k in range(len(prompts)) if k != result.prompt)]
    return answer_grid(
        key="l3_answers",
        title="The same prompts after each stage, with gold",
        prompts=[prompts[k] for k in order],
        rows=[(position, e.name) for position, e in found],
        answers=[[(signed(e.samples[k][2]), e.samples[k][1] or "(nothing)") for k in order] for _, e in found],
        positions=len(STAGES),
        step=result.step,
        text=words.answers_text(result),
    )


def _updates(result: Result) -> Chart:
    kept = result.run.updates
    steps = tuple(float(update.step) for update in kept)
    scored = "reward model's score" if result.run.use_reward_model else "score (the same for all)"
    return lines(
        key="l3_updates",
        title=f"PPO's leg, update by update · {words.runners(result)}",
        series=(
            Line(scored, steps, tuple(update.proxy for update in kept), "proxy"),
            Line("gold of the same answers", steps, tuple(update.gold for update in kept), "gold"),
        ),
        x_title=f"PPO update ({int(result.run.settings['ppo']['batch_size'])} answers each)",
        y_title="mean",
        text=words.updates_text(result),
        badge="recorded",
        height=400,
    )


# --- table ------------------------------------------------------------------------------------------------------------


def table(result: Result) -> Table:
    """What each stage was handed and where gold stood after it; in the text view the gold of every answer."""
    return _answer_table(result) if result.view == "text" else _relay_table(result)


def _answer_table(result: Result) -> Table:
    reached = [e for _, e in result.reached]
    rows = [
        (
            f"{prompt[:PROMPT_SHOWN]}…" if len(prompt) > PROMPT_SHOWN else prompt,
            *(signed(e.samples[k][2]) for e in reached),
        )
        for k, (prompt, _, _) in enumerate(reached[0].samples)
    ]
    rows = [rows[result.prompt], *rows[: result.prompt], *rows[result.prompt + 1 :]]
    return Table(
        columns=("gold of the answers", *(e.name for e in reached)),
        rows=tuple(rows),
        lit=0,
        notes="one sampled answer each; the followed prompt first",
        badge="recorded",
        pickable=False,
    )


def _relay_table(result: Result) -> Table:
    run, step = result.run, result.step
    reached = {e.name: e for _, e in result.reached}
    rows = [_policy_row(result, reached["pretrained"], "–")]
    if step >= 1:
        rows.append(_policy_row(result, reached["SFT"], _handed(result, "sft")) if run.use_sft else _left_out("SFT"))
    if step >= 2:
        report = run.report if step >= 3 else None
        accuracy = (
            ("", "") if report is None else tuple(map(_pairs, (report.accuracy_held_out, report.accuracy_train_items)))
        )
        row = ("reward model", _handed(result, "reward_model"), *accuracy, "")
        rows.append(row if run.use_reward_model else _left_out("reward model"))
    if step >= 4:
        rows.append(_policy_row(result, reached["PPO"], _handed(result, "ppo")))
    notes = "“this”: gold of the followed prompt's answer"
    if step >= 3 and run.use_reward_model:
        notes += "; per cent: pairs in the right order"
    if step >= 4 and result.end.kl is not None:
        notes += f"; PPO ends {number(result.end.kl)} nats from its start"
    return Table(
        columns=("stage", "handed", "held-out", "trained", "this"),
        rows=tuple(rows),
        lit=len(rows) - 1,
        notes=notes,
        badge="recorded",
        pickable=False,
    )


def _policy_row(result: Result, e: Evaluation, handed: str) -> tuple[str, ...]:
    return (e.name, handed, signed(e.gold_held_out), signed(e.gold_train_items), signed(words.followed(result, e)[2]))


def _left_out(name: str) -> tuple[str, ...]:
    return (name, "left out", "", "", "")


def _handed(result: Result, stage: str) -> str:
    found = result.run.handed(stage)
    return "nothing" if found is None else f"{found.count:,} {SHORT[stage]}"


def _pairs(accuracy: float | None) -> str:
    return "" if accuracy is None else percent(accuracy, 0)


# --- script and export ------------------------------------------------------------------------------------------------


def snippet(result: Result) -> str:
    """The differences and the last leg's figures, worked out again from what was recorded."""
    rows = tuple((e.name, e.gold_held_out, e.gold_held_out_se, e.gold_train_items) for _, e in result.reached)
    code = [
        f"# Recorded with seed {result.run.seed}, version {result.run.version}, weights {result.run.weights_sha256[:16]}.",
        "# Training itself needs the project: python -m core.stages relay",
        f"measured = {rows!r}  # name, held-out gold, its standard error, gold on trained items",
        "for name, gold, error, trained in measured:",
        "    print(name, f'{gold:.6f} ({gold - Z95 * error:.6f} to {gold + Z95 * error:.6f}), trained items {trained:.6f}')",
        "for (first, before, before_se, _), (second, after, after_se, _) in zip(measured, measured[1:]):",
        "    change, half = difference(after, after_se, before, before_se)",
        "    print(first, '->', second, f'{change:.6f} ± {half:.6f}')",
    ]
    for stage, at in (("sft", 1), ("reward_model", 3)):
        losses = result.run.losses(stage)
        if losses and result.step >= at:
            code += [f"losses = {losses!r}", f"print({stage!r}, f'loss {{losses[0]:.6f}} -> {{losses[-1]:.6f}}')"]
    last = result.run.updates[-1]
    if result.step >= 4:
        code += [
            f"score, kl_coef, kl = {last.proxy!r}, {last.kl_coef!r}, {last.objective_kl!r}  # the last PPO update",
            "print('score less distance', f'{score - kl_coef * kl:.6f}')",
        ]
    code += [
        f"gold = {[words.followed(result, e)[2] for _, e in result.reached]!r}  # of the followed prompt's answers",
        "print([f'{value:.6f}' for value in gold])",
        f"# The whole relay's end, and this run's: {words.runners(result)}",
        f"ends = {[(e.gold_held_out, e.gold_held_out_se) for e in (result.full.evaluations[-1], result.end)]!r}",
        "missing, half = difference(*ends[0], *ends[1])",
        "print('missing', f'{missing:.6f} ± {half:.6f}')",
    ]
    return script((difference,), tuple(code))


def history(result: Result) -> list[dict[str, Any]]:
    """Every gradient step of the recorded relay, in short."""
    legs = [vars(leg) for leg in result.run.legs]
    return [*legs, *({"stage": "ppo", **vars(update)} for update in result.run.updates)]
