"""Log-probabilities of whole responses under the tiny language model: where a whiteboard policy can start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.objectives.logprobs import entropy_of_logps
from core.policies.sampling import right_pad
from core.policies.tokenizer import Tokenizer
from core.policies.transformer import TinyLM
from core.stages.batches import answer_logps, text_batch
from core.stages.config import require, require_range


@torch.no_grad()
def response_logps(model: TinyLM, tokenizer: Tokenizer, prompt: str, responses: Sequence[str]) -> Tensor:
    """(N,) log-probability of each whole response to the prompt, `<end>` included, in nats.

    Raises:
        UnknownWordError: a word outside the vocabulary.
        ValueError: an empty prompt, or a text longer than the context.
    """
    ids = tokenizer.encode(prompt)
    answers = [tokenizer.encode(response, end=True) for response in responses]
    _must_fit(model, max(len(ids) + len(answer) - 1 for answer in answers))
    return answer_logps(model, text_batch([ids] * len(answers), answers)).sum(dim=1)


def over_candidates(logps: Tensor, temperature: float = 1.0) -> Tensor:
    """(N,) probabilities normalised over the candidates: softmax(logps / temperature).

    Raises:
        ValueError: a temperature that is not above 0.
    """
    require(temperature > 0, f"The temperature must be above 0, not {temperature}.")
    return torch.softmax(logps / temperature, dim=-1)


def temperature_for_share(logps: Tensor, least: float) -> float:
    """The smallest temperature of at least 1 (to a hundredth) at which no candidate holds less than `least`.

    Raises:
        ValueError: `least` is not between 0 and what N equal candidates would hold.
    """
    n = logps.shape[-1]
    require_range("The least share", least, 0.0, 1.0 / n - 1e-6)
    low = high = 1.0
    while over_candidates(logps, high).min() < least:
        low, high = high, high * 2
    while high - low > 0.005:
        middle = (low + high) / 2
        low, high = (middle, high) if over_candidates(logps, middle).min() < least else (low, middle)
    return round(high + 0.005, 2) if high > 1.0 else 1.0


@dataclass(frozen=True)
class NextToken:
    """What the model would write next at one place of a text: (token, probability), the most probable first."""

    most_probable: tuple[tuple[str, float], ...]
    entropy: float


@torch.no_grad()
def next_token(model: TinyLM, tokenizer: Tokenizer, text: str, n: int = 10) -> NextToken:
    """The `n` most probable continuations of a text by one token, and the entropy of the distribution in nats.

    Raises:
        UnknownWordError: a word outside the vocabulary.
        ValueError: an empty text, or one that fills the context.
    """
    ids, _ = right_pad([tokenizer.encode(text)])
    _must_fit(model, ids.shape[1])
    logps = torch.log_softmax(model(ids)[0, -1], dim=-1)
    top = logps.topk(min(n, len(logps)))
    pairs = zip(top.indices.tolist(), top.values.exp().tolist(), strict=True)
    return NextToken(tuple((tokenizer.token(i), p) for i, p in pairs), entropy_of_logps(logps).item())


@dataclass(frozen=True)
class TokenRow:
    """One token of a response: its probability and log-probability, and its rank among all tokens (1 the first)."""

    token: str
    logp: float
    probability: float
    rank: int


@torch.no_grad()
def token_rows(model: TinyLM, tokenizer: Tokenizer, prompt: str, response: str) -> tuple[TokenRow, ...]:
    """Every token of a response with `<end>`, as the model sees it after the prompt.

    Raises:
        UnknownWordError: a word outside the vocabulary.
        ValueError: an empty prompt, or a text longer than the context.
    """
    ids, answer = tokenizer.encode(prompt), tokenizer.encode(response, end=True)
    require(len(ids) > 0, "A prompt is empty: write at least one word.")
    _must_fit(model, len(ids) + len(answer) - 1)
    all_logps = torch.log_softmax(model(torch.tensor([[*ids, *answer[:-1]]]))[0, len(ids) - 1 :], dim=-1)
    rows = []
    for position, token in enumerate(answer):
        logp = all_logps[position, token]
        rank = int((all_logps[position] > logp).sum()) + 1
        rows.append(TokenRow(tokenizer.token(token), logp.item(), logp.exp().item(), rank))
    return tuple(rows)


def _must_fit(model: TinyLM, length: int) -> None:
    context = model.config.context
    require(length <= context, f"The text has {length} tokens; the model can read {context}.")
