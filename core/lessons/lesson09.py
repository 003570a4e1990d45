"""Lesson 9: order the pieces of the relay, see every arrow with one's own numbers, and cut them."""

from __future__ import annotations

from core.lessons import lesson05, lesson08
from core.lessons import lesson09_formulas as formulas
from core.lessons import lesson09_params as params
from core.lessons import lesson09_views as views
from core.lessons import lesson09_words as words
from core.lessons.lesson import Lesson, Preset, Work
from core.lessons.lesson09_arrows import ARROWS
from core.lessons.lesson09_flow import needs, read_order
from core.lessons.lesson09_memory import bytes_held, memory, parameter_count
from core.lessons.lesson09_result import Result
from core.lessons.lesson09_runs import settings8, settings_of, white_run
from core.lessons.outline import outline
from core.lessons.param import Values
from core.stages.relay import relay

NUMBERS = {arrow.key: number for number, arrow in enumerate(ARROWS)}


def compute(values: Values) -> Result:
    """Lesson 8's run; everything else when a view asks for it."""
    view = str(values["l9_view"])
    return Result(
        values=values,
        view=view,
        track=str(values["l9_track"]),
        number=int(values["l9_arrow"]),
        cut=bool(values["l9_cut"]) and view == "diagram",
        order=read_order(str(values["l9_order"])),
        memory=memory(str(values["l9_size"]), str(values["l9_precision"]), values["l9_value"] == "own"),
        size=str(values["l9_size"]),
        precision=str(values["l9_precision"]),
        white=white_run(values),
    )


def prepare(values: Values) -> Work | None:
    """What lessons 8 and 5 would have to work out first for the numbers that are shown here."""
    asked = [(lesson08.LESSON, settings8(values))]
    if values["l9_view"] == "order" or (values["l9_view"] == "diagram" and values["l9_track"] == "white"):
        asked.append((lesson05.LESSON, settings_of(lesson05.LESSON, values)))
    works = (other.prepare(settings) for other, settings in asked if other.prepare)
    return next((work for work in works if work is not None), None)


def _cut(arrow: str, track: str) -> dict[str, str | int | bool]:
    """The diagram with one arrow cut."""
    return {"l9_view": "diagram", "l9_track": track, "l9_arrow": NUMBERS[arrow], "l9_cut": True}


LESSON = Lesson(
    outline=outline(9),
    params=(*params.OWN, *params.ELSEWHERE),
    compute=compute,
    figures=views.figures,
    formula=formulas.formula,
    table=views.table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=views.snippet,
    why=words.WHY,
    presets=(
        Preset("white", "The diagram, your votes", {"l9_view": "diagram"}),
        Preset("tiny", "The diagram, tiny LM", {"l9_view": "diagram", "l9_track": "tiny"}),
        Preset("no_kl", "No KL penalty", _cut("kl", "white"), "Live, with lesson 8's settings."),
        Preset("no_reference", "No frozen reference", _cut("copy", "white"), "A leash to itself would hold nothing."),
        Preset("no_votes", "No votes", _cut("votes", "white"), "Every score is then the same."),
        Preset("no_baseline", "No baseline", _cut("baseline", "white"), "Rewards themselves as advantages."),
        Preset("no_sft", "No SFT, tiny LM", _cut("demos", "tiny"), "Recorded."),
        Preset("no_reward", "No reward model, tiny LM", _cut("scores", "tiny"), "Recorded."),
        Preset("large", "Four models of 70 billion", {"l9_view": "memory", "l9_size": "70b", "l9_precision": "bf16"}),
    ),
    carried=params.CARRIED,
    sources_of_code=(relay, needs, parameter_count, bytes_held),
    history=views.history,
    prepare=prepare,
    texts=views.texts,
)  # fmt: skip
