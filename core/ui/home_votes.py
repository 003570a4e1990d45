"""The loop of the home page: vote on pairs, see the fitted reward and the whiteboard, train the tiny language model on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.lessons import home_stages
from core.lessons import home_votes_views as views
from core.lessons import home_votes_words as words
from core.lessons.home_votes import HV, HomeVotes, compute, decode, encode
from core.lessons.text import plain, plural, signed
from core.policies.checkpoint import CheckpointError
from core.stages import my_votes, my_votes_recorded
from core.stages.my_votes import PROMPTS, MyVotesConfig, Shown
from core.stages.my_votes_recorded import AGAIN, Run
from core.stages.queue import Phase, Ticket
from core.ui import components, live_run, presses
from core.ui.live_run import LiveRun

NAME = "hv"
OFFERED = "_home_runs"
NOTE = "_home_note"
LABEL = "Train the tiny LM on my votes"
MOST_OFFERED = 20
UNDO = "u"
PRESSES = {
    "l": ("hv_l", "ArrowLeft"),
    "t": ("hv_t", "t"),
    "r": ("hv_r", "ArrowRight"),
    "s": ("hv_s", "s"),
    UNDO: ("hv_u", "u"),
}


def text() -> str:
    """The votes as the link carries them; the first call of a session reads the link."""
    if HV.key not in st.session_state:
        reading = HV.read(str(st.query_params.get(HV.key, "")))
        st.session_state[HV.key] = reading.value
        st.session_state[NOTE] = reading.note
    return str(st.session_state[HV.key])


@st.fragment
def loop(also: Mapping[str, str]) -> None:
    """Draw the whole loop, and keep the page's link; `also` is what the link holds besides the votes."""
    now = compute(text())
    with st.container(key="home_votes"):
        st.markdown("## Your votes, your reward, your policy", help=None)
        if now is None:
            st.info(f"The pairs to vote on are missing from this installation. Made again by: {AGAIN}")
        else:
            _vote_and_see(now)
            _train(now)
    held = {**also, HV.key: text()}
    components.keep_link("home_link", urlencode({key: value for key, value in held.items() if value}))


def _vote_and_see(now: HomeVotes) -> None:
    if st.session_state.get(NOTE):
        st.caption(f":material/info: {st.session_state[NOTE]}")
    asking, seeing = st.columns([1, 1.15], gap="large")
    with seeing:
        components.chart(views.board_chart(now), token=0, ended=True, report=None)
        st.caption(words.board(now))
    with asking:
        _pair(now)
        st.caption(words.standing(now))
        components.chart(views.weights_chart(now), token=0, ended=True, report=None)
        st.caption(words.uncertain(now))


def _pair(now: HomeVotes) -> None:
    pair, total = now.shown, len(now.pairs)
    with st.container(key="hv_vote"):
        presses.listen("hv_presses", PRESSES, _pressed)
        if pair is None:
            st.markdown(f"**All {total} pairs are voted on.** Undo takes the last vote back.")
        else:
            st.markdown(f"**Pair {len(now.letters) + 1}: which answer is better?** {plain(pair.prompt)}")
            for column, said, side in zip(st.columns(2, gap="small"), (pair.left, pair.right), ("left", "right")):
                with column, st.container(border=True, key=f"hv_{side}"):
                    st.markdown(plain(said))
        with st.container(horizontal=True, key="hv_buttons"):
            for label, letter, key, primary in (
                ("Left", "l", "Left", True),
                ("Tie", "t", "T", False),
                ("Right", "r", "Right", True),
                ("Skip", "s", "S", False),
            ):
                st.button(
                    label,
                    key=f"hv_{letter}",
                    shortcut=key,
                    on_click=_add,
                    args=(letter,),
                    disabled=pair is None,
                    type="primary" if primary else "secondary",
                )
            st.button("Undo", key="hv_u", shortcut="U", on_click=_undo, disabled=not now.letters)
        if not now.letters:
            st.caption("Real answers of the tiny LM after SFT. Keys: ← left, → right, T tie, S skip, U undo.")


def _pressed(letter: str) -> None:
    _undo() if letter == UNDO else _add(letter)


def _add(letter: str) -> None:
    letters = decode(text())
    if len(letters) < len(my_votes_recorded.load().pairs):  # type: ignore[union-attr]
        _keep(letters + letter)


def _undo() -> None:
    _keep(decode(text())[:-1])


def _keep(letters: str) -> None:
    st.session_state[HV.key] = encode(letters)
    st.session_state[NOTE] = None


