"""What the commands print: progress bars and reports, in plain text."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from core.lm_records import (
    Diverged,
    Evaluation,
    HandOver,
    PolicyGradientStep,
    Record,
    RewardModelReport,
    RewardModelStep,
    SupervisedStep,
)
from core.policies import checkpoint
from core.stages import lens_recorded, model_card, record_starts, recorded, starting_points, stored
from core.stages.pretrain import PretrainConfig, begin, pretrain
from core.stages.relay import RelayConfig, RelayState, relay
from core.stages.world_task import documents, load_base, tokenizer, world_task

_BAR = 24
_SAVE_EVERY = 200


class Bar:
    """A progress bar on the error stream; silent where that is not a terminal."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.label = ""
        self.start = 0.0
        self.first = 0

    def draw(self, label: str, step: int, steps: int, note: str) -> None:
        """Show step `step` of `steps`."""
        if not self.shown:
            return
        if label != self.label:
            self.label, self.start, self.first = label, time.perf_counter(), step - 1
        share = step / max(steps, 1)
        left = (time.perf_counter() - self.start) * (steps - step) / max(step - self.first, 1)
        bar = ("█" * round(share * _BAR)).ljust(_BAR, "·")
        sys.stderr.write(f"\r{label:<13} {bar} {step:>4}/{steps}  {note}  {left:3.0f} s left   ")
        sys.stderr.flush()

    def clear(self) -> None:
        """Wipe the line."""
        if self.shown:
            sys.stderr.write("\r" + " " * 110 + "\r")


def pretrain_command(config: PretrainConfig, out: Path, resume: bool) -> int:
    """Pretrain, save the weights, measure them and write the card. Returns the exit code."""
    partial = out.with_name(out.stem + ".training.pt")
    out.parent.mkdir(parents=True, exist_ok=True)
    if resume and not partial.exists():
        raise ValueError(f"There is no interrupted run beside {out.name}; leave out --resume.")
    state = begin(config, len(tokenizer()))
    if resume:
        state.load(partial)
    books = documents(config.n_documents, config.seed)
    start, first, bar = time.perf_counter(), state.step, Bar()
    for record in pretrain(state, books, config):
        if isinstance(record, Diverged):
            raise ValueError(record.sentence)
        bar.draw("pretraining", record.step, config.steps, f"loss {record.loss:.3f}")
        if record.step % _SAVE_EVERY == 0:
            state.save(partial)
            if not bar.shown:
                print(f"step {record.step} of {config.steps}: loss {record.loss:.3f}", flush=True)
    bar.clear()
    seconds = time.perf_counter() - start
    checksum = checkpoint.save(state.model, out, {"config": config.to_url(), "vocabulary": tokenizer().fingerprint})
    partial.unlink(missing_ok=True)
    print(f"{state.step - first} steps in {seconds:.0f} s; wrote {out.name}, sha256 {checksum[:16]}…; measuring it …")
    print(model_card.write(checkpoint.load(out), config, state.count, model_card.beside(out)))
    return 0


def relay_command(config: RelayConfig, weights: Path) -> int:
    """Run the relay and report after each stage. Returns the exit code."""
    task = world_task()
    state = RelayState(load_base(weights).model)
    start, bar = time.perf_counter(), Bar()
    stage_start = start
    for record in relay(state, task, config):
        if isinstance(record, SupervisedStep | RewardModelStep | PolicyGradientStep):
            bar.draw(*_progress(record))
            continue
        bar.clear()
        now = time.perf_counter()
        _report(record, now - stage_start)
        stage_start = now
        if isinstance(record, Diverged):
            return 1
    print(f"\nThe whole relay took {time.perf_counter() - start:.1f} s.")
    return 0


def _progress(record: SupervisedStep | RewardModelStep | PolicyGradientStep) -> tuple[str, int, int, str]:
    if isinstance(record, PolicyGradientStep):
        note = f"proxy {record.proxy:5.2f}  gold {record.gold:5.2f}  KL {record.kl_exact_sum:5.2f}"
        return "PPO", record.step, record.steps, note
    if isinstance(record, RewardModelStep):
        return "reward model", record.step, record.steps, f"loss {record.loss:.3f}  accuracy {record.accuracy:.2f}"
    return "SFT", record.step, record.steps, f"loss {record.loss:.3f}"


