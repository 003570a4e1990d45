"""Step 3: the pair that is asked about, the judgement by mouse or one key, undo, and who is labelling."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import streamlit as st

from core.lessons.pipeline_sizing import pace
from core.lessons.text import plain, plural
from core.pipeline import limits, pairing
from core.pipeline.edits import change
from core.pipeline.model import Label, Project, Prompt, Verdict
from core.pipeline.pairing import Shown
from core.pipeline.rubric import STRENGTHS
from core.ui import components
from core.ui.pipeline import label_plan, work
from core.ui.pipeline.prompt_edits import written, written_turns
from core.ui.pipeline.step_rubric import compact

WHO, CLOCK, AGAIN, REASON, VIEW = "pl_labeller", "pl_clock", "pl_again", "pl_reason", "pl_label_view"
NAMED = "pl_named"
MOST_LABELS = 20
FIRST_NAME = "labeller 1"
# Whoever leaves a pair for longer has done something else meanwhile; such a time says nothing about labelling.
LONGEST_SECONDS = 900
HEIGHT, PROMPT_HEIGHT = 268, 92
# A longer prompt gets more of the screen, as far as the responses can spare it.
SHORT_LINES, LINE_CHARACTERS, LINE_HEIGHT, MOST_HEIGHT = 2, 110, 21, 110
# One key a judgement: 1 … 4 for the left response, 5 … 8 for the right one, the strongest at the ends.
LEFT_KEYS = ((4, "1"), (3, "2"), (2, "3"), (1, "4"))
RIGHT_KEYS = ((1, "5"), (2, "6"), (3, "7"), (4, "8"))
WORDS = {1: "barely", 2: "slightly", 3: "better", 4: "much"}


def draw(project: Project) -> None:
    """The pair on the left; on the right the labeller, how far they are, and the rubric or the plan."""
    who = labeller(project)
    shown = _next(project, who)
    pair, side = st.columns([3.1, 1.15], gap="medium")
    with side:
        _side(project, who)
    with pair:
        if shown is None:
            st.session_state.pop(CLOCK, None)
            _nothing_left(project, who)
        else:
            _start_clock(who, shown)
            _pair(project, who, shown)


def labeller(project: Project) -> str:
    """Who labels now: the name in the field, else a name of one's own."""
    if WHO not in st.session_state:
        # Names that only stand for a file's judgements are nobody who sits here.
        own = () if project.origin != "own" else project.labels
        mine = [label.labeller for label in own if not label.imported]
        st.session_state[WHO] = mine[-1] if mine else FIRST_NAME
    return str(st.session_state[WHO] or FIRST_NAME)


