"""The relay's SFT model and its calibrated reward model, kept in the assets so that a live run need not train them first.

Written by `python -m core.stages store`. Each file notes the relay's settings and the base weights that it was trained
from; a file that does not fit the weights which are here is refused in one sentence.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from core.lm_records import Diverged, RewardModelReport
from core.policies import checkpoint
from core.policies.checkpoint import Checkpoint, CheckpointError
from core.stages.config import CODE_VERSION
from core.stages.relay import RelayConfig, RelayState, relay
from core.stages.reward_model import RewardModel
from core.stages.world_task import WEIGHTS, load_base, tokenizer, world_task
from core.version import VERSION

FOLDER = WEIGHTS.parent
SFT, REWARD = "sft.safetensors", "reward.safetensors"
RESTORE = "python -m core.stages store"
_SCALE = ("mean", "std", "missing_end_penalty")


def store(config: RelayConfig, weights: Path = WEIGHTS, folder: Path = FOLDER) -> tuple[Path, Path]:
    """Run the relay as far as its reward model and write both models. Returns where they are.

    Raises:
        ValueError: the relay has no SFT or no reward model, or it broke down.
    """
    if not (config.use_sft and config.use_reward_model):
        raise ValueError("Only a relay with SFT and a reward model has both to store.")
    base = load_base(weights)
    state = RelayState(base.model)
    for record in relay(state, world_task(), config):
        if isinstance(record, Diverged):
            raise ValueError(record.sentence)
        if isinstance(record, RewardModelReport):
            break
    scorer = state.scorer
    if state.sft is None or scorer is None:
        raise ValueError("The relay ended before its reward model was there; nothing was stored.")
    notes = {
        "relay": json.dumps(asdict(config), sort_keys=True),
        "version": VERSION,
        "code_version": str(CODE_VERSION),
        "base_sha256": base.sha256,
        "vocabulary": tokenizer().fingerprint,
    }
    paths = folder / SFT, folder / REWARD
    sft_sha256 = checkpoint.save(state.sft.model, paths[0], notes)
    scale = {name: repr(getattr(scorer, name)) for name in _SCALE}
    checkpoint.save(scorer.model, paths[1], {**notes, **scale, "sft_sha256": sft_sha256})
    for cached in (sft, scorer_checkpoint, base_sha256):
        cached.cache_clear()
    return paths


@lru_cache(maxsize=4)
def sft(folder: Path = FOLDER, weights: Path = WEIGHTS) -> Checkpoint:
    """The SFT model. It is shared by everybody: copy it before you train it (`begin` of every stage does).

    Raises:
        CheckpointError: it is missing or damaged, or was trained from other weights than those in the assets.
    """
    return _load(folder / SFT, weights)


def scorer(folder: Path = FOLDER, weights: Path = WEIGHTS) -> RewardModel:
    """The calibrated reward model, which scores answers: mean 0 and standard deviation 1 on the SFT model's own.

    Raises:
        CheckpointError: it is missing or damaged, or was trained from other weights or on another SFT model.
    """
    found = scorer_checkpoint(folder, weights)
    return RewardModel(found.model, *(float(found.notes[name]) for name in _SCALE))


@lru_cache(maxsize=4)
def scorer_checkpoint(folder: Path = FOLDER, weights: Path = WEIGHTS) -> Checkpoint:
    """The reward model's weights with their notes. Raises as `scorer` does."""
    found = _load(folder / REWARD, weights)
    if found.notes.get("sft_sha256") != sft(folder, weights).sha256 or not set(_SCALE) <= set(found.notes):
        raise CheckpointError(f"The weights {REWARD} belong to another SFT model; make both again with: {RESTORE}")
    return found


def verify(folder: Path = FOLDER, weights: Path = WEIGHTS) -> tuple[str, ...]:
    """What no longer fits between the stored models and the code, settings and weights that are here: one sentence each."""
    try:
        notes = [sft(folder, weights).notes, scorer_checkpoint(folder, weights).notes]
    except CheckpointError as error:
        return (str(error),)
    faults = []
    if any(note.get("code_version") != str(CODE_VERSION) for note in notes):
        faults.append(f"The stored models are of another stage code than {CODE_VERSION}.")
    usual = json.dumps(asdict(RelayConfig()), sort_keys=True)
    if any(note.get("relay") != usual for note in notes):
        faults.append("The stored models were trained with other settings than the relay's present defaults.")
    return tuple(faults)


@lru_cache(maxsize=4)
def base_sha256(weights: Path = WEIGHTS) -> str:
    """Checksum of the base weights, read once."""
    return load_base(weights).sha256


def _load(path: Path, weights: Path) -> Checkpoint:
    found = checkpoint.load(path, RESTORE)
    if found.notes.get("vocabulary") != tokenizer().fingerprint:
        raise CheckpointError(f"The weights {path.name} were made for another vocabulary; rebuild it with: {RESTORE}")
    if found.notes.get("base_sha256") != base_sha256(weights):
        raise CheckpointError(
            f"The weights {path.name} were trained from other base weights than those here; rebuild it with: {RESTORE}"
        )
    return found
