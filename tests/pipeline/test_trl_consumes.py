"""The proof by the consumer: `datasets` loads every file of the export and TRL trains on it, offline, with a random tiny model.

Needs packages that the app does not (`.ci/trl` installs them into an environment of their own); skipped where they are missing.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from pathlib import Path

import pytest

os.environ.update(
    HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", HF_HUB_DISABLE_TELEMETRY="1"
)
if os.environ.get("REQUIRE_TRL") != "1":
    pytest.importorskip("datasets", reason="needs Hugging Face datasets: run .ci/trl")
    pytest.importorskip("trl", reason="needs TRL: run .ci/trl")

import tokenizers
import torch
import transformers
import trl
from datasets import get_dataset_config_names, load_dataset
from trl.scripts import dpo as dpo_script
from trl.scripts import kto as kto_script
from trl.scripts import reward as reward_script
from trl.scripts import sft as sft_script

from core.pipeline import export, train_files
from core.pipeline.datasets import STEMS
from core.pipeline.worked_examples import EXAMPLES, load

END = "<end>"
TURN_END = "<|im_end|>"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PARSERS = {
    "sft": sft_script.make_parser,
    "reward": reward_script.make_parser,
    "dpo": dpo_script.make_parser,
    "kto": kto_script.make_parser,
}
TRAINERS = {"sft": trl.SFTTrainer, "reward": trl.RewardTrainer, "dpo": trl.DPOTrainer, "kto": trl.KTOTrainer}
# What the command line of the test adds to the shipped configuration: two small steps on a machine without a GPU.
SHORT = [
    "--max_steps", "2", "--use_cpu", "true", "--bf16", "false", "--gradient_accumulation_steps", "1",
    "--gradient_checkpointing", "false", "--save_strategy", "no", "--eval_strategy", "no", "--disable_tqdm", "true",
]  # fmt: skip
RUNS = [
    ("sft", "sft"), ("sft", "sft_conversational"),
    ("reward", "implicit_prompt"), ("reward", "implicit_prompt_conversational"),
    ("reward", "preferences"), ("reward", "preferences_conversational"),
    ("dpo", "preferences"), ("dpo", "preferences_conversational"),
    ("dpo", "implicit_prompt_conversational"),
    ("kto", "unpaired"), ("kto", "unpaired_conversational"),
]  # fmt: skip


def _unpack(key: str, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp(key)
    zipfile.ZipFile(io.BytesIO(export.export(load(key)))).extractall(place)
    return place


@pytest.fixture(scope="module", params=[example.key for example in EXAMPLES])
def folder(request, tmp_path_factory) -> Path:
    """Each worked example, exported and unpacked: system messages, several turns, code blocks, Arabic."""
    return _unpack(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def one_folder(tmp_path_factory) -> Path:
    """The first of them."""
    return _unpack(EXAMPLES[0].key, tmp_path_factory)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A llama of one layer with random weights, and a byte-pair tokenizer that merges whatever stands together often."""
    place = tmp_path_factory.mktemp("model")
    inner = tokenizers.Tokenizer(tokenizers.models.BPE())
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    texts = [one.text for example in EXAMPLES for prompt in load(example.key).prompts for one in prompt.candidates]
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", END, "<|im_start|>", TURN_END]
    inner.train_from_iterator(
        texts,
        tokenizers.trainers.BpeTrainer(
            vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token=END)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(place)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=4096, pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(place)
    return place


def _trainer(folder: Path, model: Path, stage: str, stem: str, cache: Path, monkeypatch):
    """TRL's own parser reads the shipped configuration; the trainer that its script would build."""
    monkeypatch.chdir(folder)
    arguments = ["--config", f"train/{stage}.yaml", "--model_name_or_path", str(model), *SHORT]
    parsed = PARSERS[stage]().parse_args_and_config(arguments, fail_with_unknown_args=True)
    script, training, chosen_model = parsed[:3]
    assert script.dataset_name == f"data/{train_files.config_name(stage, load(EXAMPLES[0].key).operations.training)}"
    rows = load_dataset(f"data/{stem}", cache_dir=str(cache))
    return TRAINERS[stage](
        model=chosen_model.model_name_or_path,
        args=training,
        train_dataset=rows[script.dataset_train_split],
        eval_dataset=rows.get(script.dataset_test_split),
    )


def test_datasets_loads_every_file_by_path_and_by_name(folder, tmp_path):
    present = [stem for stem in STEMS if (folder / f"{stem}.jsonl").exists()]
    assert set(present) == set(STEMS)
    assert set(get_dataset_config_names(str(folder))) == set(STEMS)
    for stem in STEMS:
        lines = [json.loads(line) for line in (folder / f"{stem}.jsonl").read_text("utf-8").split("\n") if line]
        loaded = load_dataset("json", data_files=str(folder / f"{stem}.jsonl"), split="train", cache_dir=str(tmp_path))
        assert loaded.to_list() == lines
        named = load_dataset(str(folder), name=stem, cache_dir=str(tmp_path))
        assert sum(len(part) for part in named.values()) == len(lines)
        assert set(named) == {file.stem for file in (folder / "data" / stem).iterdir()}


@pytest.mark.parametrize(("stage", "stem"), RUNS)
def test_trl_trains_on_it(one_folder, model, stage, stem, tmp_path, monkeypatch):
    trainer = _trainer(one_folder, model, stage, stem, tmp_path, monkeypatch)
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
    done = trainer.train()
    assert done.global_step == 2
    assert math.isfinite(done.training_loss)
    assert any(not torch.equal(weight, before[name]) for name, weight in trainer.model.named_parameters())
    if trainer.eval_dataset is not None:
        assert math.isfinite(trainer.evaluate()["eval_loss"])


@pytest.mark.parametrize("stem", ["preferences", "preferences_conversational"])
def test_no_token_is_lost_at_the_border_and_every_completion_ends_once(folder, model, stem, tmp_path, monkeypatch):
    trainer = _trainer(folder, model, "dpo", stem, tmp_path, monkeypatch)
    raw = load_dataset(f"data/{stem}", cache_dir=str(tmp_path))["train"]
    tokenizer = trainer.processing_class
    end = tokenizer.convert_tokens_to_ids(END if stem == "preferences" else TURN_END)
    for row, made in zip(raw, trainer.train_dataset, strict=True):
        for side in ("chosen", "rejected"):
            assert made[f"{side}_ids"].count(end) == 1
            words = tokenizer.decode(made[f"{side}_ids"])
            prompt = tokenizer.decode(made["prompt_ids"])
            if stem == "preferences":
                assert prompt == row["prompt"]
                assert words == row[side] + END
            else:
                assert prompt.endswith("<|im_start|>assistant\n")
                assert words == row[side][0]["content"] + TURN_END + "\n"
