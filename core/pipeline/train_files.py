"""train/: configurations that TRL runs unchanged, and the commands. Checked against TRL 1.16.0 by tests/pipeline.

Each configuration names the folder of its kind of rows (`dataset_name: data/preferences`), in which `datasets` finds the
two sides by their file names; so it must run from the folder that the zip unpacks to.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.pipeline import markdown as md
from core.pipeline import yaml_text
from core.pipeline.model import Project
from core.pipeline.plan import Training

TRL_VERSION = "1.16.0"
STAGES = ("sft", "reward", "dpo", "kto")
# The learning rates are TRL's own defaults of that version, written out because they are what one changes first.
LEARNING_RATES = {"sft": 2e-5, "reward": 1e-4, "dpo": 1e-6, "kto": 1e-6}
FILES = {"sft": "sft", "reward": "implicit_prompt", "dpo": "preferences", "kto": "unpaired"}
SAYS = {
    "sft": "Imitates the best response of each prompt. Run it first: DPO, KTO and PPO start from its result.",
    "reward": "Fits a score to the pairs: −log σ(r_chosen − r_rejected).",
    "dpo": "Trains the policy on the pairs directly.",
    "kto": "Trains the policy on single responses marked desirable or not.",
}


def config_name(stage: str, training: Training) -> str:
    """The dataset configuration (file stem) that a stage reads."""
    return FILES[stage] + ("_conversational" if training.format == "conversational" else "")


def config(project: Project, stage: str, with_validation: bool) -> dict[str, Any]:
    """One TRL configuration as a dictionary."""
    training = project.operations.training
    settings: dict[str, Any] = {}
    if training.model:
        settings["model_name_or_path"] = training.model
    settings |= {
        "dataset_name": f"data/{config_name(stage, training)}",
        "dataset_train_split": "train",
        "dataset_test_split": "validation",
        "output_dir": f"runs/{stage}",
        "seed": project.settings.seed,
        "num_train_epochs": training.epochs,
        # KTO estimates its reference point from the other completions of the batch, so one alone is not enough.
        "per_device_train_batch_size": max(training.batch_size, 2) if stage == "kto" else training.batch_size,
        "gradient_accumulation_steps": training.accumulation,
        "learning_rate": LEARNING_RATES[stage],
        "max_length": training.max_length,
        "eval_strategy": "epoch" if with_validation else "no",
        "save_strategy": "epoch",
        "logging_steps": 1,
        "report_to": "none",
    }
    if with_validation:
        settings["per_device_eval_batch_size"] = settings["per_device_train_batch_size"]
    if stage in ("dpo", "kto"):
        settings["beta"] = training.beta
    if stage == "sft":
        settings["completion_only_loss"] = True
    return settings


def stages(with_rows: Collection[str], training: Training) -> tuple[str, ...]:
    """The stages whose file has rows to train on."""
    return tuple(stage for stage in STAGES if config_name(stage, training) in with_rows)


def files(project: Project, with_train: Collection[str], with_validation: Collection[str]) -> dict[str, str]:
    """Path -> text of everything in train/."""
    training = project.operations.training
    possible = stages(with_train, training)
    made = {
        f"train/{stage}.yaml": f"# {SAYS[stage]}\n"
        + yaml_text.write(config(project, stage, config_name(stage, training) in with_validation))
        for stage in possible
    }
    made["train/requirements.txt"] = f"trl=={TRL_VERSION}\n"
    made["train/README.md"] = _readme(training, possible)
    return made


def _readme(training: Training, possible: tuple[str, ...]) -> str:
    model = "" if training.model else ' --model_name_or_path "$MODEL"'
    choice = (
        f"The configurations name the base model {md.inline(training.model)}."
        if training.model
        else "No base model has been chosen yet: `export MODEL=organisation/name` (or the path of a folder) first."
    )
    later = {"dpo": "runs/sft", "kto": "runs/sft"} if "sft" in possible else {}

    def command(start: str, stage: str) -> str:
        base = f" --model_name_or_path {later[stage]}" if stage in later else model
        return f"{start} --config train/{stage}.yaml{base}"

    one = "\n".join(command(f"trl {stage}", stage) for stage in possible)
    many = "\n".join(
        command(f"accelerate launch --num_processes {training.processes} -m trl.scripts.{stage}", stage)
        for stage in possible
    )
    formats = (
        "The conversational files need a tokenizer with a chat template. For a base model without one, change"
        " `dataset_name` to the folder without `_conversational`."
        if training.format == "conversational"
        else "The standard files are plain text. For a tokenizer with a chat template, add `_conversational` to"
        " `dataset_name`."
    )
    body = (
        f"There is nothing to train on yet: no pair has been decided.\n\n{choice}\n"
        if not possible
        else f"""{choice}

Run everything from the folder that holds `pipeline.yaml`, because the configurations load the data from there.

```sh
pip install -r train/requirements.txt
```

One machine, one process:

```sh
{one}
```

{training.processes} processes (run `accelerate config` once for several machines):

```sh
{many}
```

## What the files take care of

- **No separator.** TRL puts prompt and completion together as they are. In the standard files the prompt ends with
  `Assistant:` and the completion begins with one space, so that no token crosses the border.
- **End token.** In the standard format TRL appends the tokenizer's end token itself, so none is written. In the
  conversational format the chat template closes the turn.
- {formats}
- **Length.** The reward trainer leaves out pairs longer than `max_length` tokens; the other trainers cut them at the end.
- Without a GPU that knows bfloat16, add `--bf16 false`.
"""
    )
    return f"# Training\n\nWritten for TRL {TRL_VERSION}.\n\n{body}"