def counted(project: Project) -> str:
    """Pairs that have a label, of all pairs."""
    total = sum(len(one.candidates) * (len(one.candidates) - 1) // 2 for one in project.prompts)
    done = len({label.pair for label in project.labels if label.verdict != "skip"})
    return f"{done:,}/{total:,}" if total else ""


def _next(project: Project, who: str) -> Shown | None:
    again: tuple[str, Label] | None = st.session_state.get(AGAIN)
    if again and again[0] == who:
        known = project.by_id().get(again[1].prompt_id)
        ids = {candidate.id for candidate in known.candidates} if known else set()
        judged = any(label.labeller == who and label.pair == again[1].pair for label in project.labels)
        if not judged and {again[1].left, again[1].right} <= ids:
            return pairing.shown_again(project, again[1])
    return pairing.next_pair(_asked_of(project, who), who)


def _asked_of(project: Project, who: str) -> Project:
    """The project as `who` is asked about it: in a worked example, whose people have judged every pair, one label more a pair."""
    if project.origin != "illustration" or pairing.next_pair(project, who) is not None:
        return project
    more = min(project.settings.labels_per_pair + 1, MOST_LABELS)
    return change(project, settings={**project.settings.model_dump(), "labels_per_pair": more})


def _start_clock(who: str, shown: Shown) -> None:
    held = st.session_state.get(CLOCK)
    if held is None or held[0] != (who, shown):
        st.session_state[CLOCK] = ((who, shown), time.monotonic())


def _seconds(who: str, shown: Shown) -> float | None:
    held = st.session_state.get(CLOCK)
    if held is None or held[0] != (who, shown):
        return None
    taken = time.monotonic() - held[1]
    return round(taken, 2) if taken <= LONGEST_SECONDS else None


def _pair(project: Project, who: str, shown: Shown) -> None:
    prompt = project.by_id()[shown.prompt_id]
    with st.container(key="pl_pair"):
        _prompt(prompt)
        for column, id, side, name in zip(
            st.columns(2, gap="small"), (shown.left, shown.right), ("A", "B"), ("pl_left", "pl_right")
        ):
            with column:
                with st.container(height=HEIGHT - long_prompt(prompt), key=name):
                    st.markdown(f"**Response {side}**")
                    st.text(prompt.candidate(id).text or "(empty)", width="stretch")
                    components.reachable(name)
                with st.container(horizontal=True, key=f"{name}_keys"):
                    for strength, key in LEFT_KEYS if side == "A" else RIGHT_KEYS:
                        _button(WORDS[strength], key, who, shown, "A" if side == "A" else "B", strength)
        with st.container(horizontal=True, key="pl_verdicts"):
            _button("A is better", "Left", who, shown, "A", None, primary=True)
            _button("Tie", "T", who, shown, "tie")
            _button("Both bad", "X", who, shown, "both_bad")
            _button("B is better", "Right", who, shown, "B", None, primary=True)
            _button("Skip", "S", who, shown, "skip")
            _undo_button(project, who)
        st.text_input(
            "Reason",
            key=work.key(REASON),
            placeholder="A reason, if you like: type it, press Tab, then judge.",
            label_visibility="collapsed",
            max_chars=limits.MAX_NOTE_CHARACTERS,
        )


def _prompt(prompt: Prompt) -> None:
    earlier = written_turns(prompt.messages[:-1])
    with st.container(height=PROMPT_HEIGHT + long_prompt(prompt), key="pl_asked", border=False):
        # What is answered stands first: the instructions and turns before it may be long.
        st.markdown(f"**Which response is better?** The user wrote{' last' if earlier else ''}:")
        st.text(prompt.text, width="stretch")
        if earlier:
            st.caption("Before that:")
            st.text(earlier, width="stretch")
        components.reachable("pl_asked")


def long_prompt(prompt: Prompt) -> int:
    """The height that a long prompt, or the turns before its last one, takes from the boxes of the responses."""
    text = written(prompt)
    lines = sum(1 + len(line) // LINE_CHARACTERS for line in text.splitlines())
    return min(max(lines - SHORT_LINES, 0) * LINE_HEIGHT, MOST_HEIGHT)


def _button(
    label: str,
    key: str,
    who: str,
    shown: Shown,
    verdict: Verdict,
    strength: int | None = None,
    primary: bool = False,
) -> None:
    st.button(
        label,
        key=f"pl_judge_{key}",
        shortcut=key,
        on_click=_judge,
        args=(who, shown, verdict, strength),
        type="primary" if primary else "secondary",
        help=f"{verdict} is {STRENGTHS[strength]}" if strength else None,
    )


def _undo_button(project: Project, who: str) -> None:
    mine = any(label.labeller == who for label in project.labels)
    st.button("Undo", key="pl_undo", shortcut="U", on_click=_undo, args=(who,), disabled=not mine)


def _judge(who: str, shown: Shown, verdict: Verdict, strength: int | None) -> None:
    reason = str(st.session_state.get(work.key(REASON), "")).strip()
    seconds = _seconds(who, shown)
    moment = datetime.now(UTC)
    if work.change(lambda now: pairing.record(now, shown, who, verdict, strength, reason, seconds, moment)):
        st.session_state[work.key(REASON)] = ""
        for held in (CLOCK, AGAIN):
            st.session_state.pop(held, None)


def _undo(who: str) -> None:
    now = work.project()
    if now is None:
        return
    changed, label = pairing.undo(now, who)
    if label is not None:
        work.put(changed)
        work.tell(())
        st.session_state[AGAIN] = (who, label)
        st.session_state[work.key(REASON)] = label.reason
        st.session_state.pop(CLOCK, None)


def _nothing_left(project: Project, who: str) -> None:
    if not any(len(prompt.candidates) > 1 for prompt in project.prompts):
        st.info("There is no pair to compare yet. Give a prompt two responses in step 1.")
        return
    name, target = plain(who), plural(project.settings.labels_per_pair, "label")
    if any(label.labeller == who for label in project.labels):
        st.info(f"Nothing is left for {name}: every pair has {target} or was judged by {name}.")
    else:
        st.info(f"Every pair has its {target} already. Ask for one more a pair, and all of them come to {name}.")
    more = project.settings.labels_per_pair + 1
    with st.container(horizontal=True):
        st.button(
            f"Ask for {plural(more, 'label')} a pair",
            key="pl_one_more",
            type="primary",
            on_click=_one_more,
            disabled=more > MOST_LABELS,
            help="Every pair that you have not judged yourself comes again.",
        )
        _undo_button(project, who)


def _one_more() -> None:
    work.change(
        lambda now: change(
            now, settings={**now.settings.model_dump(), "labels_per_pair": now.settings.labels_per_pair + 1}
        )
    )
    work.forget("labels_per_pair")


def _side(project: Project, who: str) -> None:
    names = tuple(dict.fromkeys((*project.labellers, who)))
    st.selectbox(
        "Who is labelling",
        names,
        key=WHO,
        accept_new_options=True,
        help="Choose a name or type a new one. A pseudonym is enough; it goes into the files.",
        on_change=_new_name,
    )
    # The next key is a judgement, not a letter of the name.
    components.leave_field("pl_leave_name", WHO, st.session_state.get(NAMED, 0))
    so_far = pairing.progress(_asked_of(project, who), who)
    total = so_far.done + so_far.skipped + so_far.left
    speed = f", {pace(so_far.seconds)} each (median)" if so_far.seconds is not None else ""
    st.progress(
        (so_far.done + so_far.skipped) / total if total else 0.0,
        text=f"{so_far.done:,} judged, {so_far.left:,} open{speed}",
    )
    view = st.segmented_control(
        "Beside the pair", ["Rubric", "Plan"], default="Rubric", required=True, key=VIEW, label_visibility="collapsed"
    )
    if view == "Plan":
        label_plan.draw(project, who)
    else:
        with st.container(height=380, border=False, key="pl_rubric_side"):
            st.markdown(compact(project.rubric) or "The rubric is empty: write it in step 2.")
            components.reachable("pl_rubric_side")


def _new_name() -> None:
    name = str(st.session_state.get(WHO) or "").strip()
    st.session_state[NAMED] = st.session_state.get(NAMED, 0) + 1
    st.session_state[WHO] = name[: limits.MAX_ID_CHARACTERS] if name and name.isprintable() else FIRST_NAME
    st.session_state.pop(CLOCK, None)
