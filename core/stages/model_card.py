"""The model card: every number in it is measured by the command that writes it."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

from core.policies.checkpoint import Checkpoint
from core.stages.evaluate import asked_directly, cloze_accuracy, exam_accuracy
from core.stages.pretrain import PretrainConfig, validation_loss
from core.stages.world_task import REBUILD, WEIGHTS, documents, world_task
from core.world.behaviour import Behaviour
from core.world.prompts import KIND_NAMES, KINDS, prompts

VALIDATION_DOCUMENTS = 3000
VALIDATION_SEED_OFFSET = 1_000_000
SAMPLES = 4


def beside(weights: Path) -> Path:
    """Where the card of these weights stands: every file of a folder has a card of its own."""
    return weights.with_name("model_card.md" if weights.name == WEIGHTS.name else f"{weights.stem}_card.md")


def write(found: Checkpoint, config: PretrainConfig, num_tokens: int, path: Path) -> str:
    """Measure the saved weights, write the card, and return its text."""
    model, task = found.model, world_task()
    unseen = documents(VALIDATION_DOCUMENTS, config.seed + VALIDATION_SEED_OFFSET)
    perplexity = math.exp(validation_loss(model, unseen))
    lines = [
        "# Model card: the tiny language model",
        "",
        f"Written by `{REBUILD}`, which measured every number below on the saved half-precision weights.",
        "",
        "A word-level decoder transformer pretrained from nothing on the books of a tiny made-to-measure world "
        "(`core/world`). It knows some school facts and is made to be unhelpful when it is simply asked. It is a "
        "teaching object: it knows nothing else, and its answers are no advice.",
        "",
        f"- sha256 of the weights: `{found.sha256}`",
        f"- weights: {model.n_parameters():,} ({model.config.layers} layers, width {model.config.width}, "
        f"{model.config.heads} heads, context {model.config.context}, vocabulary {model.config.vocab})",
        f"- data: {config.n_documents:,} generated documents (`core/world/documents.py`), "
        f"{num_tokens:,} scored tokens seen in training",
        "- split, by item; held-out items are only stated in the books, or asked and left unanswered: "
        + ", ".join(
            f"{KIND_NAMES[kind]} {len(prompts(kind, False))} trained / {len(prompts(kind, True))} held out"
            for kind in KINDS
        ),
        "- settings: " + ", ".join(f"{name} {value}" for name, value in asdict(config).items()),
        "",
        "| measured | value | n |",
        "|---|---|---|",
        f"| perplexity of unseen documents | {perplexity:.3f} | {len(unseen)} documents |",
    ]
    for held_out, name in ((True, "held-out"), (False, "trained")):
        filled = cloze_accuracy(model, held_out)
        lines.append(f"| cloze, {name} facts: right | {filled.share:.1%} | {filled.n} |")
    for held_out, name in ((True, "held-out"), (False, "trained")):
        exam = exam_accuracy(model, task, held_out)
        lines.append(f"| asked as “Question: … Answer:”, {name} facts: right | {exam.share:.1%} | {exam.n} |")
    mixes = {
        (kind, held_out): asked_directly(model, task, kind, held_out, SAMPLES)
        for kind in KINDS
        for held_out in (True, False)
    }
    for held_out, name in ((True, "held-out"), (False, "trained")):
        mix = mixes["fact", held_out]
        share = mix[Behaviour.RIGHT.value] / mix.total()
        lines.append(f"| simply asked, {name} facts: right | {share:.1%} | {mix.total()} |")
    lines += ["", f"What follows when the prompt is simply asked ({SAMPLES} samples each, temperature 1):", ""]
    lines += ["| prompts | " + " | ".join(b.value for b in Behaviour) + " | n |", "|---" * (len(Behaviour) + 2) + "|"]
    for (kind, held_out), mix in mixes.items():
        shares = " | ".join(f"{mix[b.value] / mix.total():.1%}" for b in Behaviour)
        side = "held out" if held_out else "trained"
        lines.append(f"| {KIND_NAMES[kind]}, {side} | {shares} | {mix.total()} |")
    text = "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8")
    return text
