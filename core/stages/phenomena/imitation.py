"""SFT: how soon it flips the mode, where it stops, and what imitating the chosen answers does to the rejected ones."""

from __future__ import annotations

from dataclasses import replace

from core.policies.transformer import TinyLM
from core.stages.data import Demonstration, LabelConfig, Ranking
from core.stages.dpo import pair_set
from core.stages.phenomena.bench import Bench, figures
from core.stages.phenomena.effect import Arm, Contrast, Effect
from core.stages.ppo import PpoConfig
from core.stages.sft import SftConfig

FEW = (16, 64)
EXTRA = (128, 512, 2048)
QUALITIES = {"mediocre": SftConfig.quality, "ideal": 1.0}
SFT_STEPS = {16: 40, 64: 60, 128: 90, 512: 120, 2048: 200}
PAIRS_PER_RANKING = 6  # of four answers
PPO_STEPS = 40
IMITATED = 128
IMITATION = SftConfig(steps=60, lr=5e-4)
_TRIES = ("answers_rightly", "answers_wrongly", "says_it_does_not_know", "refuses")


def _tries(values: dict[str, float]) -> dict[str, float]:
    """The share of answers that try to do what was asked, in place of asking back, complaining, evading or flattering."""
    return {**values, "tries": sum(values.get(name, 0.0) for name in _TRIES)}