def _report(record: Record, seconds: float) -> None:
    if isinstance(record, HandOver):
        print(f"\n→ {record.sentence}")
    elif isinstance(record, RewardModelReport):
        held = "none" if record.accuracy_held_out is None else f"{record.accuracy_held_out:.2f}"
        trained = "none" if record.accuracy_train_items is None else f"{record.accuracy_train_items:.2f}"
        print(
            f"  reward model ({seconds:.1f} s): right on {held} of held-out pairs, {trained} of pairs on trained "
            f"items ({record.pairs} pairs, labels without noise)"
        )
    elif isinstance(record, Evaluation):
        print(f"\n== {record.name} ({seconds:.1f} s)")
        print(
            f"  gold: held-out {record.gold_held_out:+.2f} ± {record.gold_held_out_se:.2f} (n={record.n_held_out}), "
            f"trained items {record.gold_train_items:+.2f} ± {record.gold_train_items_se:.2f} "
            f"(n={record.n_train_items})" + ("" if record.kl is None else f"; KL to SFT {record.kl:.1f} nats")
        )
        mix = sorted(record.behaviours_held_out.items(), key=lambda item: -item[1])
        print("  held-out behaviour: " + ", ".join(f"{name} {share:.0%}" for name, share in mix if share >= 0.01))
        for prompt, answer, gold in record.samples:
            print(f"  {prompt}  ⟶  {answer or '(nothing)'}  [{gold:+.1f}]")
    elif isinstance(record, Diverged):
        print(f"\n{record.sentence}")


def store_command(config: RelayConfig, weights: Path, folder: Path) -> int:
    """Train the relay's SFT model and reward model and keep them. Returns the exit code."""
    start = time.perf_counter()
    for path in stored.store(config, weights, folder):
        print(f"Wrote {path.name} ({path.stat().st_size / 1000:.0f} kB).")
    print(f"The relay as far as its reward model took {time.perf_counter() - start:.1f} s.")
    return 0


def starts_command(weights: Path, out: Path) -> int:
    """Record where the whiteboard's policies start. Returns the exit code."""
    recording = record_starts.record(load_base(weights))
    starting_points.save(recording, out)
    print(f"Measured {len(recording.points)} prompts under weights {recording.weights_sha256[:16]}…; wrote {out.name}.")
    return 0


def record_command(config: RelayConfig, weights: Path, out: Path) -> int:
    """Run the relay with and without its runners at several seeds, and keep the runs in short. Returns the exit code."""
    runs, start = [], time.perf_counter()
    for found in recorded.record_seeds(config, weights):
        runs.append(found)
        gold = ", ".join(f"{e.name} {e.gold_held_out:+.2f}" for e in found.evaluations)
        print(
            f"SFT {'on' if found.use_sft else 'off'}, reward model {'on' if found.use_reward_model else 'off'}, seed "
            f"{found.seed} ({time.perf_counter() - start:.0f} s): held-out gold {gold} {found.stopped}",
            flush=True,
        )
    recorded.save(recorded.in_order(runs), out)
    print(f"Wrote {len(runs)} relays ({out.stat().st_size / 1000:.0f} kB) to {out.name}.")
    return 0


def lens_command(out: Path) -> int:
    """Run what lesson 8 shows of the tiny language model, and keep it. Returns the exit code."""
    runs = []
    for config in lens_recorded.KEPT:
        start = time.perf_counter()
        found = lens_recorded.record(config)
        runs.append(found)
        end = found.steps[-1]
        print(
            f"reward {config.reward}, kl_coef {config.ppo.kl_coef:g} ({time.perf_counter() - start:.0f} s): after "
            f"{end.step} updates proxy {end.proxy:+.2f}, gold {end.gold:+.2f}, KL {end.kl_exact:.2f} {found.stopped}",
            flush=True,
        )
    lens_recorded.save(runs, out)
    print(f"Wrote {len(runs)} runs ({out.stat().st_size / 1000:.0f} kB) to {out.name}.")
    return 0
