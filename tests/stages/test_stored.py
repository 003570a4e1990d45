"""The stored SFT model and reward model: they load, they fit the weights that are here, and they score."""

import random
import shutil

import pytest
import torch

from core.policies.checkpoint import CheckpointError, load, save
from core.policies.transformer import TinyLM, TransformerConfig
from core.stages import stored
from core.stages.__main__ import main
from core.stages.data import sample_answers
from core.stages.world_task import load_base, tokenizer, world_task

SMALL = "sft.steps=2&labels.n_prompts=6&reward_model.epochs=1&sft.n_demonstrations=8"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with a small base model and what the command stores for it."""
    folder = tmp_path_factory.mktemp("stored")
    model = TinyLM(TransformerConfig(vocab=len(tokenizer()), width=16, layers=1, heads=2))
    save(model, folder / "base.safetensors", {"vocabulary": tokenizer().fingerprint})
    weights = str(folder / "base.safetensors")
    assert main(["store", "--weights", weights, "--out", str(folder), "--settings", SMALL, "--seed", "3"]) == 0
    return folder


def test_what_is_stored_comes_back_with_its_scale(kept):
    found = stored.sft(kept, kept / "base.safetensors")
    scorer = stored.scorer(kept, kept / "base.safetensors")
    assert found.model.config == scorer.model.config
    assert '"seed": 3' in found.notes["relay"]
    answers = sample_answers(found.model, world_task(), world_task().held_out[:8], torch.Generator().manual_seed(0))
    raw = scorer.raw([world_task().ids(prompt) for prompt in world_task().held_out[:8]], answers)
    assert torch.isfinite(raw).all()
    assert scorer.std > 0
    assert stored.sft(kept, kept / "base.safetensors") is found


def test_other_settings_than_the_usual_are_named(kept):
    assert any("other settings" in fault for fault in stored.verify(kept, kept / "base.safetensors"))


def test_missing_models_name_their_command(tmp_path):
    with pytest.raises(CheckpointError, match=r"sft\.safetensors are missing; .*python -m core\.stages store"):
        stored.sft(tmp_path)


def test_models_of_other_weights_are_refused(kept):
    with pytest.raises(CheckpointError, match="other base weights"):
        stored.sft(kept)


def test_a_reward_model_of_another_sft_model_is_refused(kept, tmp_path):
    for name in (stored.REWARD, "base.safetensors"):
        shutil.copy(kept / name, tmp_path / name)
    other = load(kept / stored.SFT)
    other.model.state_dict()[next(iter(other.model.state_dict()))].add_(1.0)
    save(other.model, tmp_path / stored.SFT, other.notes)
    with pytest.raises(CheckpointError, match="another SFT model"):
        stored.scorer(tmp_path, tmp_path / "base.safetensors")


def test_the_shipped_models_fit_and_score_on_their_scale():
    """By calibration the SFT model's own answers to training prompts have mean 0 and standard deviation 1."""
    assert stored.verify() == ()
    assert stored.sft().notes["base_sha256"] == load_base().sha256
    task, scorer = world_task(), stored.scorer()
    prompts = task.draw(192, random.Random("another draw"), False)
    answers = sample_answers(stored.sft().model, task, prompts, torch.Generator().manual_seed(5))
    scores = (scorer.raw([task.ids(prompt) for prompt in prompts], answers) - scorer.mean) / scorer.std
    assert scores.mean().item() == pytest.approx(0.0, abs=4 / 192**0.5)
    assert scores.std().item() == pytest.approx(1.0, abs=0.35)
