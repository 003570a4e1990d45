"""Many answers from one forward pass of the prompt: each answer has random numbers of its own, and ends when it ends.

Answer k of a seed is the same answer whoever else is drawn with it, up to rounding: so more samples add to the ones that
are there, and rows that are finished leave the batch. Equal random numbers at two temperatures make answers that begin
alike. (`core.policies.sampling.sample` draws a whole batch from one generator instead; training uses that.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.policies.sampling import check_sampling, left_pad
from core.policies.tokenizer import END_ID
from core.policies.transformer import KVCache, TinyLM

THIN_BELOW = 0.7  # share of a batch still writing at which the finished rows are dropped: dropping copies the rest


@dataclass(frozen=True)
class Drawn:
    """One answer: its token ids without `<end>`, and whether the model itself ended it (or reached a stop)."""

    ids: tuple[int, ...]
    finished: bool


def uniforms(seed: int, first: int, n: int, length: int) -> Tensor:
    """(n, length) random numbers in [0, 1) of the answers `first` … `first + n - 1` of a seed: one generator an answer."""
    rows = [torch.Generator().manual_seed((seed + 1) * 1_000_003 + first + i) for i in range(n)]
    return torch.stack([torch.rand(length, generator=row, dtype=torch.float64) for row in rows])


def draw(
    model: TinyLM,
    prompts: Sequence[Sequence[int]],
    randoms: Tensor | None,
    *,
    temperature: float = 1.0,
    max_new_tokens: int = 28,
    stop: Sequence[int] = (),
) -> list[Drawn]:
    """One answer to each of B prompts, by inverting the distribution function at `randoms` (B, max_new_tokens).

    Args:
        model: the policy; not changed.
        prompts: token ids; equal prompts are read once.
        randoms: None takes the most probable token everywhere, whatever the temperature.
        temperature: divides the logits.
        stop: an answer also ends before this sequence of ids.

    Raises:
        ValueError: an empty prompt, one that fills the context, or an impossible temperature.
    """
    check_sampling(temperature, None, None)
    longest = max(map(len, prompts), default=0)
    room = min(max_new_tokens, model.config.context - longest)
    if room < 1:
        raise ValueError(f"The prompt has {longest} tokens; the model can read {model.config.context}.")
    greedy = randoms is None or temperature == 0.0
    found: list[list[int]] = [[] for _ in prompts]
    finished = [False] * len(prompts)
    with torch.inference_mode():
        states, cache = _read(model, prompts, longest + room)
        rows = list(range(len(prompts)))  # which answer each row of the batch is
        for position in range(room):
            logits = model.logits(states)  # (rows, V)
            if greedy:
                chosen = logits.argmax(dim=-1)
            else:
                cumulative = torch.softmax(logits / temperature, dim=-1).double().cumsum(dim=-1)
                drawn = randoms[rows, position, None] * cumulative[:, -1:]  # type: ignore[index]
                chosen = torch.searchsorted(cumulative, drawn, right=True).squeeze(1).clamp_max(logits.shape[-1] - 1)
            alive = []
            for place, (row, token) in enumerate(zip(rows, chosen.tolist(), strict=True)):
                if finished[row]:
                    continue
                if token == END_ID:
                    finished[row] = True
                    continue
                found[row].append(token)
                if stop and found[row][-len(stop) :] == list(stop):
                    del found[row][-len(stop) :]
                    finished[row] = True
                else:
                    alive.append(place)
            if not alive or position == room - 1:
                break
            if len(alive) <= THIN_BELOW * len(rows):
                kept = torch.tensor(alive)
                cache, rows, chosen = _thin(cache, kept), [rows[place] for place in alive], chosen[kept]
            states = model.hidden(chosen[:, None], None, cache)[:, -1]
    return [Drawn(tuple(ids), done) for ids, done in zip(found, finished, strict=True)]


def _read(model: TinyLM, prompts: Sequence[Sequence[int]], capacity: int) -> tuple[Tensor, KVCache]:
    """State behind each prompt, and the cache of what was read."""
    same = len(prompts) > 1 and all(prompt == prompts[0] for prompt in prompts[1:])
    ids, attends = left_pad(prompts[:1] if same else prompts)
    cache = model.new_cache(len(ids), capacity)
    states = model.hidden(ids, attends, cache)[:, -1]
    if same:
        rows = torch.zeros(len(prompts), dtype=torch.long)
        return states[rows], _thin(cache, rows)
    return states, cache


def _thin(cache: KVCache, rows: Tensor) -> KVCache:
    """The cache of some rows of the batch."""
    return KVCache(cache.keys[:, rows], cache.values[:, rows], cache.attends[rows], cache.length)
