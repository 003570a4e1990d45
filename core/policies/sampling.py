"""Batched sampling from the transformer with a key-value cache, and the padded batches that it works on.

Prompts are padded on the left, so that every response starts in the same column and the last position of the prompts is
one slice. Rotary attention sees only distances, and the padding is masked, so padding changes no number (tested).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.policies.tokenizer import END_ID, PAD_ID
from core.policies.transformer import TinyLM


@dataclass(frozen=True)
class Samples:
    """Responses of one batch. B rows, P prompt columns (left-padded), R response columns (right-padded).

    `mask` is True on sampled tokens, `<end>` included. `logps` are the log-probabilities of the sampled tokens at the
    sampling temperature, before top-k and top-p cut the distribution. `all_logps` (on request) are those of the whole
    vocabulary, `hidden` the states that predicted each token: a rollout needs no second forward pass.
    """

    prompts: Tensor  # (B, P) ids
    prompt_attends: Tensor  # (B, P) bool
    responses: Tensor  # (B, R) ids
    mask: Tensor  # (B, R) bool
    logps: Tensor  # (B, R), 0 outside the mask
    finished: Tensor  # (B,) bool: ended with <end>
    all_logps: Tensor | None = None  # (B, R, V)
    hidden: Tensor | None = None  # (B, R, D)

    @property
    def tokens(self) -> Tensor:
        """(B, P + R) prompt and response."""
        return torch.cat([self.prompts, self.responses], dim=1)

    @property
    def attends(self) -> Tensor:
        """(B, P + R) bool, False at padding on either side."""
        return torch.cat([self.prompt_attends, self.mask], dim=1)

    def response_ids(self) -> list[list[int]]:
        """The sampled ids of each row, without padding and without `<end>`."""
        rows = []
        for ids, length, finished in zip(
            self.responses.tolist(), self.mask.sum(dim=1).tolist(), self.finished.tolist(), strict=True
        ):
            rows.append(ids[: length - 1 if finished else length])
        return rows


def left_pad(sequences: Sequence[Sequence[int]], pad: int = PAD_ID) -> tuple[Tensor, Tensor]:
    """Ids (B, P) with padding on the left, and the bool mask of real tokens.

    Raises:
        ValueError: no sequence, or an empty one.
    """
    return _padded(sequences, pad, left=True)


def right_pad(sequences: Sequence[Sequence[int]], pad: int = PAD_ID) -> tuple[Tensor, Tensor]:
    """Ids (B, T) with padding on the right, and the bool mask of real tokens. Raises ValueError as `left_pad` does."""
    return _padded(sequences, pad, left=False)


def _padded(sequences: Sequence[Sequence[int]], pad: int, left: bool) -> tuple[Tensor, Tensor]:
    if not sequences:
        raise ValueError("There is no text to work on.")
    if not all(sequences):
        raise ValueError("A text is empty: write at least one word.")
    longest = max(map(len, sequences))
    rows, mask = [], []
    for sequence in sequences:
        fill = longest - len(sequence)
        before, after = (fill, 0) if left else (0, fill)
        rows.append([pad] * before + list(sequence) + [pad] * after)
        mask.append([False] * before + [True] * len(sequence) + [False] * after)
    return torch.tensor(rows), torch.tensor(mask)


def filter_logits(logits: Tensor, top_k: int | None, top_p: float | None) -> Tensor:
    """Logits with everything outside the top k, and outside the smallest set of probability top_p, at -inf.

    The most probable token always stays. Ties at the k-th place all stay. (…, V) -> (…, V).
    """
    if top_k is not None and top_k < logits.shape[-1]:
        kth = logits.topk(top_k, dim=-1).values[..., -1:]
        logits = logits.masked_fill(logits < kth, float("-inf"))
    if top_p is not None and top_p < 1.0:
        ordered, index = logits.sort(dim=-1, descending=True)
        probabilities = ordered.softmax(dim=-1)
        # A token is dropped when the ones above it already hold top_p (Holtzman et al. 2019).
        drop = probabilities.cumsum(dim=-1) - probabilities >= top_p
        drop[..., 0] = False
        logits = logits.masked_fill(torch.zeros_like(drop).scatter(-1, index, drop), float("-inf"))
    return logits


def check_sampling(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raise ValueError, in one plain sentence, for settings from which nothing can be sampled."""
    if not 0.0 <= temperature < float("inf"):
        raise ValueError(f"The temperature must be 0 or more, not {temperature}.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must leave at least one token, not {top_k}.")
    if top_p is not None and not 0.0 < top_p <= 1.0:
        raise ValueError(f"top_p must lie above 0 and at most at 1, not {top_p}.")