def _train(now: HomeVotes) -> None:
    """The live run. A run under way goes on while more votes come; a button then offers the new ones."""
    try:
        latest = _latest()
        status = latest[1].status() if latest else None
        running = status is not None and not status.over
        other = latest is not None and latest[0] != now.config
        lacking = words.missing(now)
        if latest and (running or (lacking and other)):
            live_run.strip(_live(latest[0]))
            if other and not lacking:
                _offer_new(now.config)
        elif lacking:
            st.caption(f"**Next:** {lacking}")
        else:
            live_run.strip(_live(now.config))
    except CheckpointError as error:
        st.warning(str(error))
        return
    if running:
        _meanwhile(now)
    elif latest and status is not None and status.phase is Phase.FINISHED:
        _result(now, latest[0], latest[1].records(), earlier=other)


def _offer_new(config: MyVotesConfig) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="hv_new"):
        st.button("Train on my present votes instead", key="hv_again", on_click=live_run.submit, args=(_live(config),))
        st.caption(
            f"You have voted on. The run above goes on with the earlier votes; the present ones reward {words.rewarded(config)}."
        )


def _live(config: MyVotesConfig) -> LiveRun:
    key = my_votes.run_key(config)
    offered: dict[str, MyVotesConfig] = st.session_state.setdefault(OFFERED, {})
    offered.pop(key, None)
    offered[key] = config
    if len(offered) > MOST_OFFERED:  # never the one that was asked for
        offered.pop(next(old for old in offered if live_run.held(NAME, old) is None and old != key))
    return LiveRun(
        name=NAME,
        key=key,
        start=lambda: my_votes.train(config),
        progress=_progress,
        finished=lambda records: st.caption("Done: before and after stand below."),
        idle=f"{config.ppo.steps} PPO steps from the stored SFT model. Rewarded: {words.rewarded(config)}.",
        label=LABEL,
        help="Weights are rounded to quarters, so that equal votes share one run.",
        unit="record",
    )


def _latest() -> tuple[MyVotesConfig, Ticket] | None:
    """The run that this session asked for last, with its settings."""
    for key, config in reversed(list(st.session_state.get(OFFERED, {}).items())):
        ticket = live_run.held(NAME, key)
        if ticket is not None:
            return config, ticket
    return None


def _progress(records: list[Any]) -> tuple[float, str]:
    """How far the run is, and what the policy answers now."""
    shown = [record for record in records if isinstance(record, Shown)]
    if not shown:
        return 0.02, words.progress(None)
    last = shown[-1]
    return 0.05 + 0.9 * last.step / last.steps, f"{words.progress(last)} · “{plain(last.texts[0] or '(nothing)')}”"


def _meanwhile(now: HomeVotes) -> None:
    run = now.recording.run("example")
    if run is None:
        return
    st.caption(
        f"While yours is trained, a recorded one: the votes of a simulated voter, which reward {words.rewarded(run.config)}."
    )
    components.chart(
        views.run_chart(
            run, key="home_example", title="A simulated voter's run", badge="recorded", prompts=2, autoplay=True
        ),
        token=0,
        ended=True,
        report=None,
    )


def _result(now: HomeVotes, config: MyVotesConfig, records: list[Any], earlier: bool) -> None:
    run = my_votes_recorded.collect("yours", config, records)
    if isinstance(run, str):
        st.warning(run)
        return
    with st.container(key="hv_result"):
        whose = "your earlier votes" if earlier else "your votes"
        st.markdown(f"### What {whose} taught")
        by = "Your earlier votes" if earlier else f"Your {plural(now.n_votes, 'vote')}"
        for column, stage in zip(st.columns(3, gap="small"), home_stages.yours(now.recording, run, by)):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"**{stage.name} {stage.does}.** {stage.sentences}")
        left, right = st.columns([1.25, 1], gap="large")
        with left:
            chart = views.run_chart(
                run, key="home_run", title="Your run, step by step", badge="live", prompts=2, autoplay=True
            )
            components.chart(chart, token=0, ended=True, report=None)
        with right:
            st.markdown(f"Rewarded: **{words.rewarded(config)}**. {words.reward(run)}")
            st.markdown(words.gold(run))
            with st.container(key="saw"):
                st.markdown(words.verdict(run))
            components.table("home_features", views.features_table(run, "live"), pickable=False, report=_ignore)
        st.markdown(_before_after(run))
        st.caption(
            f"{words.how_made(run)} The answers are sampled with the same random draws before and after, so that only the "
            "policy differs. In brackets: gold."
        )


def _before_after(run: Run) -> str:
    """A table of the answers before and after, in Markdown."""

    def cell(shown: Shown, place: int) -> str:
        return f"{plain(shown.texts[place] or '(nothing)')} ({signed(shown.golds[place], 1)})"

    first, last = run.shown[0], run.shown[-1]
    lines = ["| prompt | before | after |", "|---|---|---|"]
    lines += [f"| {plain(prompt)} | {cell(first, k)} | **{cell(last, k)}** |" for k, prompt in enumerate(PROMPTS)]
    return "\n".join(lines)


def _ignore(name: str, value: Any) -> None:
    """Rows of this table cannot be chosen."""
