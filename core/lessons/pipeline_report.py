"""The checks of a project in one report: what was found, in sentences, with the numbers behind each.

`report` is everything that is quick (ten thousand pairs within two seconds). The two that take longer are generators, so that the
screen can show how far they are and stop them: `agreement_intervals` and `near_duplicates`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.lessons.text import number, percent, plural
from core.pipeline import checks_input
from core.pipeline import markdown as md
from core.pipeline.checks_cycles import Circles, circles
from core.pipeline.checks_duplicates import ResponseProblem, Searched, exact_groups, near_groups, response_problems
from core.pipeline.checks_input import GoldScore, SidedLabel
from core.pipeline.checks_pii import PiiReport, scan
from core.pipeline.model import Project
from core.statistics.label_agreement import Judgement, LabelAgreement, Resampled, agreement, bootstrap
from core.statistics.label_bias import Bin, HalfTest, LengthBias, binned, length_bias, position_bias
from core.statistics.proportions import wilson

Kind = Literal["good", "look", "missing"]
RESAMPLES = 1000
GOLD_THRESHOLD = 0.8


@dataclass(frozen=True)
class Finding:
    """One check in one sentence. "good" = nothing to do, "look" = somebody should look, "missing" = there is too little to tell."""

    check: str
    kind: Kind
    sentence: str


@dataclass(frozen=True)
class Gold:
    """One labeller's gold questions with Wilson's 95 % interval, None where none was answered."""

    score: GoldScore
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Report:
    """All quick checks of one project."""

    labels: int
    skipped: int
    agreement: LabelAgreement
    position: HalfTest | None
    position_by_labeller: tuple[tuple[str, HalfTest], ...]
    length: LengthBias
    length_bins: tuple[Bin, ...]
    gold: tuple[Gold, ...]
    circles: Circles
    pii: PiiReport
    exact_duplicates: tuple[tuple[str, ...], ...]
    response_problems: tuple[ResponseProblem, ...]
    findings: tuple[Finding, ...]


def report(project: Project) -> Report:
    """Every check that needs no resampling and no search."""
    shown = checks_input.sided_labels(project, shown_only=True, gold=True)
    decided = checks_input.sided_labels(project, shown_only=False, gold=False)
    found_agreement = agreement(judgements(project))
    position = position_bias([label.left_won for label in shown])
    lengths = _lengths(decided)
    length = length_bias(*lengths)
    gold = tuple(
        Gold(score, wilson(score.right, score.answered) if score.answered else None)
        for score in checks_input.gold_scores(project)
    )
    rings = circles(checks_input.judged(project))
    pii = scan(checks_input.texts(project))
    ids = [prompt.id for prompt in project.prompts]
    same = tuple(tuple(ids[k] for k in group) for group in exact_groups(checks_input.prompt_texts(project)))
    problems = response_problems(checks_input.responses(project))
    findings = (
        _agreement(found_agreement),
        _position(position),
        _length(length),
        _gold(gold, len(project.gold)),
        _circles(rings),
        _pii(pii),
        _same(same),
        _responses(problems),
    )
    return Report(
        labels=len(project.labels),
        skipped=sum(label.verdict == "skip" for label in project.labels),
        agreement=found_agreement,
        position=position,
        position_by_labeller=_by_labeller(shown),
        length=length,
        length_bins=binned(*lengths) if len(lengths[0]) else (),
        gold=gold,
        circles=rings,
        pii=pii,
        exact_duplicates=same,
        response_problems=problems,
        findings=findings,
    )


_WORDS: dict[Kind, str] = {"good": "nothing to do", "look": "look at it", "missing": "too little to tell"}


def section(project: Project) -> tuple[str, str]:
    """The quick checks as a section of the specification: a title, and Markdown in which the users' own words are harmless."""
    lines = [f"- **{f.check}** ({_WORDS[f.kind]}): {md.inline(f.sentence)}" for f in report(project).findings]
    return "What the checks say", "\n".join(lines)


def judgements(project: Project) -> list[Judgement]:
    """The labels as agreement reads them; gold questions are easier than others and stay out."""
    return [Judgement(*entry) for entry in checks_input.verdicts(project)]


def agreement_intervals(project: Project, n_resamples: int = RESAMPLES, seed: int = 0) -> Iterator[Resampled]:
    """Agreement with bootstrap intervals, a record after every 100 resamples."""
    return bootstrap(judgements(project), n_resamples, seed)


def near_duplicates(project: Project) -> Iterator[Searched]:
    """Groups of prompts that are nearly the same, by place in the project, a record after every 250 prompts."""
    return near_groups(checks_input.prompt_texts(project))


def near_finding(found: Searched) -> Finding:
    """The search for near-duplicates in one sentence."""
    count = sum(len(group.others) for group in found.groups)
    if found.done < found.total:
        so_far = (
            f"{plural(found.done, 'prompt')} of {found.total} read, {count} of them nearly the same as an earlier one."
        )
        return Finding("near-duplicates", "missing", so_far)
    if not count:
        return Finding("near-duplicates", "good", "No prompt is nearly the same as another.")
    sentence = (
        f"{plural(count, 'prompt is', 'prompts are')} nearly the same as an earlier one, in {plural(len(found.groups), 'group')}. "
        "Keep each group on one side of the split."
    )
    return Finding("near-duplicates", "look", sentence)


def _lengths(labels: list[SidedLabel]) -> tuple[list[int], list[int], list[bool]]:
    return (
        [label.left_length for label in labels],
        [label.right_length for label in labels],
        [label.left_won for label in labels],
    )


def _by_labeller(labels: list[SidedLabel]) -> tuple[tuple[str, HalfTest], ...]:
    won: dict[str, list[bool]] = {}
    for label in labels:
        won.setdefault(label.labeller, []).append(label.left_won)
    return tuple((name, HalfTest(sum(values), len(values))) for name, values in won.items())


