"""Measure the starting points of the whiteboard under the base model and after SFT: what `python -m core.stages starts` runs."""

from __future__ import annotations

import json
from dataclasses import asdict

from core.policies.checkpoint import Checkpoint
from core.policies.transformer import TinyLM
from core.stages import sft as sft_stage
from core.stages.data import demonstrations
from core.stages.sequences import response_logps
from core.stages.sft import SftConfig
from core.stages.starting_points import Recording, StartingPoint
from core.stages.world_task import tokenizer, world_task
from core.version import VERSION
from core.world.candidate_sets import ResponseSet, response_set
from core.world.candidates import NORWAY
from core.world.prompts import find_prompt, prompts

KINDS = ("fact", "howto", "harmful", "claim", "unknowable")
PER_KIND = 3
DIGITS = 6


def record(base: Checkpoint, config: SftConfig | None = None) -> Recording:
    """Fine-tune a copy of the base model as the relay does, and measure both models on every set of responses."""
    config = config or SftConfig()
    task = world_task()
    state = sft_stage.begin(base.model, config)
    shown = demonstrations(task, config.n_demonstrations, config.quality, config.seed)
    for _ in sft_stage.sft(state, shown, config):
        pass
    points = tuple(_measured(found, base.model, state.model) for found in _sets())
    return Recording(VERSION, base.sha256, json.dumps(asdict(config)), points)


def _sets() -> list[ResponseSet]:
    """Norway first; then, of every kind, the first few prompts that were held out."""
    chosen = [response_set(find_prompt(NORWAY.prompt))]
    for kind in KINDS:
        seen = {item.key for item in chosen}
        found = [response_set(prompt) for prompt in prompts(kind=kind, held_out=True)]
        chosen += [item for item in found if item.key not in seen][:PER_KIND]
    return chosen


def _measured(found: ResponseSet, base: TinyLM, tuned: TinyLM) -> StartingPoint:
    # Norway keeps the texts of the hand-made example, so that votes mean the same under either start.
    norway = found.prompt.text == NORWAY.prompt
    candidates = NORWAY.candidates if norway else found.candidates
    texts = tuple(candidate.text for candidate in candidates)

    def logps(model: TinyLM) -> tuple[float, ...]:
        values = response_logps(model, tokenizer(), found.prompt.text, texts)
        return tuple(round(float(value), DIGITS) for value in values)

    return StartingPoint(
        key="norway" if norway else found.key,
        kind=found.prompt.kind,
        prompt=found.prompt.text,
        key_word=NORWAY.key_word if norway else found.key_word,
        names=tuple(candidate.name for candidate in candidates),
        texts=texts,
        base_logps=logps(base),
        sft_logps=logps(tuned),
    )
