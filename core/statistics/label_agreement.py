"""Agreement of the people who label pairs: raw, Cohen, Fleiss, Krippendorff, with intervals that can be watched growing.

Which of two responses is called the first carries no meaning, so chance is taken over both orders: every coefficient is that
of the data in which each pair stands once as it is and once mirrored (first and second swapped). Otherwise the order in which
the candidates happen to be stored would move it. `core.statistics.agreement` gives the same numbers for the mirrored data.

Items enter a coefficient only through how often each pattern of ratings occurs. So the bootstrap draws how often each pattern
comes, which is the same as drawing items with replacement, and a thousand resamples of ten thousand pairs take well under a
second. Every coefficient is then a few sums over patterns.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.statistics.agreement import NO_SPREAD, NO_VARIETY, ONE_ITEM, Agreement
from core.statistics.label_formulas import FORMULAS, K

Array = NDArray[np.float64]

CATEGORIES = ("first", "second", "tie", "both_bad")
MOST_PAIRS = 45
CHUNK = 100


class Judgement(NamedTuple):
    """What one labeller said about one pair: "first", "second", "tie" or "both_bad"."""

    item: Hashable
    labeller: str
    verdict: str


@dataclass(frozen=True)
class TwoLabellers:
    """Two people who judged `n_items` pairs in common: the share on which they agree, and Cohen's kappa."""

    one: str
    other: str
    raw: Agreement
    kappa: Agreement

    @property
    def n_items(self) -> int:
        """Pairs that both judged."""
        return self.raw.n_items


@dataclass(frozen=True)
class LabelAgreement:
    """Everything about agreement. Without two labellers on one pair all coefficients are None and `sentence` says why.

    `raw` is the share of agreeing verdicts among all twos of labels on one pair; `decided` the same where both named a
    winner. Fleiss needs equally many labels on each pair: `fleiss_labels` is that number, the one most pairs have.
    `cohen` holds the pairs of labellers with the most items in common; `left_out` counts those beyond the first 45.
    """

    labellers: tuple[str, ...]
    n_items: int
    n_overlap: int
    raw: Agreement | None = None
    decided: Agreement | None = None
    fleiss: Agreement | None = None
    krippendorff: Agreement | None = None
    cohen: tuple[TwoLabellers, ...] = ()
    fleiss_labels: int = 0
    left_out: int = 0
    sentence: str = ""


class Resampled(NamedTuple):
    """How far the bootstrap is, and the agreement with the intervals so far."""

    done: int
    total: int
    agreement: LabelAgreement


def agreement(judgements: Sequence[Judgement]) -> LabelAgreement:
    """All coefficients without intervals. Raises ValueError for an unknown verdict."""
    return next(bootstrap(judgements, n_resamples=0)).agreement


def bootstrap(
    judgements: Sequence[Judgement], n_resamples: int = 1000, seed: int = 0, confidence: float = 0.95
) -> Iterator[Resampled]:
    """First the coefficients alone, then again after every 100 resamples with percentile intervals (Efron 1979).

    Pairs are resampled, each with all of its labels. A later judgement of the same pair by the same labeller replaces the
    earlier one. The caller stops by asking no more. Raises ValueError for an unknown verdict.
    """
    if not 0 < confidence < 1:
        raise ValueError("The confidence must lie strictly between 0 and 1.")
    labellers, codes = _table(judgements)
    given = (codes >= 0).sum(axis=1) if codes.size else np.zeros(len(codes), dtype=int)
    overlap = codes[given >= 2]
    base = LabelAgreement(labellers, int((given > 0).sum()), len(overlap))
    if not len(overlap):
        yield Resampled(0, 0, LabelAgreement(labellers, base.n_items, 0, sentence=_needs_two(labellers)))
        return
    parts = _parts(labellers, overlap)
    rng = np.random.default_rng(seed)
    kept: list[list[Array]] = [[] for _ in parts.coefficients]
    for done in range(0, n_resamples + CHUNK, CHUNK):
        done = min(done, n_resamples)
        size = done - (sum(map(len, kept[0])) if kept else 0)
        if size:
            for values, coefficient in zip(kept, parts.coefficients):
                values.append(coefficient.resample(rng, size))
        found = [coefficient.result(values, confidence) for coefficient, values in zip(parts.coefficients, kept)]
        yield Resampled(done, n_resamples, parts.assemble(base, found))
        if done == n_resamples:
            return


