"""The model card: every number in it is measured by the command that writes it."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

from core.policies.checkpoint import REBUILD, Checkpoint
from core.stages.evaluate import cloze_accuracy
from core.stages.pretrain import PretrainConfig, validation_loss
from core.stages.world_task import documents

VALIDATION_DOCUMENTS = 3000
VALIDATION_SEED_OFFSET = 1_000_000


def write(found: Checkpoint, config: PretrainConfig, num_tokens: int, path: Path) -> str:
    """Measure the saved weights, write the card, and return its text."""
    model = found.model
    unseen = documents(VALIDATION_DOCUMENTS, config.seed + VALIDATION_SEED_OFFSET)
    perplexity = math.exp(validation_loss(model, unseen))
    lines = [
        "# Model card: the tiny language model",
        "",
        f"Written by `{REBUILD}`, which measured every number below on the saved half-precision weights.",
        "",
        f"- sha256 of the weights: `{found.sha256}`",
        f"- weights: {model.n_parameters():,} ({model.config.layers} layers, width {model.config.width}, "
        f"{model.config.heads} heads, context {model.config.context}, vocabulary {model.config.vocab})",
        f"- scored training tokens: {num_tokens:,}",
        "- settings: " + ", ".join(f"{name} {value}" for name, value in asdict(config).items()),
        "",
        "| measured | value | n |",
        "|---|---|---|",
        f"| perplexity of unseen documents | {perplexity:.3f} | {len(unseen)} documents |",
    ]
    for held_out, name in ((True, "held-out"), (False, "trained")):
        accuracy, n = cloze_accuracy(model, held_out)
        lines.append(f"| cloze, {name} facts | {accuracy:.1%} | {n} |")
    text = "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8")
    return text
