"""What the commands print: progress bars and reports, in plain text."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from core.lm_records import Diverged, Record
from core.policies import checkpoint
from core.stages import model_card
from core.stages.pretrain import PretrainConfig, begin, pretrain
from core.stages.training import State
from core.stages.world_task import documents, tokenizer

R = TypeVar("R", bound=Record)
_BAR = 24
_SAVE_EVERY = 200


def progress(label: str, records: Iterable[R], total: int, note: str = "loss", first: int = 0) -> Iterator[R]:
    """Pass records through and draw a bar on the terminal (nothing when the output is a file)."""
    start = time.perf_counter()
    shown = sys.stderr.isatty()
    for record in records:
        if shown and not isinstance(record, Diverged):
            done = record.step / max(total, 1)
            elapsed = time.perf_counter() - start
            left = elapsed * (total - record.step) / max(record.step - first, 1)
            bar = ("█" * round(done * _BAR)).ljust(_BAR, "·")
            value = getattr(record, note)
            sys.stderr.write(f"\r{label:<14} {bar} {record.step:>5}/{total} {note} {value:7.3f}  {left:4.0f} s left ")
            sys.stderr.flush()
        yield record
    if shown:
        sys.stderr.write("\r" + " " * 100 + "\r")


def pretrain_command(config: PretrainConfig, out: Path, resume: bool) -> int:
    """Pretrain, save the weights, measure them and write the card. Returns the exit code."""
    partial = out.with_name(out.stem + ".training.pt")
    out.parent.mkdir(parents=True, exist_ok=True)
    if resume and not partial.exists():
        raise ValueError(f"There is no interrupted run beside {out.name}; leave out --resume.")
    state = State.load(partial) if resume else begin(config, len(tokenizer()))
    books = documents(config.n_documents, config.seed)
    start = time.perf_counter()
    first = state.step
    for record in progress("pretraining", pretrain(state, books, config), config.steps, first=first):
        if isinstance(record, Diverged):
            raise ValueError(record.sentence)
        if record.step % _SAVE_EVERY == 0:
            state.save(partial)
            print(f"step {record.step} of {config.steps}: loss {record.loss:.3f}", flush=True)
    seconds = time.perf_counter() - start
    partial.unlink(missing_ok=True)
    checksum = checkpoint.save(state.model, out, {"config": config.to_url(), "vocabulary": tokenizer().fingerprint})
    print(
        f"wrote {out.name}, sha256 {checksum[:16]}…, after {state.step - first} steps in {seconds:.0f} s; measuring …"
    )
    card = model_card.write(checkpoint.load(out), config, state.count, out.with_name("model_card.md"))
    print(card)
    return 0
