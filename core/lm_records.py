"""Typed step records of the tiny language model: what one step of a stage did, under the field's names.

A leaf: imports nothing of core. Arrays have one row per response: B rows, R token columns; what lies outside
`mask` is 0. All numbers are finite. Nothing depends on the clock, so equal settings and seeds give equal records.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Record:
    """Base of all records: `step` counts from 1 within its stage; 0 is the state before the first update."""

    step: int

    def __eq__(self, other: object) -> bool:
        return same(self, other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Diverged(Record):
    """The run ended because its numbers left every sensible range; `sentence` says so in plain words."""

    stage: str
    sentence: str


@dataclass(frozen=True, eq=False)
class SupervisedStep(Record):
    """One gradient step on texts (pretraining, SFT, the critique judge's language modelling).

    `loss` is the mean negative log-probability per scored token, in nats; `num_tokens` counts the scored tokens so far.
    """

    stage: str
    steps: int
    loss: float
    mean_token_accuracy: float
    num_tokens: int
    lr: float
    grad_norm: float


@dataclass(frozen=True, eq=False)
class TracedStep(Record):
    """One prompt and its demonstration of T tokens after `step` gradient steps of SFT; step 0 is the base model.

    `logps` (T-1,) of the tokens behind the first, the prompt's included although they are not scored; `bars` (T-1, K) the
    probabilities of K fixed tokens at each of these places. `loss` is the mean over the demonstration's own tokens, in
    nats; `others_loss` the same over demonstrations of prompts that are never trained on, `others_gold` the mean gold of
    what is answered to them. `says` is the most probable answer to the prompt. Of the gradient step that led here:
    `batch_loss` (of the whole batch, before the step) and `grad_norm`; None at step 0. `diverged` is a sentence where
    training broke down in this step, which then changed nothing.
    """

    logps: Array
    bars: Array
    loss: float
    others_loss: float
    others_gold: float
    says: str
    says_gold: float
    batch_loss: float | None
    grad_norm: float | None
    diverged: str | None


@dataclass(frozen=True, eq=False)
class RewardModelStep(Record):
    """One gradient step of the reward model on pairs. Names as in TRL: `accuracy` is strict, ties count as wrong."""

    steps: int
    loss: float
    accuracy: float
    margin: float
    min_reward: float
    mean_reward: float
    max_reward: float
    pairs_seen: int
    lr: float
    grad_norm: float


@dataclass(frozen=True, eq=False)
class RewardModelReport(Record):
    """A reward model after training: accuracy on labels without noise, and the scale that its scores are given.

    Scores handed to the next stage are (raw − mean) / std, so that the starting policy's answers have mean 0 and
    standard deviation 1.
    """

    pairs: int
    accuracy_held_out: float | None
    accuracy_train_items: float | None
    mean: float
    std: float


@dataclass(frozen=True, eq=False)
class Answers(Record):
    """A batch of sampled answers. `item_ids` name the prompts' items; `mask` is True on sampled tokens.

    `gold` (B,) is the true quality, from the world's scorer; `scores` (B,) the proxy that was trained on.
    """

    prompts: tuple[str, ...]
    texts: tuple[str, ...]
    prompt_ids: tuple[tuple[int, ...], ...]
    answer_ids: tuple[tuple[int, ...], ...]
    kinds: tuple[str, ...]
    item_ids: tuple[str, ...]
    finished: Array
    mask: Array
    scores: Array
    gold: Array


@dataclass(frozen=True, eq=False)
class PolicyEpoch(Record):
    """One pass over a batch inside a policy update; `step` is the number of the pass.

    Per token (B, R): `logps` before this pass's gradient step (of the minibatch that the row was in), `ratios` to the
    old policy, `clipped` where the clip changed the loss. `approx_kl` is k2 of new and old policy, as TRL logs it.
    """

    logps: Array
    ratios: Array
    clipped: Array
    loss: float
    policy_loss: float
    value_loss: float
    approx_kl: float
    clip_fraction: float
    value_clip_fraction: float
    entropy: float
    grad_norm: float


@dataclass(frozen=True, eq=False)
class PolicyGradientStep(Record):
    """One update of PPO, RLOO or GRPO.

    Per token (B, R): `logps` of the policy that sampled, `ref_logps`, `values` (zeros without a value head), `kl` (k1,
    policy to reference), `kl_k3`, `kl_exact` (over the whole vocabulary), `rewards`, `advantages`, `returns`.
    Scalars are means over responses: `proxy`, `gold`, `objective_kl` (sum of k1 over the response, nats), `kl_k3_sum`,
    `kl_exact_sum`, `rlhf_reward` = proxy − kl_coef · KL; `entropy` is per token.
    """

    stage: str
    steps: int
    answers: Answers
    logps: Array
    ref_logps: Array
    values: Array
    kl: Array
    kl_k3: Array
    kl_exact: Array
    rewards: Array
    advantages: Array
    returns: Array
    epochs: tuple[PolicyEpoch, ...]
    proxy: float
    gold: float
    objective_kl: float
    kl_k3_sum: float
    kl_exact_sum: float
    rlhf_reward: float
    entropy: float
    approx_kl: float
    clip_fraction: float
    kl_coef: float
    mean_length: float
    finished_fraction: float
    lr: float


@dataclass(frozen=True)
class Pair:
    """One labelled pair in words. `source` says who labelled; `label_right` whether gold agrees (None: gold ties)."""

    prompt: str
    chosen: str
    rejected: str
    source: str
    label_right: bool | None


@dataclass(frozen=True, eq=False)
class PreferenceStep(Record):
    """One gradient step of DPO or a relative. Names as in TRL. Per pair (B,): `logps_chosen`, `logps_rejected` and
    `ref_logps_…` are sums over the answer's tokens, `rewards_…` the implicit rewards beta times log-ratio.
    """

    stage: str
    steps: int
    loss_type: str
    iteration: int
    loss: float
    logps_chosen: Array
    logps_rejected: Array
    ref_logps_chosen: Array
    ref_logps_rejected: Array
    rewards_chosen: Array
    rewards_rejected: Array
    accuracy: float
    margin: float
    lr: float
    grad_norm: float


@dataclass(frozen=True, eq=False)
class BestOfNStep(Record):
    """Best-of-n on a batch of prompts: `n` answers each, the proxy's favourite kept.

    `kl_bound` is log n − (n − 1)/n, an upper bound on the KL to the sampling policy (nats per response).
    """

    n: int
    chosen: Answers
    proxy: float
    gold: float
    mean_proxy: float
    mean_gold: float
    kl_bound: float


@dataclass(frozen=True, eq=False)
class JudgeReport(Record):
    """How well the critic knows each principle after training, on answers that it has not seen.

    `f1`, `precision`, `recall` by principle; `share` is how often the principle was truly broken among them.
    """

    exercises: int
    f1: dict[str, float]
    precision: dict[str, float]
    recall: dict[str, float]
    share: dict[str, float]


@dataclass(frozen=True, eq=False)
class Critique(Record):
    """One answer under a constitution: the judge's probability that each principle is broken, and the revision kept.

    The revision is the best of k fresh samples by the judge; `penalty` is the weighted sum of probabilities.
    """

    prompt: str
    answer: str
    probabilities: dict[str, float]
    penalty: float
    revision: str
    revision_penalty: float
    gold: float
    revision_gold: float


@dataclass(frozen=True, eq=False)
class Evaluation(Record):
    """Measured behaviour of a policy on a set of prompts.

    Means with standard errors over prompts; `behaviours` is the share of each behaviour, `by_kind` the mean gold of
    each prompt kind; `kl` the mean exact KL to the reference per response where a reference was given.
    """

    name: str
    gold_held_out: float
    gold_held_out_se: float
    gold_train_items: float
    gold_train_items_se: float
    behaviours_held_out: dict[str, float]
    behaviours_train_items: dict[str, float]
    gold_by_kind: dict[str, float]
    samples: tuple[tuple[str, str, float], ...]
    proxy_held_out: float | None
    proxy_train_items: float | None
    kl: float | None
    n_held_out: int
    n_train_items: int


@dataclass(frozen=True, eq=False)
class HandOver(Record):
    """What one stage passes to the next: the kind of data, how much of it, and a sentence about it."""

    stage: str
    data: str
    count: int
    sentence: str


def same(first: Any, second: Any) -> bool:
    """Whether two records hold exactly equal content, arrays included."""
    if type(first) is not type(second):
        return False
    if isinstance(first, np.ndarray):
        return first.shape == second.shape and first.dtype == second.dtype and bool(np.array_equal(first, second))
    if is_dataclass(first):
        return all(same(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


def is_finite(record: Any) -> bool:
    """Whether every number in the record, however deep, is finite."""
    if isinstance(record, np.ndarray):
        return bool(np.isfinite(record).all())
    if is_dataclass(record):
        return all(is_finite(getattr(record, f.name)) for f in fields(record))
    if isinstance(record, list | tuple):
        return all(map(is_finite, record))
    if isinstance(record, dict):
        return all(map(is_finite, record.values()))
    return bool(np.isfinite(record)) if isinstance(record, float) else True
