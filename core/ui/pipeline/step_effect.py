"""Step 7: what the labels of one prompt do to a policy over its own responses, by DPO and by reward model and PPO."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.lessons import pipeline_charts, pipeline_sizing
from core.lessons.lesson import Table
from core.lessons.text import number, percent, plain
from core.pipeline.model import Project
from core.stages.own_policy import OwnPolicyRun
from core.ui.pipeline import work
from core.ui.pipeline.drawn import draw_chart, shortened, still

STRENGTHS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)
BETA, KL = "pl_beta", "pl_kl"


def draw(project: Project) -> None:
    """Prompt, β and kl_coef on the left, both policies in the middle, the scores and what happened on the right."""
    judged = {label.prompt_id for label in project.labels if label.verdict in ("A", "B", "tie")}
    prompts = {prompt.id: prompt for prompt in project.prompts if prompt.id in judged}
    if not prompts:
        st.info(
            "A policy learns from labels, and there is none yet that compares two responses. Label some pairs in step 3."
        )
        return
    left, middle, right = st.columns([1.15, 3, 1.6], gap="small")
    with left:
        id = st.selectbox(
            "Prompt",
            list(prompts),
            format_func=lambda one: f"{one} · {prompts[one].text[:80]}",
            key=work.key("effect_prompt"),
        )
        beta = _strength(BETA, "β of DPO", "How strongly DPO holds the policy at its start.")
        kl_coef = _strength(KL, "KL coefficient of PPO", "What a nat of distance from the start costs.")
        st.caption(
            "The start gives every response the same chance: a page cannot know how likely your model writes each. Both routes run "
            "the same code as lessons 8 and 10."
        )
    try:
        found = pipeline_sizing.effect(project, id, beta, kl_coef)
    except ValueError as error:
        middle.info(plain(str(error)))
        return
    names = pipeline_sizing.names(prompts[id].candidates)
    with middle:
        draw_chart(pipeline_charts.effect(found, names), ended=bool(found.diverged))
    with right:
        ids = tuple(one.id for one in prompts[id].candidates)
        _table(found, ids)
        with st.container(key="saw"):
            st.markdown("**What you see.** " + " ".join(plain(sentence) for sentence in says(found, ids)))


def _strength(key: str, label: str, help: str) -> float:
    st.session_state.setdefault(key, 0.5)
    return float(
        st.select_slider(
            label, STRENGTHS, key=key, help=help, format_func=lambda value: f"{value:g}", persist_state="session"
        )
    )


def _table(found: OwnPolicyRun, ids: tuple[str, ...]) -> None:
    """The scores by id: the words stand beside the bars, and five columns have no room for them."""
    order = sorted(range(len(ids)), key=lambda k: -found.scores[k])
    rows = tuple(
        (
            shortened(ids[k]),
            number(found.scores[k]),
            percent(found.dpo[-1][k], 0),
            percent(found.ppo[-1][k], 0),
            percent(found.optimum[k], 0),
        )
        for k in order
    )
    still("pl_effect_table", Table(("response", "reward", "DPO", "PPO", "π*"), rows, pickable=False))


def says(found: OwnPolicyRun, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Where both routes lead after the last step, and where they would go on to."""
    last = len(found.dpo) - 1
    sentences = [
        f"After {last} steps DPO gives {_most(found.dpo[-1], ids)} and PPO gives {_most(found.ppo[-1], ids)}; "
        f"they are {number(found.dpo_stats[-1].kl)} and {number(found.ppo_stats[-1].kl)} nats from the start."
    ]
    if found.dpo_end is None:
        sentences.append(
            "A response, or a group of them, never lost to the rest, so DPO's loss has no lowest point: it would push on for ever."
        )
    sentences.append(f"For this KL coefficient the optimum π* gives {_most(found.optimum, ids)}.")
    return (*sentences, *found.diverged)


def _most(policy: Sequence[float], ids: tuple[str, ...]) -> str:
    """The likeliest response with its share; several where the page prints the same share for them."""
    shares = [percent(share, 0) for share in policy]
    top = percent(max(policy), 0)
    first = [id for id, share in zip(ids, shares) if share == top]
    if len(first) == 1:
        return f"response {first[0]} {top}"
    return f"responses {', '.join(first[:-1])} and {first[-1]} {top} each"
