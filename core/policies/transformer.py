"""A small decoder-only transformer that reads from top to bottom, with a value head and a reward head.

Pre-normalised blocks (RMSNorm, Zhang & Sennrich 2019), rotary positions (Su et al. 2021), GELU of width 4 d, tied
embeddings, no biases. Shapes in comments: B sequences, T positions, H heads, K = width / heads, D = width,
V = vocabulary.

Padding may stand on the left or on the right. Rotary attention only sees distances between positions, so a left-padded
sequence gives the same numbers as the same sequence without padding, as long as the padding is masked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Added to the attention score of what may not be seen. Finite, because a row of padding sees nothing at all and a
# softmax over nothing but -inf is NaN; exp(-1e9) is exactly 0 in float32 and float64.
_UNSEEN = -1e9


@dataclass(frozen=True)
class TransformerConfig:
    """Size of the model. `vocab` tokens, `width` channels, `layers` blocks, `heads` heads, `context` positions."""

    vocab: int
    width: int = 96
    layers: int = 3
    heads: int = 4
    context: int = 48
    rope_base: float = 10_000.0

    def __post_init__(self) -> None:
        if min(self.vocab, self.width, self.layers, self.heads, self.context) < 1:
            raise ValueError("A model needs at least one token, one channel, one layer, one head and one position.")
        if self.width % (2 * self.heads):
            raise ValueError(f"The width {self.width} must be an even multiple of the number of heads {self.heads}.")


@dataclass
class KVCache:
    """Keys and values of every layer, (layers, B, H, capacity, K) each, and which positions hold real tokens."""

    keys: Tensor
    values: Tensor
    attends: Tensor  # (B, capacity) bool
    length: int = 0


class RMSNorm(nn.Module):
    """x / sqrt(mean(x²) + eps), times a learnt gain per channel."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:  # (B, T, D) -> (B, T, D)
        return functional.rms_norm(x, self.gain.shape, self.gain, self.eps)


