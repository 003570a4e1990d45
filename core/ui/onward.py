"""The way on from lesson 5: the policy that its walk has reached becomes the start of lessons 6 to 9."""

from __future__ import annotations

import streamlit as st

from core.lessons import shared_params
from core.lessons.lesson import Lesson
from core.lessons.lesson05 import config_of, walk_code
from core.lessons.lesson08_lens_params import BOARD, LENS
from core.lessons.lesson08_params import STEP
from core.lessons.param import Values
from core.ui import settings


def walk_on(lesson: Lesson, values: Values) -> None:
    """In lesson 5 the button that opens lesson 8 with the walked policy; nothing elsewhere, in the view of the longer walk,
    and where the learner's own answers start from probabilities set by hand."""
    if lesson.number != 5 or values["l5_view"] != "walk" or settings.value(shared_params.OWN):
        return
    if st.button(
        f"Start lesson 8 from step {values['l5_step']}",
        key="l5_onward",
        help="The model as it stands at this step becomes the reference and the start of lessons 6 to 9. “Prompt and start” "
        "below those lessons takes it back.",
    ):
        settings.put(shared_params.START.key, "walk")
        settings.put(shared_params.WALK.key, walk_code(values))
        example = shared_params.example_of(config_of(values)[0].prompt)
        if example and not settings.value(shared_params.VOTES):  # votes are about the answers that are there
            settings.put(shared_params.EXAMPLE.key, example)
        settings.put(LENS.key, BOARD)
        settings.set_step(STEP.key, 0)
        settings.open_lesson(8)
