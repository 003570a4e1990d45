"""Weights on disk: they come back, and every kind of bad file ends in one sentence with the command that rebuilds."""

import json
import struct

import pytest
import torch

from core.policies.checkpoint import REBUILD, CheckpointError, load, save, weights_sha256
from core.policies.transformer import TinyLM, TransformerConfig

SMALL = TransformerConfig(vocab=12, width=32, layers=2, heads=4, context=20)


@pytest.fixture
def saved(tmp_path):
    model = TinyLM(SMALL, seed=5)
    path = tmp_path / "weights" / "base.safetensors"
    return model, path, save(model, path, {"seed": "5"})


def test_round_trip(saved):
    model, path, checksum = saved
    found = load(path)
    assert found.model.config == SMALL
    assert found.sha256 == checksum
    assert found.notes == {"seed": "5"}
    tokens = torch.randint(0, 12, (2, 9), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(found.model(tokens), model(tokens), rtol=0, atol=0.01)
    assert found.model.embedding.weight.dtype == torch.float32
    assert not list(path.parent.glob("*.partial"))


def test_saving_what_was_loaded_changes_nothing(saved):
    _, path, checksum = saved
    assert save(load(path).model, path) == checksum


def test_half_the_bytes(saved):
    model, path, _ = saved
    assert path.stat().st_size < 2 * model.n_parameters() + 5000


def sentence(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load(path)
    text = str(caught.value)
    assert REBUILD in text
    assert "\n" not in text
    return text


def test_missing(tmp_path):
    assert "missing" in sentence(tmp_path / "base.safetensors")


@pytest.mark.parametrize("keep", [0, 5, 200, -100])
def test_truncated(saved, keep):
    _, path, _ = saved
    path.write_bytes(path.read_bytes()[:keep])
    assert "cut off or damaged" in sentence(path)


def test_one_changed_byte(saved):
    _, path, _ = saved
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(bytes(content))
    assert "checksum" in sentence(path)


def with_header(path, change) -> None:
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    change(header["__metadata__"])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])


def test_other_version(saved):
    _, path, _ = saved
    with_header(path, lambda metadata: metadata.update(format_version="99"))
    assert "another version" in sentence(path)


def test_other_sizes(saved):
    _, path, _ = saved
    other = json.dumps({"vocab": 12, "width": 64, "layers": 2, "heads": 4, "context": 20, "rope_base": 10000.0})
    with_header(path, lambda metadata: metadata.update(config=other))
    assert "do not fit" in sentence(path)


def test_weights_that_half_precision_cannot_hold(tmp_path):
    model = TinyLM(SMALL)
    with torch.no_grad():
        model.embedding.weight[0, 0] = 1e6
    with pytest.raises(ValueError, match="nothing was saved"):
        save(model, tmp_path / "x.safetensors")
    assert not (tmp_path / "x.safetensors").exists()


def test_checksum_depends_on_name_shape_and_content():
    a = torch.arange(6.0)
    sums = {weights_sha256(t) for t in ({"a": a}, {"b": a}, {"a": a.view(2, 3)}, {"a": a + 1}, {"a": a.half()})}
    assert len(sums) == 5