class Block(nn.Module):
    """One transformer block: x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.attention_norm = RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)  # one matrix product for queries, keys and values
        self.attention_out = nn.Linear(width, width, bias=False)
        self.mlp_norm = RMSNorm(width)
        self.mlp_up = nn.Linear(width, 4 * width, bias=False)
        self.mlp_down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor, rotation: Tensor, bias: Tensor, cache: KVCache | None, layer: int) -> Tensor:
        B, T, D = x.shape
        H, K = self.heads, D // self.heads
        qkv = self.qkv(self.attention_norm(x)).view(B, T, 3, H, K)
        # Rotary positions: neighbouring channels are the two parts of a complex number that is turned by its position.
        pairs = torch.view_as_complex(qkv[:, :, :2].reshape(B, T, 2, H, K // 2, 2))
        turned = torch.view_as_real(pairs * rotation).view(B, T, 2, H, K)
        q, k = turned[:, :, 0].transpose(1, 2), turned[:, :, 1].transpose(1, 2)  # (B, H, T, K)
        v = qkv[:, :, 2].transpose(1, 2)  # (B, H, T, K)
        if cache is not None:
            end = cache.length + T
            cache.keys[layer, :, :, cache.length : end] = k
            cache.values[layer, :, :, cache.length : end] = v
            k, v = cache.keys[layer, :, :, :end], cache.values[layer, :, :, :end]
        weights = torch.softmax((q * K**-0.5) @ k.transpose(-1, -2) + bias, dim=-1)  # (B, H, T, all positions)
        x = x + self.attention_out((weights @ v).transpose(1, 2).reshape(B, T, D))
        return x + self.mlp_down(functional.gelu(self.mlp_up(self.mlp_norm(x))))


class TinyLM(nn.Module):
    """Decoder transformer with tied embeddings and two scalar heads on the last hidden state.

    Args:
        config: sizes.
        seed: seed of the initial weights. The heads start at zero, so that values and rewards start at zero.
    """

    def __init__(self, config: TransformerConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.final_norm = RMSNorm(config.width)
        self.value_head = nn.Linear(config.width, 1)
        self.reward_head = nn.Linear(config.width, 1)
        half = config.width // config.heads // 2
        frequency = config.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.outer(torch.arange(config.context, dtype=torch.float64), frequency)  # (context, K/2)
        rotation = torch.polar(torch.ones_like(angle), angle).to(torch.complex64)
        self.register_buffer("rotation", rotation[None, :, None, None], persistent=False)  # (1, context, 1, 1, K/2)
        causal = torch.full((config.context, config.context), _UNSEEN).triu(1)
        self.register_buffer("causal", causal, persistent=False)  # (context, context)
        self._initialise(seed)

    def _initialise(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.startswith(("value_head", "reward_head")):
                    parameter.zero_()
                elif parameter.dim() == 2:
                    # Projections back into the residual stream are scaled down by depth, as in GPT-2.
                    into_residual = name.endswith(("attention_out.weight", "mlp_down.weight"))
                    std = 0.02 / math.sqrt(2 * self.config.layers) if into_residual else 0.02
                    parameter.normal_(0.0, std, generator=generator)

    def hidden(self, tokens: Tensor, attends: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        """Hidden states after the last norm.

        Args:
            tokens: (B, T) token ids; with a cache, only the T new ones.
            attends: (B, T) bool, False at padding; None where there is none.
            cache: keys and values of the earlier positions; extended in place.

        Returns:
            (B, T, D).

        Raises:
            ValueError: more positions than the context holds.
        """
        start = 0 if cache is None else cache.length
        end = start + tokens.shape[1]
        if end > self.config.context:
            raise ValueError(f"{end} tokens do not fit into a context of {self.config.context}.")
        bias = self.causal[start:end, :end]  # (T, all positions)
        if cache is not None:
            if attends is not None:
                cache.attends[:, start:end] = attends
            attends = cache.attends[:, :end]
        if attends is not None:
            bias = bias + (~attends[:, None, None, :]).to(bias.dtype) * _UNSEEN  # (B, 1, T, all positions)
        x = self.embedding(tokens)  # (B, T, D)
        rotation = self.rotation[:, start:end]
        for layer, block in enumerate(self.blocks):
            x = block(x, rotation, bias, cache, layer)
        if cache is not None:
            cache.length = end
        return self.final_norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token, (…, D) -> (…, V): the product with the transposed embedding table."""
        return functional.linear(hidden, self.embedding.weight)

    def values(self, hidden: Tensor) -> Tensor:
        """Value head: expected return from each position, (…, D) -> (…)."""
        return self.value_head(hidden).squeeze(-1)

    def forward(self, tokens: Tensor, attends: Tensor | None = None) -> Tensor:
        """Next-token logits (B, T, V) of whole sequences (B, T)."""
        return self.logits(self.hidden(tokens, attends))

    def last_hidden(self, tokens: Tensor, attends: Tensor) -> Tensor:
        """State at the last real token of each sequence: (B, T) and (B, T) bool -> (B, D).

        That is the last position that `attends`, wherever the padding stands. A row without any real token gives 0.
        """
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        last = torch.where(attends, positions, -1).amax(dim=1)  # (B,)
        hidden = self.hidden(tokens, attends)[torch.arange(len(tokens)), last.clamp(min=0)]  # (B, D)
        return hidden * (last >= 0)[:, None]

    def rewards(self, tokens: Tensor, attends: Tensor) -> Tensor:
        """Reward head at the last real token of each sequence: (B, T) and (B, T) bool -> (B,)."""
        return self.reward_head(self.last_hidden(tokens, attends)).squeeze(-1)

    def new_cache(self, batch: int, capacity: int | None = None) -> KVCache:
        """An empty cache for `batch` sequences of at most `capacity` (default: context) positions."""
        config = self.config
        capacity = config.context if capacity is None else capacity
        shape = (config.layers, batch, config.heads, capacity, config.width // config.heads)
        like = self.embedding.weight
        return KVCache(
            keys=like.new_empty(shape),
            values=like.new_empty(shape),
            attends=torch.ones(batch, capacity, dtype=torch.bool),
        )

    def clone(self) -> TinyLM:
        """An independent copy with the same weights (a frozen reference, a snapshot, the start of the next stage)."""
        other = TinyLM(self.config)
        other.load_state_dict(self.state_dict())
        return other

    def n_parameters(self) -> int:
        """Number of weights, the tied embedding counted once."""
        return sum(p.numel() for p in self.parameters())