@dataclass(frozen=True)
class _Coefficient:
    """A coefficient as a function of how often each pattern occurs: `patterns` [P, columns], `counts` [P], and its formula."""

    name: str
    patterns: NDArray[np.int64]
    counts: NDArray[np.int64]

    def value(self, weights: Array) -> Array:
        """The coefficient for each row of `weights` [R, P]; NaN where chance alone would agree always."""
        return FORMULAS[self.name](weights, self.patterns)

    def resample(self, rng: np.random.Generator, size: int) -> Array:
        n = int(self.counts.sum())
        return self.value(rng.multinomial(n, self.counts / n, size=size).astype(float))

    def result(self, chunks: list[Array], confidence: float) -> Agreement:
        n = int(self.counts.sum())
        value = float(self.value(self.counts[None, :].astype(float))[0])
        if math.isnan(value):
            return Agreement(math.nan, math.nan, math.nan, confidence, n, 0, NO_VARIETY)
        if n == 1:
            return Agreement(value, math.nan, math.nan, confidence, n, 0, ONE_ITEM)
        drawn = np.concatenate(chunks) if chunks else np.empty(0)
        drawn = drawn[~np.isnan(drawn)]
        if not len(drawn):
            return Agreement(value, math.nan, math.nan, confidence, n, 0, None)
        low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
        note = NO_SPREAD if low == high else None
        return Agreement(value, float(low), float(high), confidence, n, len(drawn), note)


@dataclass(frozen=True)
class _Parts:
    """The coefficients that these labels allow, in a fixed order, and how they are put together again."""

    coefficients: tuple[_Coefficient, ...]
    pairs: tuple[tuple[str, str], ...]
    left_out: int
    fleiss_labels: int

    def assemble(self, base: LabelAgreement, found: list[Agreement]) -> LabelAgreement:
        named = {c.name: value for c, value in zip(self.coefficients, found) if not c.name.startswith("two")}
        twos = [value for c, value in zip(self.coefficients, found) if c.name.startswith("two")]
        cohen = tuple(
            TwoLabellers(one, other, twos[2 * k], twos[2 * k + 1]) for k, (one, other) in enumerate(self.pairs)
        )
        flat = math.isnan(named["krippendorff"].value)
        return LabelAgreement(
            labellers=base.labellers,
            n_items=base.n_items,
            n_overlap=base.n_overlap,
            raw=named["raw"],
            decided=named.get("decided"),
            fleiss=named["fleiss"],
            krippendorff=named["krippendorff"],
            cohen=cohen,
            fleiss_labels=self.fleiss_labels,
            left_out=self.left_out,
            sentence=self._flat_sentence() if flat else "",
        )

    def _flat_sentence(self) -> str:
        patterns = next(c.patterns for c in self.coefficients if c.name == "raw")
        word = "a tie" if patterns[:, 2].any() else "both bad"
        return f"Every pair that several people judged was called {word}, so agreement beyond chance is not defined."


def _parts(labellers: tuple[str, ...], codes: NDArray[np.int8]) -> _Parts:
    counts = np.stack([(codes == category).sum(axis=1) for category in range(len(CATEGORIES))], axis=1)
    patterns, times = np.unique(counts, axis=0, return_counts=True)
    given = patterns.sum(axis=1)
    numbers = np.unique(given)
    most = int(numbers[np.argmax([times[given == number].sum() for number in numbers])])
    equal = given == most
    coefficients = [
        _Coefficient("raw", patterns, times),
        _Coefficient("krippendorff", patterns, times),
        _Coefficient("fleiss", patterns[equal], times[equal]),
    ]
    both = patterns[:, :2].sum(axis=1) >= 2
    if both.any():
        coefficients.append(_Coefficient("decided", patterns[both], times[both]))
    shared = []
    present = codes >= 0
    in_common = present.T.astype(np.int64) @ present.astype(np.int64)
    for i, j in itertools.combinations(range(len(labellers)), 2):
        if in_common[i, j]:
            shared.append((-int(in_common[i, j]), i, j))
    shared.sort()
    cells = np.arange(K * K)[:, None]
    for _, i, j in shared[:MOST_PAIRS]:
        joint = present[:, i] & present[:, j]
        table = np.bincount(codes[joint, i].astype(np.int64) * K + codes[joint, j], minlength=K * K)
        seen = table > 0
        coefficients += [_Coefficient(name, cells[seen], table[seen]) for name in ("two raw", "two kappa")]
    names = tuple((labellers[i], labellers[j]) for _, i, j in shared[:MOST_PAIRS])
    return _Parts(tuple(coefficients), names, max(0, len(shared) - MOST_PAIRS), most)


def _table(judgements: Sequence[Judgement]) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """Labellers in the order of their first judgement, and verdict codes [items, labellers], −1 where there is none."""
    items: dict[Hashable, int] = {}
    people: dict[str, int] = {}
    code = {name: number for number, name in enumerate(CATEGORIES)}
    rows, columns, values = [], [], []
    for item, labeller, verdict in judgements:
        if verdict not in code:
            raise ValueError(f"A verdict is one of {', '.join(CATEGORIES)}, not {verdict!r}.")
        rows.append(items.setdefault(item, len(items)))
        columns.append(people.setdefault(labeller, len(people)))
        values.append(code[verdict])
    table = np.full((len(items), len(people)), -1, dtype=np.int8)
    table[rows, columns] = values
    return tuple(people), table


def _needs_two(labellers: tuple[str, ...]) -> str:
    if len(labellers) >= 2:
        return "Agreement needs two labellers on the same pair, and so far no pair was judged by two people."
    so_far = "there is one" if labellers else "nobody has labelled"
    return f"Agreement needs two labellers, and so far {so_far}."
