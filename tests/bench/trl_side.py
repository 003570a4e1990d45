"""TRL's trainers set to the same run as ours, for `against_trl`. Only imported where TRL is installed."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets import Dataset, disable_progress_bars
from torch import Tensor
from transformers import PrinterCallback, ProgressCallback, TrainerCallback

from core.policies.sampling import left_pad
from core.policies.tokenizer import END_ID
from core.policies.transformer import TinyLM
from core.stages.dpo import DpoConfig, PairSet
from core.stages.ppo import PpoConfig
from core.stages.reward_model import RewardModel
from tests.bench.trl_model import Prompts, language_model, reward_head, scalar_model, word_tokenizer

Clock = tuple[float, float]
"""(wall, CPU) in seconds. On a machine with other work, the CPU time of a single thread says more."""


@dataclass
class Times:
    """Wall and CPU seconds of each step, ours and TRL's, in the order in which they were taken in turns."""

    ours: list[Clock] = field(default_factory=list)
    theirs: list[Clock] = field(default_factory=list)


def _now() -> Clock:
    return time.perf_counter(), time.process_time()


def _between(begin: Clock, end: Clock) -> Clock:
    return end[0] - begin[0], end[1] - begin[1]


class Turns(TrainerCallback):
    """After each step of TRL's trainer, take one of ours. TRL's clock runs from the end of ours to its next step's end,
    so it holds its data loading and logging, as ours holds its records."""

    def __init__(self, ours: Callable[[], object]) -> None:
        self.step, self.times, self.begin = ours, Times(), _now()

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self.begin = _now()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        end = _now()
        self.step()
        done = _now()
        self.times.theirs.append(_between(self.begin, end))
        self.times.ours.append(_between(end, done))
        self.begin = _now()


def _same_for_both(folder: str, lr: float, batch_size: int) -> dict[str, Any]:
    """Training arguments without which TRL would train in half precision, recompute activations, decay or save."""
    return {
        "output_dir": folder,
        "per_device_train_batch_size": batch_size,
        "learning_rate": lr,
        "lr_scheduler_type": "constant",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "bf16": False,
        "gradient_checkpointing": False,
        "use_cpu": True,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
        "seed": 0,
    }


def _train(trainer: Any, turns: Turns, frozen: bool) -> Times:
    for unwanted in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(unwanted)
    if frozen:
        gc.collect()
        gc.freeze()
    try:
        trainer.train()
    finally:
        gc.unfreeze()
    return turns.times


def ppo_turns(
    reference: TinyLM,
    scorer: RewardModel,
    config: PpoConfig,
    batches: Sequence[Prompts],
    ours: Callable[[], object],
    usual: bool,
) -> tuple[Times, list[tuple[int, float, float]]]:
    """TRL's PPO over these batches of prompts, in turns with `ours`.

    Unless `usual`, the value head sits on the policy's trunk, and what is loaded before the run is left out of garbage
    collections, as in the app: TRL's PPO asks for two full ones per update.

    Returns:
        The times, and for each update of TRL its response columns, mean answer length in tokens and mean score.
    """
    from trl.experimental.ppo import PPOConfig, PPOTrainer  # TRL 1.16 has it no more

    policy = language_model(reference)
    values = scalar_model(reference, reference.value_head.weight)
    if not usual:
        values.model = policy.model
    rewards = reward_head(scorer)
    shapes: list[tuple[int, float]] = []
    waiting = iter(batches)

    def collate(_: object) -> dict[str, Tensor]:
        ids, attends = left_pad(next(waiting))
        return {"input_ids": ids, "attention_mask": attends}

    def note(_: object, __: object, given: dict[str, Tensor]) -> None:
        attends = given["attention_mask"]
        prompts = batches[len(shapes)]
        columns = attends.shape[1] - max(map(len, prompts))
        shapes.append((columns, (attends.sum().item() - sum(map(len, prompts))) / len(attends)))

    rewards.model.register_forward_pre_hook(note, with_kwargs=True)
    turns = Turns(ours)
    with tempfile.TemporaryDirectory() as folder:
        args = PPOConfig(
            **_same_for_both(folder, config.lr, config.batch_size),
            num_ppo_epochs=config.epochs,
            num_mini_batches=config.minibatches,
            total_episodes=config.batch_size * config.steps,
            local_rollout_forward_batch_size=config.batch_size,
            num_sample_generations=0,
            response_length=config.max_new_tokens,
            stop_token="eos",
            temperature=config.temperature,
            missing_eos_penalty=scorer.missing_end_penalty,
            kl_coef=config.kl_coef,
            cliprange=config.clip_epsilon,
            cliprange_value=config.cliprange_value,
            vf_coef=config.vf_coef,
            gamma=config.gamma,
            lam=config.lam,
        )
        trainer = PPOTrainer(
            args=args,
            processing_class=word_tokenizer(reference.config.vocab),
            model=policy,
            ref_model=language_model(reference),
            reward_model=rewards,
            value_model=values,
            train_dataset=Dataset.from_dict({"row": list(range(config.batch_size * len(batches)))}),
            data_collator=collate,
            callbacks=[turns],
        )
        times = _train(trainer, turns, frozen=not usual)
        scores = [entry["objective/scores"] for entry in trainer.state.log_history]
        return times, [(*shape, score) for shape, score in zip(shapes, scores, strict=True)]


def dpo_turns(
    reference: TinyLM,
    config: DpoConfig,
    pairs: PairSet,
    batches: Sequence[Sequence[int]],
    ours: Callable[[], object],
    usual: bool,
) -> tuple[Times, dict[str, Tensor]]:
    """TRL's DPO over these batches (indices of pairs), in turns with `ours`. Also gives the trained trunk's weights.

    Unless `usual`, the reference's log-probabilities are computed beforehand, and nothing that is loaded before the run
    is looked at by garbage collections.
    """
    from trl import DPOConfig, DPOTrainer

    def text(ids: Sequence[int]) -> str:
        return " ".join("<end>" if i == END_ID else f"w{i}" for i in ids)

    disable_progress_bars()
    order = [i for batch in batches for i in batch]
    rows = {
        "prompt": [text(pairs.prompts[i]) for i in order],
        "chosen": [" " + text(pairs.chosen[i]) for i in order],
        "rejected": [" " + text(pairs.rejected[i]) for i in order],
    }
    turns = Turns(ours)
    with tempfile.TemporaryDirectory() as folder:
        trainer = DPOTrainer(
            model=language_model(reference),
            ref_model=language_model(reference),
            args=DPOConfig(
                **_same_for_both(folder, config.lr, config.batch_size),
                beta=config.beta,
                loss_type=[config.loss_type],
                max_steps=config.steps,
                max_length=reference.config.context,
                precompute_ref_log_probs=not usual,
                train_sampling_strategy="sequential",
            ),
            train_dataset=Dataset.from_dict(rows),
            processing_class=word_tokenizer(reference.config.vocab),
            callbacks=[turns],
        )
        times = _train(trainer, turns, frozen=not usual)
        return times, trainer.accelerator.unwrap_model(trainer.model).model.state_dict()
