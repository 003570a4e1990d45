"""Everything that is recorded in the assets, by name: what makes it again, and what checks it against the code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.stages import (
    asked,
    lens_recorded,
    long_walk,
    my_votes_recorded,
    recorded,
    starting_points,
    stored,
    terminal,
    walks,
)
from core.stages.phenomena import runner
from core.stages.phenomena.catalogue import EFFECTS
from core.stages.relay import RelayConfig
from core.stages.world_task import WEIGHTS, load_base

EFFECT_KEYS = tuple(found.key for found in EFFECTS)


@dataclass(frozen=True)
class Order:
    """How to record: settings and seed of the relay, the pretrained weights, and where to (None: into the assets)."""

    relay: RelayConfig = field(default_factory=RelayConfig)
    weights: Path = WEIGHTS
    out: Path | None = None


@dataclass(frozen=True)
class Recording:
    """One thing that is kept. `make` returns the exit code; `faults` one sentence for each thing that no longer fits."""

    name: str
    about: str
    make: Callable[[Order], int]
    faults: Callable[[], tuple[str, ...]]


def _starts_faults() -> tuple[str, ...]:
    found = starting_points.load()
    if found is None:
        return ("There is no recording that can be read.",)
    fits = found.weights_sha256 == load_base().sha256
    return () if fits else ("It was recorded with other weights than those in the assets.",)


def _relay_faults() -> tuple[str, ...]:
    base = load_base().sha256
    runs = recorded.load()
    found = [fault for run in runs for fault in recorded.verify(run, base)]
    return tuple(dict.fromkeys(found)) if runs else ("There is no recording that can be read.",)


def _lens_faults() -> tuple[str, ...]:
    runs = lens_recorded.load()
    found = [fault for run in runs for fault in lens_recorded.verify(run)]
    return tuple(dict.fromkeys(found)) if runs else ("There is no recording that can be read.",)


def _home_faults() -> tuple[str, ...]:
    found = my_votes_recorded.load()
    return ("There is no recording that can be read.",) if found is None else my_votes_recorded.verify(found)


def _loads(load: Callable[[], object | None]) -> Callable[[], tuple[str, ...]]:
    """For recordings whose reader refuses what was made with other weights or settings."""

    def faults() -> tuple[str, ...]:
        return () if load() is not None else ("There is no recording that fits the weights in the assets.",)

    return faults


# In the order in which they are made: later ones stand on the models that the first one trains.
RECORDINGS: tuple[Recording, ...] = (
    Recording(
        "models",
        "the SFT model and the reward model of the relay",
        lambda order: terminal.store_command(order.relay, order.weights, order.out or stored.FOLDER),
        stored.verify,
    ),
    Recording(
        "starts",
        "where the whiteboard's policies start",
        lambda order: terminal.starts_command(order.weights, order.out or starting_points.RECORDED),
        _starts_faults,
    ),
    Recording(
        "relay",
        "the relay of lesson 3, with and without its runners",
        lambda order: terminal.record_command(order.relay, order.weights, order.out or recorded.RECORDED),
        _relay_faults,
    ),
    Recording(
        "asked",
        "what the pretrained model answers, for lesson 1",
        lambda order: asked.command(order.out or asked.RECORDED),
        _loads(asked.load),
    ),
    Recording(
        "walks",
        "walks of single prompts through SFT, for lesson 5",
        lambda order: walks.command(order.out or walks.RECORDED),
        _loads(walks.load),
    ),
    Recording(
        "long",
        "a longer SFT, for lesson 5",
        lambda order: long_walk.command(order.out or long_walk.RECORDED),
        _loads(long_walk.load),
    ),
    Recording(
        "lens",
        "PPO on the tiny language model, word by word, for lesson 8",
        lambda order: terminal.lens_command(order.out or lens_recorded.RECORDED),
        _lens_faults,
    ),
    Recording(
        "home",
        "the runs of the home page",
        lambda order: my_votes_recorded.command(order.relay.seed, order.out or my_votes_recorded.RECORDED),
        _home_faults,
    ),
)


def names() -> tuple[str, ...]:
    """Everything that can be asked for; "effects" is all effects."""
    return (*(entry.name for entry in RECORDINGS), "effects", *EFFECT_KEYS)


def chosen(asked_for: Sequence[str]) -> tuple[tuple[Recording, ...], tuple[str, ...]]:
    """The single recordings and the keys of the effects that are meant; no names: all of them.

    Raises:
        ValueError: a name that nothing has.
    """
    known = {entry.name: entry for entry in RECORDINGS}
    for name in asked_for:
        if name not in known and name not in EFFECT_KEYS and name != "effects":
            raise ValueError(f"There is no recording called “{name}”. There are: {', '.join(names())}.")
    if not asked_for:
        return RECORDINGS, EFFECT_KEYS
    effects = EFFECT_KEYS if "effects" in asked_for else tuple(key for key in EFFECT_KEYS if key in asked_for)
    return tuple(entry for name, entry in known.items() if name in asked_for), effects


def record(asked_for: Sequence[str], order: Order, processes: int = 2) -> int:
    """Make these recordings again (no names: all), and say what was written. Returns the exit code.

    Raises:
        ValueError: an unknown name, or one place for more than one recording.
    """
    single, effects = chosen(asked_for)
    if order.out is not None and (effects or len(single) > 1):
        raise ValueError("--out is for one recording; effects and several recordings go into the assets.")
    for entry in single:
        print(f"{entry.name}: {entry.about}", flush=True)
        if code := entry.make(order):
            return code
    if effects:
        for sentence in runner.record(effects, processes=processes):
            print(sentence, flush=True)
    return 0


def verify(asked_for: Sequence[str], again: bool = True) -> int:
    """Check these recordings (no names: all); with `again`, run a short piece of every effect again. Returns the exit code."""
    failed = 0
    for name, faults, note in _checked(*chosen(asked_for), again):
        print(f"{'FAULT' if faults else 'fits':<6} {name:<18} {' '.join(faults) or note}", flush=True)
        failed += bool(faults)
    print(
        f"{failed} recordings do not fit." if failed else "Every recording fits the code and the weights that are here."
    )
    return 1 if failed else 0


def _checked(
    single: Sequence[Recording], effects: Sequence[str], again: bool
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for entry in single:
        yield entry.name, entry.faults(), ""
    yield from runner.verify(effects, again)
