"""The base model knows, and does not say: cloze against asking, by kind of prompt."""

from __future__ import annotations

from core.stages.evaluate import asked_directly, cloze_accuracy, exam_accuracy
from core.stages.phenomena.bench import Bench
from core.stages.phenomena.effect import Arm, Contrast, Effect
from core.world.behaviour import BEST_BEHAVIOUR
from core.world.prompts import KIND_NAMES, KINDS

SAMPLES = 4
ASKED = "simply asked"


def _run(bench: Bench) -> list[Arm]:
    samples = bench.scaled(SAMPLES)
    arms = []
    for kind in KINDS:
        seen = asked_directly(bench.base, bench.task, kind, True, samples, bench.seed)
        n = sum(seen.values())
        shares = {name.replace(" ", "_"): count / n for name, count in seen.items()}
        arms.append(Arm(kind, {"as_called_for": seen[BEST_BEHAVIOUR[kind].value] / n, **shares}))
    facts = arms[KINDS.index("fact")].values
    known = {
        "cloze": cloze_accuracy(bench.base, True).share,
        "exam": exam_accuracy(bench.base, bench.task, True, bench.seed).share,
        "asked": facts["as_called_for"],
    }
    return [*arms, Arm("held-out facts", known)]


KNOWS = Effect(
    key="knows",
    title="The pretrained model knows, and does not say",
    setting=f"held-out items, {SAMPLES} answers each at temperature 1; cloze by the most probable tokens",
    run=_run,
    contrasts=(
        Contrast(
            "facts: right in a cloze − right when simply asked",
            ("held-out facts", "cloze"),
            ("held-out facts", "asked"),
            +1,
            "share",
        ),
        Contrast(
            "facts: right as in an exam − right when simply asked",
            ("held-out facts", "exam"),
            ("held-out facts", "asked"),
            +1,
            "share",
        ),
        *(
            Contrast(f"{KIND_NAMES[kind]}: behaves as called for", (kind, "as_called_for"), None, 0, "share")
            for kind in KINDS
        ),
    ),
    settings={"samples": SAMPLES},
    lessons=(1,),
)
