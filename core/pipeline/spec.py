"""pipeline.yaml: the decisions and the inventory of an export, checked against the JSON Schema that assets/ publishes.

`python -m core.pipeline schema` writes the schema from these classes; a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
from pydantic import Field

from core.pipeline import yaml_text
from core.pipeline.datasets import Examples
from core.pipeline.model import SCHEMA_VERSION, Origin, Project
from core.pipeline.plan import Operations, Settings
from core.pipeline.problems import ProjectError, quoted
from core.pipeline.rubric import Rubric
from core.pipeline.split import Split
from core.pipeline.values import Line, Note, Value

SCHEMA_PATH = Path(__file__).parents[2] / "assets" / "pipeline.schema.json"
SCHEMA_TITLE = "Preference-data pipeline"
FORMAT = "preference-data-pipeline"

Count = Annotated[int, Field(ge=0)]


class Counts(Value):
    """What the project holds. Counts of pairs leave gold questions out; `undecided` are judged pairs without a winner."""

    prompts: Count
    responses: Count
    pairs: Count
    labels: Count
    labellers: Count
    gold_questions: Count
    preferences: Count
    undecided: Count
    refused: Count
    train_prompts: Count
    validation_prompts: Count


class DataFile(Value):
    """A file of the export: rows, and the SHA-256 of its bytes."""

    rows: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Spec(Value):
    """The whole of pipeline.yaml. Prompts, labels and gold questions stand beside it, one JSON line each."""

    format: Literal["preference-data-pipeline"] = FORMAT
    schema_version: Literal[1] = SCHEMA_VERSION
    title: Annotated[Line, Field(min_length=1)]
    description: Note = ""
    origin: Origin = "own"
    rubric: Rubric = Rubric()
    settings: Settings = Settings()
    operations: Operations = Operations()
    counts: Counts
    files: Annotated[dict[str, DataFile], Field(default_factory=dict)]


DECISIONS = ("schema_version", "title", "description", "origin", "rubric", "settings", "operations")


def spec_of(project: Project, sides: Split, found: Examples, files: Mapping[str, DataFile]) -> Spec:
    """The specification of a project as it is exported now."""
    gold = project.gold_pairs()
    counts = Counts(
        prompts=len(project.prompts),
        responses=sum(len(prompt.candidates) for prompt in project.prompts),
        pairs=sum(pair not in gold for pair in project.pairs()),
        labels=len(project.labels),
        labellers=len(project.labellers),
        gold_questions=len(project.gold),
        preferences=len(found.pairs),
        undecided=found.undecided,
        refused=len(found.refusals),
        train_prompts=len(sides.of("train")),
        validation_prompts=len(sides.of("validation")),
    )
    return Spec(**{name: getattr(project, name) for name in DECISIONS}, counts=counts, files=dict(files))


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of pipeline.yaml."""
    made = Spec.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": SCHEMA_TITLE}


def schema_text() -> str:
    """The bytes of assets/pipeline.schema.json as text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def to_yaml(spec: Spec) -> str:
    """pipeline.yaml, after checking it against the published schema."""
    data = spec.model_dump(mode="json")
    check(data)
    return yaml_text.write(data)


def check(data: Any) -> None:
    """Raises ProjectError with a sentence for the first violations of the published schema."""
    found = sorted(_validator().iter_errors(data), key=lambda error: [str(step) for step in error.absolute_path])
    if found:
        raise ProjectError(
            f"pipeline.yaml, {' → '.join(map(str, error.absolute_path)) or 'top level'}: {quoted(error.message)}."
            for error in found[:5]
        )


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
