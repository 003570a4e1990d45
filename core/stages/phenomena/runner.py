"""Making the recordings: seed by seed, so that effects share runs, on as many processes as there are cores."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from core.policies.checkpoint import Checkpoint
from core.stages.evaluate import single_thread
from core.stages.phenomena import recording
from core.stages.phenomena.bench import Bench
from core.stages.phenomena.catalogue import EFFECTS, effect
from core.stages.phenomena.effect import Effect
from core.stages.phenomena.recording import Recorded, SeedRun
from core.stages.world_task import WEIGHTS, load_base, world_task

PRETRAINED = (0, 1, 2)
"""Seeds of the pretrained models that the ten seeds take in turn."""
QUICK_SEED = 5
_QUICK = "the quick check"


def weights_path(pretrained: int) -> Path:
    """Where the model of a pretraining seed is kept."""
    return WEIGHTS if pretrained == 0 else WEIGHTS.with_name(f"base_seed{pretrained}.safetensors")


def base_of(seed: int) -> tuple[int, Checkpoint]:
    """The pretraining seed that stands behind a seed, and its model."""
    pretrained = PRETRAINED[seed % len(PRETRAINED)]
    return pretrained, load_base(weights_path(pretrained))


def weights() -> dict[str, str]:
    """The checksum of every pretrained model, by its seed."""
    return {str(pretrained): load_base(weights_path(pretrained)).sha256 for pretrained in PRETRAINED}


def run_seed(keys: Sequence[str], seed: int, fraction: float = 1.0) -> dict[str, SeedRun]:
    """These effects at one seed; what they share is run once."""
    single_thread()
    pretrained, base = base_of(seed)
    bench = Bench(seed, base.model, world_task(), fraction)
    return {key: _run(effect(key), bench, seed, pretrained) for key in keys}


def run_quick(keys: Sequence[str]) -> dict[str, SeedRun]:
    """The quick check of these effects: one seed, shortened."""
    found: dict[str, SeedRun] = {}
    for fraction in sorted({effect(key).quick_fraction for key in keys}):
        found |= run_seed([key for key in keys if effect(key).quick_fraction == fraction], QUICK_SEED, fraction)
    return found


def _run(found: Effect, bench: Bench, seed: int, pretrained: int) -> SeedRun:
    start = time.process_time()
    arms, broke = [], ""
    try:
        arms = found.run(bench)
    except ValueError as error:  # a run that broke down says why; the seed is reported all the same
        broke = str(error)
    return SeedRun(seed, pretrained, time.process_time() - start, tuple(arms), broke)


def record(keys: Sequence[str], processes: int = 2, folder: Path = recording.FOLDER) -> Iterator[str]:
    """Run these effects at all their seeds and keep them. Yields a sentence after each seed, then one for each file.

    What is done so far is kept as soon as a seed is done, so that a stopped recording loses at most the seeds under way;
    it counts as a recording only when every seed is there.
    """
    runs: dict[str, list[SeedRun]] = {key: [] for key in keys}
    quick: dict[str, SeedRun] = {}
    start, here = time.perf_counter(), weights()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        seeds = sorted({seed for key in keys for seed in effect(key).seeds})
        at = {seed: [key for key in keys if seed in effect(key).seeds] for seed in seeds}
        jobs = {pool.submit(run_seed, at[seed], seed): f"seed {seed}" for seed in seeds}
        jobs[pool.submit(run_quick, keys)] = _QUICK
        for job in as_completed(jobs):
            found = job.result()
            for key, run in found.items():
                if jobs[job] == _QUICK:
                    quick[key] = run
                else:
                    runs[key].append(run)
                recording.save(recording.make(effect(key), runs[key], here, quick.get(key)), folder)
            cpu = sum(run.cpu_seconds for run in found.values())
            yield f"{jobs[job]}: {cpu:.0f} CPU seconds, {time.perf_counter() - start:.0f} s since the start"
    for key in keys:
        path = recording.path_of(key, folder)
        yield f"{key}: wrote {path.name} ({path.stat().st_size / 1000:.0f} kB)"


def verify(keys: Sequence[str], again: bool = True) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Check recordings against code and weights, and run each one's quick check again.

    Yields (key, faults, what the quick check gave). Another processor may round differently and then sample other answers,
    so a quick check that is not equal in every number has to show the same sign as the one that was kept.
    """
    here = weights()
    for key in keys:
        found = recording.load(key)
        said = recording.faults(effect(key), found, here)
        note = ""
        if again and found is not None and found.quick is not None and not said:
            fresh = run_quick((key,))[key]
            note, fault = compare(effect(key), found.quick, fresh)
            said = (*said, fault) if fault else said
        yield key, said, note


def compare(found: Effect, kept: SeedRun, fresh: SeedRun) -> tuple[str, str]:
    """(what to report, what is wrong): equal to the digit, or at least the same sign in the headline."""
    if _numbers(kept) == _numbers(fresh):
        return "run again: equal in every number", ""
    headline = found.contrasts[found.quick]
    before, after = headline.difference(kept.values()), headline.difference(fresh.values())
    if before is None or after is None:
        return "run again", f"“{headline.label}” cannot be compared."
    note = f"run again: “{headline.label}” {before:+.3f} then, {after:+.3f} now"
    kept_sign = headline.expected == 0 or before * after > 0 or before == after
    return note, "" if kept_sign else "The headline changed its sign."


def _numbers(run: SeedRun) -> dict[tuple[str, str], str]:
    return {(arm.name, name): f"{value:.5g}" for arm in run.arms for name, value in arm.values.items()}


__all__ = ["EFFECTS", "Recorded", "record", "run_seed", "verify", "weights"]
