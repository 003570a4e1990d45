"""pipeline.md: the specification as one would send it to a colleague. What is not decided is said to be so."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from core.pipeline import markdown as md
from core.pipeline.card import SHOWS
from core.pipeline.cost import cost
from core.pipeline.datasets import Examples, left_out
from core.pipeline.model import Project
from core.pipeline.problems import count, percent
from core.pipeline.rubric import STRENGTHS, VERDICTS
from core.pipeline.spec import Spec
from core.pipeline.spec_operations import operations, undecided
from core.pipeline.spec_prompts import prompts
from core.pipeline.split import Split

Section = tuple[str, str]
SHOWN_LEFT_OUT = 20
SHOWN_LABELLERS = 20


def text(project: Project, spec: Spec, sides: Split, found: Examples, extra: Sequence[Section] = ()) -> str:
    """The whole file. `extra` are further (heading, Markdown) sections, such as the checks of the labels."""
    sections: list[Section] = [
        ("At a glance", _glance(spec)),
        ("The pipeline", _diagram(project, spec)),
        ("What labellers judge by", _rubric(project)),
        ("Prompts and responses", prompts(project)),
        ("How pairs are labelled", _labelling(project)),
        ("What the labels say so far", _labels(project)),
        *extra,
        ("What goes to the trainer", _training(project, spec, sides, found)),
        ("Time and money", _cost(project)),
        ("Operations", operations(project)),
        ("Still to decide", md.bullets(undecided(project)) or "Nothing: every field of the plan is filled in."),
        ("Files", _files(found)),
    ]
    head = [f"# {md.inline(project.title)}"]
    if project.origin == "illustration":
        head.append(
            "> **Illustration.** Prompts, responses and labels were invented to show what a finished plan looks like."
        )
    if project.description:
        head.append(md.paragraphs(project.description))
    head.append(_opening(project, spec, found))
    body = [part for heading, content in sections if content for part in (f"## {heading}", content)]
    return "\n\n".join([*head, *body]) + "\n"


def _opening(project: Project, spec: Spec, found: Examples) -> str:
    """What this is and how far it has come, for a reader who has not heard of it."""
    counts, open_points = spec.counts, len(undecided(project))
    parts = [
        f"A plan for preference data about {count(counts.prompts, 'prompt')}: what people judge by, how pairs are labelled, what"
        " the labels say so far, what a trainer gets, and how it all goes on."
    ]
    if counts.labels:
        judged = len({label.pair for label in project.labels if label.verdict != "skip"} - project.gold_pairs())
        parts.append(
            f"So far {count(counts.labels, 'label')} by {count(counts.labellers, 'labeller')} on {judged:,} of"
            f" {count(counts.pairs, 'pair')} have given {count(len(found.pairs), 'row')} of preferences."
        )
    if open_points:
        verb = "is" if open_points == 1 else "are"
        parts.append(f"{count(open_points, 'point')} {verb} still to decide, listed under “Still to decide”.")
    return " ".join(parts)


def _glance(spec: Spec) -> str:
    counts = spec.counts
    return md.table(
        ("", ""),
        [
            (
                "Prompts",
                f"{counts.prompts:,} ({counts.train_prompts:,} train, {counts.validation_prompts:,} validation)",
            ),
            ("Responses", f"{counts.responses:,}, which make {count(counts.pairs, 'pair')} to compare"),
            ("Labels", f"{counts.labels:,} by {count(counts.labellers, 'labeller')}"),
            ("Gold questions", f"{counts.gold_questions:,}"),
            ("Rows of preferences", f"{counts.preferences:,}"),
            ("Judged pairs without a winner", f"{counts.undecided:,}"),
        ],
    )


def _diagram(project: Project, spec: Spec) -> str:
    """Mermaid. Only numbers go into it, so no text of a person can break it."""
    counts, plan = spec.counts, project.operations
    weeks = "every week" if plan.refresh_weeks == 1 else f"every {plan.refresh_weeks} weeks"
    suite = f"suite of {plan.suite_size:,}" if plan.suite_size else "suite not sized yet"
    lines = [
        "flowchart LR",
        f'  prompts["Prompts<br/>{counts.prompts:,}"] --> sample["Sample responses<br/>{counts.responses:,}"]',
        f'  sample --> label["Compare pairs<br/>{counts.labels:,} labels by {counts.labellers:,} people"]',
        f'  gold["Gold questions<br/>{counts.gold_questions:,}"] --> label',
        '  label --> checks["Check agreement,<br/>position, length"]',
        f'  checks --> split["Split by {project.settings.split_by}<br/>{counts.preferences:,} rows"]',
        '  split --> train["Train: SFT, reward model,<br/>DPO or KTO"]',
        f'  train --> gate{{"Release gate<br/>{suite}"}}',
        '  gate -->|pass| serve["Serve"]',
        '  gate -->|fail| back["Keep the last release"]',
        f"  serve -->|fresh samples {weeks}| sample",
    ]
    return md.fenced("\n".join(lines), "mermaid")


def _rubric(project: Project) -> str:
    rubric = project.rubric
    parts = [md.paragraphs(rubric.instructions)]
    if rubric.criteria:
        parts.append("Criteria, the weightiest first:")
        parts.append(
            md.numbered(
                f"**{md.inline(one.name)}.** {md.inline(one.question)}"
                if one.question
                else f"**{md.inline(one.name)}**"
                for one in rubric.criteria
            )
        )
    if rubric.tie_breaks:
        parts.append("When they pull apart:")
        parts.append(md.numbered(md.inline(rule) for rule in rubric.tie_breaks))
    if rubric.principles:
        parts.append("Principles, usable word for word as a constitution for an AI labeller:")
        parts.append(md.bullets(f"**{md.inline(one.name)}**: {md.inline(one.text)}" for one in rubric.principles))
    return "\n\n".join(part for part in parts if part) or "No rubric has been written yet."


def _labelling(project: Project) -> str:
    settings = project.settings
    lines = [
        f"Every pair is to be judged by {count(settings.labels_per_pair, 'person', 'people')}. Each sees the two responses side by"
        f" side; a coin for every person and pair (seed {settings.seed}) decides which stands on the left, and the side is"
        " recorded.",
        "The verdict is A, B, tie, both bad, or skip. With A or B goes a strength: "
        + ", ".join(f"{number} {words}" for number, words in STRENGTHS.items())
        + ".",
    ]
    if project.gold:
        lines.append(
            f"{count(len(project.gold), 'gold question')} with a known answer {'is' if len(project.gold) == 1 else 'are'}"
            f" mixed in, about {percent(settings.gold_share)} of what a person sees. Gold questions never reach the training files."
        )
    if project.operations.labeller_training:
        lines.append("Labellers learn the work like this: " + md.inline(project.operations.labeller_training))
    return "\n\n".join(lines)


def _labels(project: Project) -> str:
    if not project.labels:
        return "Nobody has labelled yet."
    verdicts = Counter(label.verdict for label in project.labels)
    parts = [
        md.table(
            ("Verdict", "Labels"),
            [(words, f"{verdicts[verdict]:,}") for verdict, words in VERDICTS.items() if verdicts[verdict]],
        ),
        md.table(("Labeller", "Judged", "Skipped", "Median seconds"), _labellers(project)),
    ]
    if len(project.labellers) > SHOWN_LABELLERS:
        parts.append(f"The other {len(project.labellers) - SHOWN_LABELLERS:,} labellers are in `labels.csv`.")
    if any(label.imported for label in project.labels):
        number = sum(label.imported for label in project.labels)
        parts.append(
            f"{count(number, 'label')} came from a file that does not say which response stood where; checks of the position"
            " leave them out."
        )
    return "\n\n".join(parts)


def _labellers(project: Project) -> Iterable[tuple[str, ...]]:
    for name in project.labellers[:SHOWN_LABELLERS]:
        own = [label for label in project.labels if label.labeller == name]
        judged = [label for label in own if label.verdict != "skip"]
        times = [label.seconds for label in judged if label.seconds is not None]
        median = f"{statistics.median(times):.1f}" if times else "not timed"
        yield md.inline(name), f"{len(judged):,}", f"{len(own) - len(judged):,}", median


def _training(project: Project, spec: Spec, sides: Split, found: Examples) -> str:
    rule = (
        "One row a pair: the verdict that more labellers gave than any other."
        if project.settings.aggregate == "majority"
        else "One row a label with a winner, so labellers who disagree stand on both sides."
    )
    parts = [f"{rule} Pairs of one prompt always stay on the same side of the split."]
    if sides.groups:
        by = "user or group" if project.settings.split_by == "user" else "prompt"
        parts.append(
            f"Split by {by}: {count(spec.counts.train_prompts, 'prompt')} for training, {spec.counts.validation_prompts:,} for"
            f" validation. Prompts with the same words on both sides: {len(sides.shared):,}."
        )
        if not spec.counts.validation_prompts:
            parts.append("**There is no validation side**: a trainer can measure nothing until there are more prompts.")
    if sides.leaked_by_pair and spec.counts.validation_prompts:
        parts.append(
            f"Had the pairs been divided one by one, {percent(sides.leaked_by_pair)} of the validation pairs would be expected"
            " to share their prompt with a training pair."
        )
    if sides.moved is not None:
        parts.append("One group was moved to the other side, which would otherwise have had no judged pair.")
    if found.pairs and not found.demonstrations:
        parts.append(
            "There is no file for supervised fine-tuning: it takes the one best response of a prompt, which has won more pairs"
            " than it lost and was never called bad. No prompt has one yet."
        )
    told = left_out(found)
    if told:
        parts.append("What is left out, and why:")
        parts.append(md.bullets(md.inline(sentence) for sentence in told[:SHOWN_LEFT_OUT]))
        if len(told) > SHOWN_LEFT_OUT:
            parts.append(f"And {len(told) - SHOWN_LEFT_OUT:,} more of the same kinds.")
    return "\n\n".join(parts)


def _cost(project: Project) -> str:
    found = cost(project)
    if found is None:
        return "Not worked out: " + _missing(project)
    budget = project.operations.budget
    timed = "measured here" if found.measured else "assumed"
    lines = [
        f"The target is {budget.target_pairs:,} rows. {percent(found.yielded)} of the judged pairs have a winner, so"
        f" {count(found.pairs, 'pair')} have to be judged, {project.settings.labels_per_pair} times each:"
        f" {count(found.judgements, 'judgement')}{', gold questions included' if project.gold else ''}.",
        f"At {found.seconds:.1f} seconds a judgement ({timed})"
        + (f" and {percent(budget.overhead)} on top for training and quality control" if budget.overhead else "")
        + f" this takes {found.hours:,.1f} hours.",
    ]
    if budget.wage:
        lines.append(f"At {budget.wage:,.2f} {md.inline(budget.currency)} an hour it costs {found.money:,.0f}.")
    return " ".join(lines)


def _missing(project: Project) -> str:
    timed = any(label.seconds and label.verdict != "skip" for label in project.labels)
    time = "" if timed or project.operations.budget.seconds_per_pair else " and the time that a judgement takes"
    target = "" if project.operations.budget.target_pairs else "how many rows are needed"
    return f"{target or 'the time that a judgement takes'}{time if target else ''} is not known yet."


def _files(found: Examples) -> str:
    rows = [
        (f"`{stem}.jsonl`", f"{found.number(stem):,}", shows) for stem, shows in SHOWS.items() if found.number(stem)
    ]
    work = [
        ("`pipeline.yaml`", "", "this specification for programs; its JSON Schema is in `pipeline.schema.json`"),
        ("`prompts.jsonl`, `labels.jsonl`, `gold.jsonl`", "", "the whole work, to upload and go on"),
        ("`labels.csv`", "", "every judgement with its provenance, for a spreadsheet"),
    ]
    divided = [("`data/`", "", "the same rows divided into train and validation")] if rows else []
    what = "configurations and commands for TRL" if rows else "what TRL needs, once there are rows"
    return md.table(("File", "Rows", "Content"), [*rows, *work, *divided, ("`train/`", "", what)])
