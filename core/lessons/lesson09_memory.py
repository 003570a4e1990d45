"""The four models of PPO in bytes: parameters counted from a model's shape, and what training keeps for each of them."""

from __future__ import annotations

from dataclasses import dataclass

from core.policies.tokenizer import Tokenizer
from core.world.vocabulary import WORDS

VOCABULARY = 32_000
"""Tokens of the larger models; the tiny one has its own vocabulary."""
SHAPES: dict[str, tuple[int, int]] = {
    "tiny": (3, 96),
    "small": (12, 768),
    "1b": (24, 2048),
    "7b": (32, 4096),
    "13b": (40, 5120),
    "70b": (80, 8512),
}
"""Layers and width of the sizes on offer. All but the first are drawn by hand."""
MODELS = ("policy", "reference", "reward model", "value model")
TRAINED = ("policy", "value model")


@dataclass(frozen=True)
class Precision:
    """Bytes that each parameter takes: as a weight, as a gradient, and in the optimiser's state."""

    weight: int
    gradient: int
    optimiser: int


PRECISIONS: dict[str, Precision] = {"fp32": Precision(4, 4, 8), "bf16": Precision(2, 2, 12)}
"""fp32: AdamW keeps two moments of 4 bytes. bf16: the same two moments, and a copy of the weights in fp32."""


@dataclass(frozen=True)
class Kept:
    """One model in memory: its parameters, and the bytes of its weights, gradients and optimiser state."""

    name: str
    parameters: int
    weights: int
    gradients: int
    optimiser: int

    @property
    def total(self) -> int:
        """All its bytes."""
        return self.weights + self.gradients + self.optimiser


@dataclass(frozen=True)
class Memory:
    """All models of PPO at one size and precision. `own_value`: the value model is a model, not a head on the policy."""

    vocab: int
    layers: int
    width: int
    precision: Precision
    own_value: bool
    models: tuple[Kept, ...]

    @property
    def total(self) -> int:
        """Bytes of all models together."""
        return sum(model.total for model in self.models)

    def model(self, name: str) -> Kept:
        """One model by name. Raises KeyError for another name."""
        return {model.name: model for model in self.models}[name]

    def without(self, names: tuple[str, ...]) -> int:
        """Bytes that are left when some of the models are not needed."""
        return sum(model.total for model in self.models if model.name not in names)


def parameter_count(vocab: int, layers: int, width: int) -> int:
    """Parameters of the transformer of this app: V·d + L·(12d² + 2d) + d, and two heads of d + 1.

    V tokens, L layers, width d. Embeddings are tied; a block has 4d² in its attention, 8d² in its feed-forward part and two
    norms; the heads give a value and a reward.
    """
    return vocab * width + layers * (12 * width**2 + 2 * width) + width + 2 * head_count(width)


def head_count(width: int) -> int:
    """Parameters of one scalar head: a weight per channel and an offset."""
    return width + 1


def bytes_held(name: str, parameters: int, trained: bool, weight: int, gradient: int, optimiser: int) -> Kept:
    """Bytes of one model: every parameter's weight; where it is trained, also its gradient and its optimiser state."""
    return Kept(
        name, parameters, parameters * weight, trained * parameters * gradient, trained * parameters * optimiser
    )


def memory(size: str, precision: str, own_value: bool) -> Memory:
    """The four models at a size of SHAPES and a precision of PRECISIONS. Raises KeyError for others.

    A value model of its own is a whole model; as a head on the policy it takes only the head's parameters, which the policy
    then does not count. Activations, caches and batches are not counted.
    """
    layers, width = SHAPES[size]
    vocab = len(Tokenizer(WORDS)) if size == "tiny" else VOCABULARY
    whole, kept = parameter_count(vocab, layers, width), PRECISIONS[precision]
    counts = dict.fromkeys(MODELS, whole)
    if not own_value:
        counts |= {"policy": whole - head_count(width), "value model": head_count(width)}
    models = tuple(
        bytes_held(name, count, name in TRAINED, kept.weight, kept.gradient, kept.optimiser)
        for name, count in counts.items()
    )
    return Memory(vocab, layers, width, kept, own_value, models)


def written_bytes(count: float) -> str:
    """Bytes in decimal units with one decimal: 388 B, 1.6 MB, 279.3 GB."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def written_count(count: int) -> str:
    """A number of parameters: 97, 412,034, 69.8 billion."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} billion"
    return f"{count / 1e6:.1f} million" if count >= 1e7 else f"{count:,}"
