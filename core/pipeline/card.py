"""README.md of the export: a dataset card whose front matter lets `datasets` find every file by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.pipeline import markdown as md
from core.pipeline import yaml_text
from core.pipeline.datasets import STEMS
from core.pipeline.model import Project
from core.pipeline.problems import count
from core.pipeline.spec import DataFile, Spec

# Identifiers that the front matter takes as they are; any other licence is "other" with its name.
LICENCES = (
    "apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-sa-4.0",
    "cc-by-nc-nd-4.0", "odc-by", "odbl", "cdla-permissive-2.0", "bsd-3-clause", "unlicense",
)  # fmt: skip
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
SHOWS = {
    "preferences": "explicit prompt, plain text: `prompt`, `chosen`, `rejected`",
    "preferences_conversational": "explicit prompt, lists of messages: `prompt`, `chosen`, `rejected`",
    "implicit_prompt": "for reward models, plain text with the prompt inside: `chosen`, `rejected`",
    "implicit_prompt_conversational": "for reward models, whole conversations: `chosen`, `rejected`",
    "openai_preferences": "OpenAI's preference format: `input`, `preferred_output`, `non_preferred_output`",
    "unpaired": "for KTO, plain text: `prompt`, `completion`, `label`",
    "unpaired_conversational": "for KTO, lists of messages: `prompt`, `completion`, `label`",
    "sft": "the best response of each prompt, plain text: `prompt`, `completion`",
    "sft_conversational": "the best response of each prompt, lists of messages: `prompt`, `completion`",
}


def front_matter(project: Project, files: Mapping[str, DataFile]) -> dict[str, Any]:
    """The YAML head: name, licence, size and one configuration for every kind of file that has training rows."""
    licence = project.operations.licence.strip()
    head: dict[str, Any] = {"pretty_name": project.title}
    if licence.casefold() in LICENCES:
        head["license"] = licence.casefold()
    elif licence:
        head |= {"license": "other", "license_name": licence}
    rows = max((files[name].rows for name in (f"{stem}.jsonl" for stem in STEMS) if name in files), default=0)
    head["size_categories"] = [next((name for limit, name in SIZES if rows < limit), "100K<n<1M")]
    head["task_categories"] = ["text-generation"]
    head["tags"] = ["preference", "reward-model", "dpo", "kto", "trl"]
    configs = []
    for stem in STEMS:
        paths = {split: f"data/{stem}/{split}.jsonl" for split in ("train", "validation")}
        if paths["train"] in files:
            found = [{"split": split, "path": path} for split, path in paths.items() if path in files]
            configs.append({"config_name": stem, "data_files": found})
    if configs:
        configs[0]["default"] = True
        head["configs"] = configs
    return head


def text(project: Project, spec: Spec, files: Mapping[str, DataFile]) -> str:
    """The whole card."""
    counts, operations = spec.counts, project.operations
    unknown = "Not stated."
    origin = (
        "Prompts, responses and labels were invented for illustration. They are no data about people or products, and not"
        " meant for training."
        if project.origin == "illustration"
        else md.paragraphs(operations.prompt_source) or unknown
    )
    listed = [
        (f"`{stem}.jsonl`", f"{files[f'{stem}.jsonl'].rows:,}", SHOWS[stem])
        for stem in STEMS
        if f"{stem}.jsonl" in files
    ]
    parts = [
        "---\n" + yaml_text.write(front_matter(project, files)) + "---",
        f"# {md.inline(project.title)}",
        md.paragraphs(project.description),
        f"{count(counts.labels, 'label')} by {count(counts.labellers, 'labeller')} on {count(counts.pairs, 'pair')} of"
        f" responses to {count(counts.prompts, 'prompt')}. How they were made is told in `pipeline.md`;"
        " `labels.csv` has every judgement with who, when, which side, how long and why.",
        "## Files",
        md.table(("File", "Rows", "Content"), listed)
        if listed
        else "No pair has been decided yet, so there are no rows.",
        "The same rows, divided into train and validation by"
        f" {project.settings.split_by}, are in `data/<name>/`. No prompt stands on both sides."
        if listed
        else "",
        "```python\nfrom datasets import load_dataset\n\n"
        'pairs = load_dataset("data/preferences")  # from a repository: load_dataset("organisation/name", "preferences")\n```'
        if "data/preferences/train.jsonl" in files
        else "",
        "## Where the texts come from",
        origin,
        "## Consent and personal data",
        md.paragraphs(operations.consent) or f"Consent: {unknown}",
        md.paragraphs(operations.pii) or f"Personal data: {unknown}",
        "## Licence",
        md.inline(operations.licence) or "Not decided. Until it is, nobody may reuse these files.",
        "## Limits",
        "Labels are judgements of the people named in `labels.csv`, by the rubric in `pipeline.md`. They say which of two"
        " responses was preferred, not that the preferred one is right.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
