"""A room: many sessions on one server, each moving one control a second, timed from the press to the end of the run.

    python -m tests.bench.room [--lessons 6,7,8,10] [--sessions 30] [--seconds 30] [--training 2] [--port 8613] [--seed 0] [--save]

Starts the real server and speaks its websocket protocol, so that thirty sessions do not need thirty browsers. Each
session opens a built lesson by its link (five votes, half of the run shown) and then, about once a second, sets one of the
sliders on screen to another legal value. The values are drawn anew for every session, so the sessions rarely share a
computed result: a room that follows its leader is faster. Times are taken from the moment at which the press was due, also
if the session was still waiting for the answer before. Client and server share the machine's cores. A move that is first
answered by the last result and a bar of progress counts with that answer; `answered_later` says how many there were.
With `--training N`, N more sessions train lesson 3's relay live meanwhile, each with a seed of its own.
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
from pathlib import Path
from urllib.request import urlopen

from core.lessons.catalogue import LESSONS
from core.lessons.catalogue import lesson as lesson_of
from core.lessons.lesson import Lesson
from tests.bench.baseline import percentile, report
from tests.bench.room_session import QUIET, Session, train, visit

ROOT = Path(__file__).parents[2]
GOALS = {"p95_ms": 100.0, "errors": 0.0}
TRAINING_GOALS = {"p95_ms": 250.0, "errors": 0.0}
TRAINED, START = 3, "Run it live"


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
    port: int, pid: int, count: int, seconds: float, seed: int, lessons: tuple[Lesson, ...], training: int
) -> dict[str, float]:
    """Open the sessions one after the other, let them move, and put the figures together."""
    warm = [Session(lesson, random.Random(seed)) for lesson in lessons]
    for session in warm:  # what every process pays once: imports, the first chart, the first fit
        await session.open(port)
        await session.socket.close()
    lessons = tuple(session.lesson for session in warm if session.sliders)
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
    trained = lesson_of(TRAINED)
    assert trained is not None
    trainers = [Session(trained, random.Random(i), settings={"l3_seed": str(500 + i)}) for i in range(training)]
    for trainer in trainers:
        await train(trainer, port, START)
    start = time.perf_counter() + 0.5
    await asyncio.gather(*(visit(session, start, seconds) for session in sessions))
    cpu, after = cpu_seconds(pid) - cpu, resident_mb(pid)
    for session in (*sessions, *trainers):
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
        "answered_later": sum(session.later for session in sessions),
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
    parser.add_argument("--training", type=int, default=0, help="live runs under way meanwhile")
    args, _ = parser.parse_known_args()
    goals = TRAINING_GOALS if args.training else GOALS
    wanted = {number for number in args.lessons.split(",") if number}
    chosen = tuple(item for item in LESSONS if not wanted or str(item.number) in wanted)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port"]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([*command, str(args.port)], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(args.port, server)
            figures = asyncio.run(
                measure(args.port, server.pid, args.sessions, args.seconds, args.seed, chosen, args.training)
            )
        finally:
            server.terminate()
            server.wait(timeout=20)
        log.seek(0)
        figures["errors"] += log.read().decode(errors="replace").count("Traceback (most recent call last)")
    lessons = ", ".join(str(lesson.number) for lesson in chosen)
    report(
        "room",
        figures,
        goals,
        f"{args.sessions} sessions, {args.seconds:g} s, one move a second each, lessons {lessons}, {args.training} runs train",
    )
    return 0 if all(figures[key] <= goal for key, goal in goals.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
