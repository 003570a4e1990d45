"""One visitor of the room: Streamlit's websocket protocol without a browser, and what the server says to it."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from core.lessons.lesson import Lesson
from core.lessons.outline import PHASES
from core.world.votes import Vote, encode

OPENING_TIMEOUT, MOVE_TIMEOUT, QUIET = 60.0, 30.0, 0.3
VOTES = (Vote(0, 3, 1.0), Vote(1, 5, 1.0), Vote(2, 7, 1.0), Vote(4, 0, 0.0), Vote(1, 2, 0.5))


@dataclass
class Slider:
    """A slider on screen: its legal positions (numbers, or the texts of a select slider), and where it stands."""

    id: str
    fragment: str
    positions: tuple[float, ...] | tuple[str, ...]
    value: float | str

    @staticmethod
    def read(shown: Any, fragment: str, before: Slider | None) -> Slider:
        """A slider as the server has sent it; without word from the server it stays where it was."""
        if shown.options:
            positions, sent, default = (
                tuple(shown.options),
                tuple(shown.raw_value),
                shown.options[int(shown.default[0])],
            )
        else:
            count = round((shown.max - shown.min) / (shown.step or 1.0))
            positions = tuple(shown.min + i * (shown.step or 1.0) for i in range(count + 1))
            sent, default = tuple(shown.value), shown.default[0]
        value = sent[0] if shown.set_value else before.value if before else default
        return Slider(shown.id, fragment, positions, value)

    def move(self, rng: random.Random) -> None:
        """Go to another legal position."""
        self.value = rng.choice([position for position in self.positions if position != self.value])

    def write(self, widget: Any) -> None:
        """What the browser says about this slider with every run."""
        if isinstance(self.value, str):
            widget.string_array_value.data.append(self.value)
        else:
            widget.double_array_value.data.append(self.value)


@dataclass
class Session:
    """One visitor: what the server has told it, and how long its moves took."""

    lesson: Lesson
    rng: random.Random
    socket: ClientConnection | None = None
    page_hash: str = ""
    query: str = ""
    sliders: dict[str, Slider] = field(default_factory=dict)
    drawn: dict[str, Slider] = field(default_factory=dict)
    hashes: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    bytes_received: int = 0
    errors: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)  # of the link, beside those that every session has
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)  # label -> id and fragment
    progress: bool = False  # whether the run that is drawn now shows how far some work is
    later: int = 0  # moves that were answered by a bar of progress first

    async def open(self, port: int) -> None:
        """Connect, ask for the lesson's link, and wait until it stands still. A lesson without sliders leaves `sliders` empty."""
        self.socket = await connect(
            f"ws://localhost:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None, open_timeout=OPENING_TIMEOUT
        )  # fmt: skip
        values = {param.key: str(int(param.high or 0) // 2) for param in self.lesson.params if param.widget == "player"}
        self.query = urlencode({"lesson": self.lesson.number, "votes": encode(VOTES), **values, **self.settings})
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = PHASES[self.lesson.outline.phase - 1].page
        context = message.rerun_script.context_info
        context.timezone, context.timezone_offset, context.locale = "UTC", 0, "en-GB"
        context.url, context.is_embedded = f"http://localhost:{port}/", False
        await self.socket.send(message.SerializeToString())
        await self._until_finished(OPENING_TIMEOUT)
        await self._drain()
        if not self.sliders:  # a deep link may go through another run of the app first
            await self._drain()

    async def move(self) -> None:
        """Set one slider and wait for the end of the run."""
        assert self.socket is not None
        slider = self.rng.choice(sorted(self.sliders.values(), key=lambda s: s.id))
        slider.move(self.rng)
        await self._run(slider.fragment)
        self.later += self.progress

    async def press(self, label: str) -> None:
        """Press a button and wait for the end of the run. Raises KeyError where the page shows no such button."""
        button, fragment = self.buttons[label]
        await self._run(fragment, pressed=button)

    async def _run(self, fragment: str, pressed: str = "") -> None:
        assert self.socket is not None
        self.progress = False
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = self.query, self.page_hash, fragment
        state.cached_message_hashes.extend(self.hashes)
        for known in self.sliders.values():
            known.write(state.widget_states.widgets.add(id=known.id))
        if pressed:
            state.widget_states.widgets.add(id=pressed).trigger_value = True
        await self.socket.send(message.SerializeToString())
        await self._until_finished(MOVE_TIMEOUT)

    async def _until_finished(self, timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while not self._take(await self._receive()):
                pass

    async def _drain(self) -> None:
        """Take what still comes, until nothing has come for a moment."""
        while True:
            try:
                self._take(await asyncio.wait_for(self._receive(), QUIET))
            except TimeoutError:
                return

    async def _receive(self) -> bytes:
        assert self.socket is not None
        data = await self.socket.recv()
        assert isinstance(data, bytes)
        self.bytes_received += len(data)
        return data

    def _take(self, data: bytes) -> bool:
        """Note what one message says; whether it says that the run is over."""
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if message.metadata.cacheable and message.hash:
            self.hashes.add(message.hash)
        if kind == "new_session":
            self.page_hash = message.new_session.page_script_hash
            self.drawn = {}
        elif kind == "navigation":  # where the page leads if a run of the whole page follows
            self.page_hash = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._element(message.delta.new_element, message.delta.fragment_id)
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                self.errors.append("the script did not compile")
            # What this run has not drawn is no longer on screen.
            self.sliders = self.drawn or self.sliders
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False

    def _element(self, element: Any, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "progress":
            self.progress = True
        elif kind == "button":
            self.buttons[element.button.label] = (element.button.id, fragment)
        elif kind == "slider" and fragment and not element.slider.disabled and len(element.slider.default) == 1:
            shown = element.slider
            self.drawn[shown.id] = Slider.read(shown, fragment, self.sliders.get(shown.id))


async def visit(session: Session, start: float, seconds: float) -> None:
    """Move one control about once a second from `start` on. A late answer does not push the presses behind it."""
    due = start + session.rng.random()
    while due < start + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        try:
            await session.move()
        except Exception as problem:  # a session that broke off is a finding, not the end of the measurement
            session.errors.append(f"{type(problem).__name__}: {problem}")
            return
        session.times.append(1000 * (time.perf_counter() - due))
        due += session.rng.uniform(0.75, 1.25)


async def train(session: Session, port: int, label: str) -> None:
    """Open the session and press the button of its live run. Raises SystemExit where nothing can be trained."""
    await session.open(port)
    if label not in session.buttons:
        raise SystemExit(f"Lesson {session.lesson.number} shows no button “{label}”, but {sorted(session.buttons)}.")
    await session.press(label)