def _wall(bench: Bench) -> list[Arm]:
    base = bench.once("base measured", lambda: bench.measure(bench.base))
    arms = [Arm("pretrained", _tries(figures(base)))]
    for name in bench.pick(tuple(QUALITIES), ("mediocre",)):
        quality = QUALITIES[name]
        for extra in bench.pick((*FEW, *EXTRA), (FEW[0], EXTRA[-1])):
            # With the labels that preferences get on top of the first demonstrations, SFT gets as many demonstrations more.
            n = extra if extra in FEW else SftConfig.n_demonstrations + bench.scaled(extra)
            config = SftConfig(n_demonstrations=n, quality=quality, steps=bench.scaled(SFT_STEPS[extra], 30))
            found = bench.measure(bench.sft(config))
            arms.append(Arm(f"{name} {extra}", _tries(figures(found))))
    arms.append(Arm("first demonstrations", _tries(figures(bench.start()))))
    for extra in bench.pick(EXTRA, EXTRA[-1:]):
        labels = LabelConfig(n_prompts=max(bench.scaled(extra) // PAIRS_PER_RANKING, 4), seed=bench.seed)
        run = bench.ppo(bench.judged(labels), labels, PpoConfig(steps=bench.scaled(PPO_STEPS, 5)))
        arms.append(Arm(f"preferences {extra}", _tries(figures(run.end))))
    return arms


SFT_WALL = Effect(
    key="sft_wall",
    title="SFT flips the mode at once, then meets the wall of its demonstrators; preferences pass it, ideal demonstrations win",
    setting=(
        f"SFT on {SftConfig.n_demonstrations} demonstrations and N more, against N comparisons (4-way rankings) → reward model → "
        f"{PPO_STEPS} PPO updates from the first {SftConfig.n_demonstrations}; mediocre demonstrators: quality {SftConfig.quality:g}"
    ),
    run=_wall,
    contrasts=(
        Contrast(
            "N = 2,048: preferences − mediocre demonstrations",
            ("preferences 2048", "gold"),
            ("mediocre 2048", "gold"),
            +1,
        ),
        Contrast(
            "N = 512: preferences − mediocre demonstrations", ("preferences 512", "gold"), ("mediocre 512", "gold"), +1
        ),
        Contrast(
            "N = 128: preferences − mediocre demonstrations", ("preferences 128", "gold"), ("mediocre 128", "gold"), 0
        ),
        Contrast(
            "N = 2,048, trained items: preferences − mediocre",
            ("preferences 2048", "gold_trained"),
            ("mediocre 2048", "gold_trained"),
            +1,
        ),
        Contrast("mediocre demonstrations: 2,048 − 512 more", ("mediocre 2048", "gold"), ("mediocre 512", "gold"), 0),
        Contrast(
            "N = 2,048: ideal demonstrations − preferences", ("ideal 2048", "gold"), ("preferences 2048", "gold"), +1
        ),
        Contrast(
            "16 mediocre demonstrations: tries to answer, against pretrained",
            ("mediocre 16", "tries"),
            ("pretrained", "tries"),
            +1,
            "share",
        ),
        Contrast(
            "64 mediocre demonstrations: tries to answer, against pretrained",
            ("mediocre 64", "tries"),
            ("pretrained", "tries"),
            +1,
            "share",
        ),
    ),
    settings={"few": FEW, "extra": EXTRA, "sft_steps": SFT_STEPS, "ppo_steps": PPO_STEPS},
    lessons=(2,),
    quick=6,
)


def _extremes(rankings: tuple[Ranking, ...], n: int) -> tuple[Ranking, ...]:
    """Best against worst of each ranking, as pairs; rankings of equal answers are left out."""
    found = []
    for ranking in rankings:
        best, worst = (min, max)
        i = best(range(len(ranking.ranks)), key=ranking.ranks.__getitem__)
        j = worst(range(len(ranking.ranks)), key=ranking.ranks.__getitem__)
        if ranking.ranks[i] < ranking.ranks[j]:
            found.append(replace(ranking, answers=(ranking.answers[i], ranking.answers[j]), ranks=(0, 1)))
    return tuple(found[:n])


def _on_chosen(bench: Bench) -> list[Arm]:
    pairs = _extremes(bench.rankings(LabelConfig(n_prompts=bench.scaled(LabelConfig.n_prompts, 100))), IMITATED)
    demos = [Demonstration(pair.prompt, pair.prompt_ids, pair.answers[0]) for pair in pairs]
    config = replace(IMITATION, steps=bench.scaled(IMITATION.steps, 20), seed=bench.seed)
    arms = []
    for name, start in (("from pretrained", bench.base), ("from SFT", bench.sft())):
        after = bench.imitate(start, demos, config)
        arms.append(Arm(name, _shift(start, after, pairs)))
    return arms


def _shift(before: TinyLM, after: TinyLM, pairs: tuple[Ranking, ...]) -> dict[str, float]:
    """Mean log-probability of whole answers, chosen and rejected, before and after, in nats."""
    first, last = pair_set(before, pairs), pair_set(after, pairs)
    chosen, rejected = (last.ref_chosen - first.ref_chosen), (last.ref_rejected - first.ref_rejected)
    return {
        "chosen_before": first.ref_chosen.mean().item(),
        "rejected_before": first.ref_rejected.mean().item(),
        "chosen_change": chosen.mean().item(),
        "rejected_change": rejected.mean().item(),
        "rejected_raised": (rejected > 0).float().mean().item(),
    }


SFT_ON_CHOSEN = Effect(
    key="sft_on_chosen",
    title="Imitating the chosen answers raises the rejected ones too",
    setting=f"best against worst of {IMITATED} rankings; {IMITATION.steps} steps of SFT on the best, learning rate {IMITATION.lr:g}",
    run=_on_chosen,
    contrasts=(
        Contrast(
            "from pretrained: log-probability of rejected answers, change",
            ("from pretrained", "rejected_change"),
            None,
            +1,
            "nats",
        ),
        Contrast(
            "from pretrained: log-probability of chosen answers, change",
            ("from pretrained", "chosen_change"),
            None,
            +1,
            "nats",
        ),
        Contrast(
            "from SFT: log-probability of rejected answers, change", ("from SFT", "rejected_change"), None, 0, "nats"
        ),
        Contrast(
            "from SFT: log-probability of chosen answers, change", ("from SFT", "chosen_change"), None, +1, "nats"
        ),
    ),
    settings={"pairs": IMITATED, **vars(IMITATION)},
    lessons=(2, 10),
)
