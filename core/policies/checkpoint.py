"""Weights on disk: safetensors in half precision, with the model's sizes, a format version and a checksum.

The checksum of the tensors and the sizes stand in the file's own header, so one file is a whole checkpoint. Loading a
missing, cut-off or foreign file ends in one sentence with the command that rebuilds the weights.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from core.policies.transformer import TinyLM, TransformerConfig

FORMAT_VERSION = 1
REBUILD = "python -m core.stages pretrain"


class CheckpointError(ValueError):
    """The weights cannot be used; the message is one plain sentence with the command that rebuilds them."""


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model, the checksum of its weights and whatever was noted when it was saved."""

    model: TinyLM
    sha256: str
    notes: dict[str, str] = field(default_factory=dict)


def weights_sha256(tensors: dict[str, Tensor]) -> str:
    """Checksum over names, types, shapes and bytes of the tensors, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def save(model: TinyLM, path: Path, notes: dict[str, str] | None = None) -> str:
    """Write the weights in float16, in one move so that an interrupted save leaves the old file. Returns the checksum.

    Raises:
        ValueError: a weight is not finite, or does not fit into half precision.
    """
    tensors = {name: value.to(torch.float16).contiguous() for name, value in model.state_dict().items()}
    for name, value in tensors.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"The weights {name} hold numbers that half precision cannot; nothing was saved.")
    checksum = weights_sha256(tensors)
    metadata = {
        "format_version": str(FORMAT_VERSION),
        "config": json.dumps(asdict(model.config), sort_keys=True),
        "sha256": checksum,
        "notes": json.dumps(notes or {}, sort_keys=True),
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(tensors, partial, metadata=metadata)
    partial.replace(path)
    return checksum


def load(path: Path, rebuild: str = REBUILD) -> Checkpoint:
    """Read the weights into a float32 model. `rebuild` is the command that makes them again.

    Raises:
        CheckpointError: the file is missing, cut off, damaged or of another version.
    """
    path = Path(path)
    again = f"rebuild it with: {rebuild}"
    if not path.is_file():
        raise CheckpointError(f"The weights {path.name} are missing; {again}")
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"The weights {path.name} are cut off or damaged; {again}") from error
    if metadata.get("format_version") != str(FORMAT_VERSION):
        raise CheckpointError(f"The weights {path.name} are of another version; {again}")
    if metadata.get("sha256") != weights_sha256(tensors):
        raise CheckpointError(f"The weights {path.name} do not match their checksum; {again}")
    try:
        model = TinyLM(TransformerConfig(**json.loads(metadata["config"])))
        model.load_state_dict({name: value.float() for name, value in tensors.items()})
        notes = json.loads(metadata["notes"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"The weights {path.name} do not fit this version of the model; {again}") from error
    return Checkpoint(model=model, sha256=metadata["sha256"], notes=notes)