def sample(
    model: TinyLM,
    prompts: Sequence[Sequence[int]],
    *,
    generator: torch.Generator | None = None,
    max_new_tokens: int = 28,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    end: int = END_ID,
    pad: int = PAD_ID,
    keep: bool = False,
) -> Samples:
    """Continue every prompt until `<end>`, or for `max_new_tokens`.

    Args:
        model: the policy.
        prompts: B lists of token ids, each at least one long.
        generator: seeded source of randomness; the only state that sampling changes.
        max_new_tokens: most response tokens, `<end>` included; cut where the context ends.
        temperature: divides the logits; 0 takes the most probable token.
        top_k, top_p: cut the distribution that is drawn from; the reported `logps` are those before the cut.
        keep: also keep `all_logps` and `hidden`.

    Returns:
        Samples. With temperature 0 the reported `logps` are those at temperature 1.

    Raises:
        ValueError: an empty prompt, a prompt that fills the context, or an impossible setting.
    """
    check_sampling(temperature, top_k, top_p)
    ids, attends = left_pad(prompts, pad)
    P = ids.shape[1]
    room = model.config.context - P
    if room < 1:
        raise ValueError(
            f"The prompt has {P} tokens; with a context of {model.config.context} it may have "
            f"{model.config.context - 1} at most."
        )
    if max_new_tokens < 1:
        raise ValueError(f"At least one new token must be allowed, not {max_new_tokens}.")
    with torch.inference_mode():
        drawn = _decode(
            model, ids, attends, min(max_new_tokens, room), generator, temperature, top_k, top_p, end, pad, keep
        )
    # Tensors made in inference mode may not enter a graph, and a rollout is trained on: hence the copies.
    responses, mask, logps, finished, *kept = (None if tensor is None else tensor.clone() for tensor in drawn)
    return Samples(ids, attends, responses, mask, logps, finished, *kept)


def _decode(
    model: TinyLM,
    ids: Tensor,
    attends: Tensor,
    R: int,
    generator: torch.Generator | None,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    end: int,
    pad: int,
    keep: bool,
) -> tuple[Tensor | None, ...]:
    B, P = ids.shape
    cache = model.new_cache(B, P + R)
    states = model.hidden(ids, attends, cache)[:, -1]  # (B, D): predicts the first response token
    alive = torch.ones(B, dtype=torch.bool)
    tokens, masks, logps, everything, hiddens = [], [], [], [], []
    for _ in range(R):
        all_logps = torch.log_softmax(model.logits(states) / (temperature or 1.0), dim=-1)  # (B, V)
        if temperature == 0.0:
            chosen = all_logps.argmax(dim=-1)
        else:
            probabilities = filter_logits(all_logps, top_k, top_p).softmax(dim=-1)
            chosen = torch.multinomial(probabilities, 1, generator=generator).squeeze(1)  # (B,)
        tokens.append(torch.where(alive, chosen, pad))
        masks.append(alive)
        logps.append(all_logps.gather(1, chosen[:, None]).squeeze(1) * alive)
        if keep:
            everything.append(all_logps)
            hiddens.append(states)
        alive = alive & (chosen != end)
        if len(tokens) == R or not alive.any():
            break
        states = model.hidden(tokens[-1][:, None], masks[-1][:, None], cache)[:, -1]
    return (
        torch.stack(tokens, dim=1),
        torch.stack(masks, dim=1),
        torch.stack(logps, dim=1),
        ~alive,
        torch.stack(everything, dim=1) if keep else None,
        torch.stack(hiddens, dim=1) if keep else None,
    )


def response_hidden(model: TinyLM, tokens: Tensor, attends: Tensor, n_response: int) -> Tensor:
    """States that predict the last `n_response` columns of (B, T) sequences: (B, n_response, D).

    Only these positions are multiplied by the vocabulary afterwards, which is the dearest product of a small model.
    """
    return model.hidden(tokens[:, :-1], attends[:, :-1])[:, -n_response:]
