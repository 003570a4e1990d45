"""The settings of lesson 9: its own, and those of lessons 5 and 8, whose numbers stand on its arrows."""

from __future__ import annotations

from dataclasses import replace

from core.lessons import lesson05, lesson08_params
from core.lessons.lesson09_flow import POOL, is_order
from core.lessons.lesson09_memory import SHAPES, parameter_count, written_count
from core.lessons.param import Param
from core.lessons.shared_params import SHARED

IN_DIAGRAM = ("l9_view", ("diagram",))
WITH_BYTES = ("l9_view", ("diagram", "memory"))
N_ARROWS = 10
UNSTEPPED = 20
"""Updates after which lesson 8's run is shown while nobody has stepped through it."""

VIEW = Param(
    "l9_view",
    "Look at",
    "choice",
    "order",
    options=(("order", "order"), ("diagram", "diagram"), ("memory", "memory")),
    widget="slot",
    bare=True,
    help="First put the pieces in order. The diagram with your numbers, and the bytes of its models, can be opened at any time.",
)
TRACK = Param(
    "l9_track",
    "Whose numbers",
    "choice",
    "white",
    options=(("white", "your votes"), ("tiny", "tiny LM")),
    shown_if=IN_DIAGRAM,
    help="Your votes: lessons 5, 6 and 8 as you left them. Tiny LM: the relay that lesson 3 recorded.",
)
CUT = Param(
    "l9_cut",
    "Cut the chosen arrow",
    "bool",
    False,
    shown_if=IN_DIAGRAM,
    help="Shows the measured run without the arrow that is lit. Choose an arrow by its disc or its row in the table.",
)
SIZE = Param(
    "l9_size",
    "Size of the models",
    "choice",
    "tiny",
    options=tuple(
        (
            key,
            "the tiny LM"
            if key == "tiny"
            else f"{layers} × {width:,}: {written_count(parameter_count(32_000, layers, width))}",
        )
        for key, (layers, width) in SHAPES.items()
    ),
    shown_if=WITH_BYTES,
    help="Layers × width, and the parameters that follow. All sizes but the tiny LM's are drawn by hand.",
)
PRECISION = Param(
    "l9_precision",
    "Precision",
    "choice",
    "fp32",
    options=(("fp32", "fp32"), ("bf16", "bf16")),
    shown_if=WITH_BYTES,
    help="fp32: 4 bytes for every weight and gradient, 8 for AdamW's two moments. bf16: 2 and 2, and 12 for the two moments "
    "and a copy of the weights, which stay in fp32.",
)
VALUE = Param(
    "l9_value",
    "Value model",
    "choice",
    "own",
    options=(("own", "a model of its own"), ("head", "a head on the policy")),
    shown_if=WITH_BYTES,
    help="The tiny LM of this app has its value as a head on the policy. The whiteboard has none: it takes the batch's mean.",
)
ORDER = Param(
    "l9_order",
    "Your order of the pieces",
    "text",
    "",
    widget="panel",
    shown_if=("l9_view", ("order",)),
    max_characters=len(POOL),
    accepts=is_order,
    help="The pieces as you placed them, one letter each.",
)
ARROW = Param("l9_arrow", "Arrow", "int", 6, 0, N_ARROWS - 1, 1, widget="table")
OWN = (TRACK, CUT, SIZE, PRECISION, VALUE, VIEW, ORDER, ARROW)

# Carried along so that a link brings the same run, and drawn on the pages of their own lessons only.
OF_LESSON_8 = (*lesson08_params.CONTROLS, lesson08_params.STEP)
OF_LESSON_5 = tuple(
    param
    for param in lesson05.LESSON.params
    if param.key.startswith("l5_") and param.widget != "table" and param.key != "l5_view"
)
ELSEWHERE = tuple(
    replace(param, widget="panel", shown_if=("l9_view", ("order",)), limit_key="")
    for param in (*SHARED, *OF_LESSON_8, *OF_LESSON_5)
)
CARRIED = tuple(param.key for param in ELSEWHERE)
