"""Lesson 5: one prompt and its demonstration through real gradient steps of SFT on the tiny language model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.lessons import lesson05_params as params
from core.lessons import lesson05_views as views
from core.lessons import lesson05_words as words
from core.lessons.lesson import Lesson, Preset, Work
from core.lessons.lesson05_result import LongWalk, Result
from core.lessons.outline import outline
from core.lessons.param import Values
from core.lessons.snippets import script
from core.objectives.sft import token_nll_loss
from core.stages.asked import FIRST
from core.stages.long_walk import curves
from core.stages.sft import sft
from core.stages.trace_sft import TraceConfig, raw_steps, scene
from core.stages.walk_policy import WalkPoint
from core.stages.walks import HORIZON, is_recorded, trajectory
from core.stages.world_task import tokenizer
from core.world.prompts import find_prompt


def config_of(values: Values) -> tuple[TraceConfig, str]:
    """The walk that the settings ask for, and why it is not the learner's own texts ("": it is what was chosen).

    Alone in its batch, a demonstration has no others to be good or drawn.
    """
    others, kind = int(values["l5_others"]), str(values["l5_kind"])
    usual = TraceConfig(
        lr=float(values["l5_lr"]),
        others=others,
        quality=float(values["l5_quality"]) if others else 1.0,
        seed=int(values["l5_seed"]) if others else 0,
    )
    if kind == "own":
        prompt = find_prompt(str(values["l5_own"])).text
        try:
            return replace(usual, prompt=prompt, demonstration=" ".join(str(values["l5_demo"]).split())), ""
        except ValueError as problem:  # a word that the model does not know, or too many
            return usual, str(problem)
    prompt = find_prompt(str(values[params.PROMPTS[kind].key]))
    return replace(usual, prompt=prompt.text if prompt.kind == kind else FIRST[kind]), ""


def compute(values: Values) -> Result:
    """Walk as far as the step shown and a little more, so that the next press of Step is answered at once."""
    config, refused = config_of(values)
    wanted = int(values["l5_step"])
    reach = min(max(wanted + params.LOOK_AHEAD, int(values.get("l5_ahead", 0))), HORIZON)
    walk = trajectory(config)
    steps = walk.upto(reach + 1)
    held = scene(config)
    # Row 0, where nothing is predicted, stands for the first token that is scored.
    place = min(int(values["l5_pick"]), len(held.tokens) - 1) or held.n_prompt
    size, quality = int(values["l5_long_n"]), float(values["l5_long_quality"])
    return Result(
        view=str(values["l5_view"]),
        config=config,
        refused=refused,
        recorded=is_recorded(config),
        scene=held,
        vocabulary=len(tokenizer()),
        steps=steps,
        foreseen=walk.upto(params.PREDICT_AT + 1),
        step=min(wanted, len(steps) - 1),
        place=place,
        long=LongWalk(size, quality, curves(size, quality)),
    )


def prepare(values: Values) -> Work | None:
    """The walk that has to be made before the settings can be shown; None where it is there."""
    config, _ = config_of(values)
    walk = trajectory(config)
    if is_recorded(config) or walk.ended or walk.computed > HORIZON:
        return None

    def start() -> Iterator[float]:
        for step in range(HORIZON + 1):
            walk.upto(step + 1)
            yield (step + 1) / (HORIZON + 1)

    return Work(f"l5/{config.cache_key()}", start, f"Walking {HORIZON} steps")


def walk_code(values: Values) -> str:
    """The walk and its step as the lessons behind this one take them."""
    return WalkPoint(config_of(values)[0], int(values["l5_step"])).pack()


def snippet(result: Result) -> str:
    """The loss of the step shown, from the log-probabilities that the model gave."""
    logps = [round(float(logp), 9) for logp in result.now.logps]
    mask = [0] * (result.scene.n_prompt - 1) + [1] * result.scene.n_answer
    return script(
        (token_nll_loss,),
        (
            "# The log-probabilities come from the tiny language model (assets/tiny_lm/base.safetensors in the repository)",
            f"# after {result.step} gradient steps of core.stages.trace_sft; the prompt's tokens are there and masked out.",
            f"tokens = {list(result.scene.tokens[1:])!r}",
            f"logps = torch.tensor([{logps!r}], dtype=torch.float64)",
            f"mask = torch.tensor([{mask!r}], dtype=torch.float64)",
            "result = token_nll_loss(logps, mask)",
            "for token, logp, cost in zip(tokens, logps[0].tolist(), result.losses[0].tolist()):",
            "    print(f'{token:12} p {torch.tensor(logp).exp().item():.6f}  costs {cost:.6f}')",
            "print('loss', round(result.loss.item(), 6), 'nats per scored token')",
            f"print('a blind guess costs', round(torch.tensor({float(result.vocabulary)}).log().item(), 5))",
        ),
    )


def history(result: Result) -> list[dict[str, Any]]:
    """One row a step, for export."""
    return [
        {
            "step": record.step,
            "loss": record.loss,
            "loss_other_prompts": record.others_loss,
            "gold_other_prompts": record.others_gold,
            "gold_this_prompt": record.says_gold,
            "answer": record.says,
            "batch_loss": record.batch_loss,
            "grad_norm": record.grad_norm,
        }
        for record in result.steps[: result.step + 1]
    ]


LESSON = Lesson(
    outline=outline(5),
    params=params.ALL,
    compute=compute,
    figures=views.figures,
    formula=words.formula,
    table=views.table,
    says=words.says,
    predict=words.predict,
    quiz=words.quiz,
    snippet=snippet,
    why=words.WHY,
    presets=(
        Preset("alone", "This demonstration alone", {}),
        Preset("learned", "Learned by heart: 20 steps alone", {"l5_step": 20}),
        Preset("joined", "With 15 others: it carries over", {"l5_others": 15, "l5_step": 20}),
        Preset("flawed", "With 15 flawed others", {"l5_others": 15, "l5_quality": 0.0, "l5_step": 20}),
        Preset("slow", "A tenth of the learning rate", {"l5_lr": 0.0003, "l5_step": 20}),
        Preset("absurd", "An absurd learning rate", {"l5_lr": 1.0, "l5_step": 3}),
        *(
            (Preset("apart", "A longer walk: validation loss and quality", {"l5_view": "long"}),)
            if params.RECORDED
            else ()
        ),
    ),
    sources_of_code=(token_nll_loss, sft, raw_steps),
    history=history,
    prepare=prepare,
)
