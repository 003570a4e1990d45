"""A room: many sessions on one server, each moving one control a second, timed from the press to the end of the run.

    python -m tests.bench.room [--lessons 6,7,8,10] [--sessions 30] [--seconds 30] [--port 8613] [--seed 0] [--save]

Starts the real server and speaks its websocket protocol, so that thirty sessions do not need thirty browsers. Each
session opens a built lesson by its link (five votes, half of the run shown) and then, about once a second, sets one of the
sliders on screen to another legal value. The values are drawn anew for every session, so the sessions rarely share a
computed result: a room that follows its leader is faster. Times are taken from the moment at which the press was due, also
if the session was still waiting for the answer before. Client and server share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from core.lessons.catalogue import LESSONS
from core.lessons.lesson import Lesson
from core.lessons.outline import PHASES
from core.world.votes import Vote, encode
from tests.bench.baseline import percentile, report

ROOT = Path(__file__).parents[2]
GOALS = {"p95_ms": 100.0, "errors": 0.0}
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

    async def open(self, port: int) -> None:
        """Connect, ask for the lesson's link, and wait until it stands still."""
        self.socket = await connect(
            f"ws://localhost:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None, open_timeout=OPENING_TIMEOUT
        )  # fmt: skip
        values = {param.key: str(int(param.high or 0) // 2) for param in self.lesson.params if param.widget == "player"}
        self.query = urlencode({"lesson": self.lesson.number, "votes": encode(VOTES), **values})
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = PHASES[self.lesson.outline.phase - 1].page
        context = message.rerun_script.context_info
        context.timezone, context.timezone_offset, context.locale = "UTC", 0, "en-GB"
        context.url, context.is_embedded = f"http://localhost:{port}/", False
        await self.socket.send(message.SerializeToString())
        await self._until_finished(OPENING_TIMEOUT)
        while not self.sliders:  # a deep link may go through another run of the app first
            await self._until_finished(OPENING_TIMEOUT)
        await self._drain()

    async def move(self) -> None:
        """Set one slider and wait for the end of the run."""
        assert self.socket is not None
        slider = self.rng.choice(sorted(self.sliders.values(), key=lambda s: s.id))
        slider.move(self.rng)
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = self.query, self.page_hash, slider.fragment
        state.cached_message_hashes.extend(self.hashes)
        for known in self.sliders.values():
            known.write(state.widget_states.widgets.add(id=known.id))
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


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return int(shown) / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far; NaN where the system does not tell it in the file that Linux has for it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers. Raises SystemExit if it ended or stays silent."""
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            if urlopen(f"http://localhost:{port}/_stcore/health", timeout=2).status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The server did not start.")


async def measure(
    port: int, pid: int, count: int, seconds: float, seed: int, lessons: tuple[Lesson, ...]
) -> dict[str, float]:
    """Open the sessions one after the other, let them move, and put the figures together."""
    warm = [Session(lesson, random.Random(seed)) for lesson in lessons]
    for session in warm:  # what every process pays once: imports, the first chart, the first fit
        await session.open(port)
        await session.socket.close()
    before = resident_mb(pid)
    sessions = [Session(lessons[i % len(lessons)], random.Random(1000 * seed + i)) for i in range(count)]
    opened = []
    for session in sessions:
        began = time.perf_counter()
        await session.open(port)
        opened.append(1000 * (time.perf_counter() - began - QUIET))
    after_opening, cpu = resident_mb(pid), cpu_seconds(pid)
    for session in sessions:
        session.bytes_received = 0
    start = time.perf_counter() + 0.5
    await asyncio.gather(*(visit(session, start, seconds) for session in sessions))
    cpu, after = cpu_seconds(pid) - cpu, resident_mb(pid)
    for session in sessions:
        await session.socket.close()
    times = [t for session in sessions for t in session.times]
    for lesson in lessons:
        own = [t for session in sessions if session.lesson is lesson for t in session.times]
        if own:
            print(
                f"  lesson {lesson.number:<3} {len(own):>5} moves   p50 {statistics.median(own):7.1f}   "
                f"p95 {percentile(own, 0.95):7.1f}   max {max(own):7.1f} ms"
            )
    errors = [f"lesson {session.lesson.number}: {error}" for session in sessions for error in session.errors]
    for error in dict.fromkeys(errors):
        print(f"  error: {error}")
    if not times:
        raise SystemExit("No move was answered.")
    return {
        "moves": len(times),
        "p50_ms": statistics.median(times),
        "p95_ms": percentile(times, 0.95),
        "max_ms": max(times),
        "errors": len(errors),
        "opening_p50_ms": statistics.median(opened),
        "server_cpu_ms_per_move": 1000 * cpu / len(times),
        "kilobytes_per_move": sum(session.bytes_received for session in sessions) / len(times) / 1024,
        "rss_before_mb": before,
        "rss_opened_mb": after_opening,
        "rss_after_mb": after,
        "rss_per_session_mb": (after - before) / count,
    }


def main() -> int:
    """Start the server, measure, print; the exit code says whether the goals are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--port", type=int, default=8613)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lessons", default="", help="numbers of the lessons to move in, as 6,7,8,10; empty: all")
    args, _ = parser.parse_known_args()
    wanted = {number for number in args.lessons.split(",") if number}
    chosen = tuple(item for item in LESSONS if not wanted or str(item.number) in wanted)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port"]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([*command, str(args.port)], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(args.port, server)
            figures = asyncio.run(measure(args.port, server.pid, args.sessions, args.seconds, args.seed, chosen))
        finally:
            server.terminate()
            server.wait(timeout=20)
        log.seek(0)
        figures["errors"] += log.read().decode(errors="replace").count("Traceback (most recent call last)")
    lessons = ", ".join(str(lesson.number) for lesson in chosen)
    report(
        "room",
        figures,
        GOALS,
        f"{args.sessions} sessions, {args.seconds:g} s, one move a second each, lessons {lessons}",
    )
    return 0 if all(figures[key] <= goal for key, goal in GOALS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