def _agreement(found: LabelAgreement) -> Finding:
    if found.raw is None:
        return Finding("agreement", "missing", found.sentence)
    pairs = plural(found.n_overlap, "pair")
    start = (
        f"Two labels of the same pair agree in {percent(found.raw.value, 0)} of cases ({pairs} with several labels)."
    )
    if found.sentence:
        return Finding("agreement", "look", f"{start} {found.sentence}")
    alpha = found.krippendorff.value if found.krippendorff else 0.0
    better = "no better than chance" if alpha <= 0 else "on a scale from 0 for chance to 1"
    kind: Kind = "look" if alpha <= 0 else "good"
    return Finding("agreement", kind, f"{start} Krippendorff's α is {number(alpha)}, {better}.")


def _position(found: HalfTest | None) -> Finding:
    if found is None:
        return Finding("position", "missing", "No decided label says on which side the responses stood.")
    low, high = found.interval
    start = f"The left response won {found.k} of {found.n} decided labels ({percent(found.share, 0)}, 95 % interval "
    start += f"{percent(low, 0)} to {percent(high, 0)})"
    if not found.significant:
        return Finding("position", "good", f"{start}: chance alone explains that ({_p(found.p_value)}).")
    side = "left" if found.share > 0.5 else "right"
    return Finding(
        "position", "look", f"{start}: the {side} side is picked too often for chance ({_p(found.p_value)})."
    )


def _length(found: LengthBias) -> Finding:
    if found.longer is None:
        return Finding("length", "missing", found.sentence)
    low, high = found.longer.interval
    start = f"The longer response won {found.longer.k} of {found.longer.n} times (95 % interval {percent(low, 0)} to {percent(high, 0)})."
    if found.slope is None or found.slope_interval is None:
        return Finding("length", "look" if found.longer.significant else "missing", f"{start} {found.sentence}")
    odds = f"Twice the length multiplies the odds of winning by {number(found.odds_a_doubling or 1.0)}"
    if found.slope_interval[0] <= 0 <= found.slope_interval[1]:
        return Finding("length", "good", f"{start} {odds}; the interval includes no effect.")
    shape = "longer" if found.slope > 0 else "shorter"
    check = (
        "They may be better; a reward model cannot tell that from length unless short good responses are labelled too."
    )
    return Finding("length", "look", f"{start} {odds}: {shape} responses are preferred. {check}")


def _gold(found: tuple[Gold, ...], questions: int) -> Finding:
    answered = [gold for gold in found if gold.score.answered]
    if not questions:
        return Finding("gold", "missing", "There are no gold questions, so nothing shows how carefully people label.")
    if not answered:
        return Finding("gold", "missing", "No gold question has been answered yet.")
    total, right = sum(g.score.answered for g in answered), sum(g.score.right for g in answered)
    start = f"{right} of {plural(total, 'gold answer')} are right"
    surely = [g for g in answered if g.interval and g.interval[1] < GOLD_THRESHOLD]
    if surely:
        who = plural(len(surely), "labeller lies", "labellers lie")
        return Finding("gold", "look", f"{start}; {who} below {percent(GOLD_THRESHOLD, 0)} with the whole interval.")
    return Finding("gold", "good", f"{start}; no labeller lies below {percent(GOLD_THRESHOLD, 0)} beyond doubt.")


def _circles(found: Circles) -> Finding:
    if not found.triples and not found.longer:
        return Finding("circles", "missing", "Nobody has decided all pairs of three responses to one prompt yet.")
    longer = f" {plural(found.longer, 'longer circle')} beside them." if found.longer else ""
    if not found.in_circle:
        start = f"No triple goes in a circle, of {plural(found.triples, 'decided one')}."
        return Finding("circles", "look" if longer else "good", start + longer)
    share = percent(found.in_circle / found.triples, 0)
    goes = "goes" if found.in_circle == 1 else "go"
    start = f"{found.in_circle} of {plural(found.triples, 'decided triple')} ({share}) {goes} in a circle; coin tosses give 25 %."
    return Finding("circles", "look", start + longer)


def _pii(found: PiiReport) -> Finding:
    limit = "Patterns do not find names or addresses."
    if not found.total:
        return Finding(
            "personal data", "good", f"No pattern of personal data in {plural(found.texts, 'text')}. {limit}"
        )
    kinds = ", ".join(plural(count, kind, _many(kind)) for kind, count in found.counts.items())
    return Finding("personal data", "look", f"Found by pattern: {kinds}. {limit}")


def _many(kind: str) -> str:
    return kind + ("es" if kind.endswith("s") else "s")


def _same(groups: tuple[tuple[str, ...], ...]) -> Finding:
    extra = sum(len(group) - 1 for group in groups)
    if not extra:
        return Finding("duplicates", "good", "No prompt stands twice with the same words.")
    return Finding(
        "duplicates", "look", f"{plural(extra, 'prompt repeats', 'prompts repeat')} the words of an earlier one."
    )


def _responses(problems: tuple[ResponseProblem, ...]) -> Finding:
    empty = sum(problem.what == "empty" for problem in problems)
    same = sum(problem.what == "identical" for problem in problems)
    if not problems:
        return Finding("responses", "good", "No response is empty, and none is the same as another of its prompt.")
    said = [plural(empty, "response is empty", "responses are empty")] * bool(empty)
    said += [f"in {plural(same, 'place')} responses to one prompt are identical"] * bool(same)
    sentence = " and ".join(said)
    return Finding(
        "responses", "look", f"{sentence[0].upper()}{sentence[1:]}: such pairs teach nothing and are not exported."
    )


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
