"""Beside the pair in step 3: how many labels a pair gets, and the gold questions that are mixed in."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.lessons.text import plain, plural
from core.pipeline.edits import change, put_gold, remove_labeller
from core.pipeline.model import GoldQuestion, Pair, Project
from core.ui.pipeline import work

SHOWN_GOLD = 40
HEIGHT = 380


def draw(project: Project, who: str) -> None:
    """Labels a pair, the share of gold questions, the gold questions themselves, and a labeller's labels."""
    with st.container(height=HEIGHT, border=False, key="pl_plan"):
        work.bound(
            st.number_input,
            "labels_per_pair",
            "Labels a pair",
            project.settings.labels_per_pair,
            _setting("labels_per_pair"),
            min_value=1,
            max_value=20,
            help="Two and more let you measure agreement.",
        )
        work.bound(
            st.slider,
            "gold_share",
            "Share of gold questions",
            project.settings.gold_share,
            _setting("gold_share"),
            min_value=0.0,
            max_value=0.5,
            step=0.05,
            format="percent",
            help="Pairs whose right answer you know. They show how carefully people label and stay out of the training files.",
        )
        _gold(project)
        mine = sum(label.labeller == who for label in project.labels)
        if mine:
            st.button(
                f"Remove the {plural(mine, 'label')} of {plain(who)}",
                key="pl_remove_labeller",
                on_click=lambda: work.change(lambda now: remove_labeller(now, who)),
            )


def _setting(name: str) -> Callable[[Project, Any], Project]:
    return lambda now, value: change(now, settings={**now.settings.model_dump(), name: value})


def _gold(project: Project) -> None:
    st.markdown(f"**{plural(len(project.gold), 'gold question')}**")
    prompts = {prompt.id: prompt for prompt in project.prompts if len(prompt.candidates) > 1}
    if prompts:
        id = st.selectbox(
            "Prompt of a new one",
            list(prompts),
            format_func=lambda one: f"{one} · {prompts[one].text[:60]}",
            key="pl_gold_p",
        )
        options = list(itertools.permutations([candidate.id for candidate in prompts[id].candidates], 2))
        chosen = st.selectbox(
            "Right answer",
            options,
            format_func=lambda two: f"{two[0]} is better than {two[1]}",
            key=work.key(f"gold_{id}"),
        )
        question = GoldQuestion(prompt_id=id, better=chosen[0], worse=chosen[1])
        st.button("Add as gold", key="pl_gold_add", on_click=lambda: work.change(lambda now: put_gold(now, question)))
    for number, question in enumerate(project.gold[:SHOWN_GOLD]):
        words, drop = st.columns([4, 1], vertical_alignment="center")
        words.caption(plain(f"{question.prompt_id}: {question.better} is better than {question.worse}"))
        drop.button("✕", key=f"pl_gold_drop_{number}", help="Remove", on_click=_drop, args=(question.pair,))


def _drop(pair: Pair) -> None:
    work.change(lambda now: change(now, gold=tuple(one for one in now.gold if one.pair != pair)))
