"""The zip: complete, the same bytes for the same project, readable, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pipeline import edits, export, markdown, provenance, spec, train_files, yaml_text
from core.pipeline.__main__ import main
from core.pipeline.archives import import_zip
from core.pipeline.datasets import STEMS
from core.pipeline.model import Project
from core.pipeline.plan import Budget, Operations, Settings, Training
from core.pipeline.problems import ProjectError
from core.pipeline.split import split
from core.pipeline.worked_examples import EXAMPLES, load
from tests.pipeline.conftest import label, prompt

NASTY = '=HYPERLINK("http://x","y")'


def _open(project: Project, **more) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(export.export(project, **more)))


def _lines(archive: zipfile.ZipFile, name: str) -> list[dict]:
    return [json.loads(line) for line in archive.read(name).decode().split("\n") if line]


@pytest.mark.parametrize("key", [example.key for example in EXAMPLES])
def test_a_worked_example_survives_the_round_trip(key):
    project = load(key)
    data = export.export(project)
    assert import_zip(data, "x.zip") == project
    assert export.export(import_zip(data, "x.zip")) == data
    assert import_zip(export.save(project), "x.zip") == project
    assert project.origin == "illustration"
    assert "Illustration" in _open(project).read("pipeline.md").decode()
    assert {one.verdict for one in project.labels} >= {"A", "B", "tie"}
    assert len(project.labellers) >= 2
    sides = split(project)
    assert sides.of("train")
    assert sides.of("validation")
    assert sides.moved is None


def test_every_row_stands_in_one_side_and_in_the_whole(project):
    archive = _open(project)
    names = set(archive.namelist())
    sides = split(project)
    for stem in STEMS:
        whole = archive.read(f"{stem}.jsonl").decode().splitlines()
        parts = [
            line
            for side in ("train", "validation")
            if (name := f"data/{stem}/{side}.jsonl") in names
            for line in archive.read(name).decode().splitlines()
        ]
        assert sorted(parts) == sorted(whole)
    assert len(_lines(archive, "labels.jsonl")) == len(project.labels)
    assert {*sides.of("train"), *sides.of("validation")} == {one.id for one in project.prompts}


def test_the_yaml_fits_the_published_schema_and_lists_true_hashes(project):
    archive = _open(project)
    data = yaml.safe_load(archive.read("pipeline.yaml"))
    schema = json.loads(archive.read("pipeline.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(data)
    for name, entry in data["files"].items():
        raw = archive.read(name)
        assert hashlib.sha256(raw).hexdigest() == entry["sha256"]
        assert raw.decode().count("\n") == entry["rows"]
    assert data["counts"]["preferences"] == 3
    broken = data | {"title": ""}
    with pytest.raises(ProjectError, match=r"pipeline.yaml, title"):
        spec.check(broken)


def test_the_published_schema_is_the_models_own():
    assert spec.SCHEMA_PATH.read_text(encoding="utf-8") == spec.schema_text()
    assert main(["nonsense"]) == 2


def test_a_spreadsheet_runs_nothing(project):
    nasty = edits.put_prompt(project, prompt(7, (NASTY, "b"))).project
    nasty = edits.change(
        nasty,
        labels=(
            *nasty.labels,
            label("p7", "a", "b", labeller="@SUM(1)", reason=" \t=1+1"),
            label("p7", "b", "a", reason="-2"),
        ),
    )
    text = _open(nasty).read("labels.csv").decode()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@")]
    assert "'@SUM(1)" in cells
    assert import_zip(export.export(nasty), "x.zip") == nasty
    assert text.startswith(",".join(provenance.COLUMNS) + "\r\n")


def test_an_empty_project_has_a_specification_and_no_rows():
    archive = _open(Project(title="Nothing yet"))
    names = archive.namelist()
    assert not [name for name in names if name.startswith("data/") or name.endswith("preferences.jsonl")]
    text = archive.read("pipeline.md").decode()
    assert "There are no prompts yet." in text
    assert "`data/`" not in text
    assert "nothing to train on yet" in archive.read("train/README.md").decode()
    assert import_zip(export.export(Project(title="Nothing yet")), "x.zip") == Project(title="Nothing yet")


def test_the_specification_says_what_is_open_and_what_was_left_out(project):
    text = _open(project, extra=[("Checks of the labels", "Two people agree.")]).read("pipeline.md").decode()
    assert "## Checks of the labels\n\nTwo people agree." in text
    assert "- Under which licence the data may be used." in text
    assert "3 judged pairs have no winner" in text
    assert "on 6 of 17 pairs" in text  # the gold question's pair counts on neither side
    plan = Operations(
        licence="cc-by-4.0",
        gate="All green.",
        suite_size=500,
        canary_pairs=1,
        budget=Budget(target_pairs=1000, wage=36.0),
    )
    text = _open(edits.change(project, operations=plan)).read("pipeline.md").decode()
    assert "Under which licence" not in text
    assert (
        "50 % of the judged pairs have a winner, so 2,000 pairs have to be judged, 2 times each: 4,445 judgements, gold questions included."
        in text
    )
    assert (
        "At 15.0 seconds a judgement (measured here) this takes 18.5 hours. At 36.00 USD an hour it costs 667." in text
    )
    assert "1 fixed pair is labelled again" in text


def test_the_specification_of_one_prompt_shows_it_whole_and_promises_no_validation(project):
    one = edits.change(project, prompts=project.prompts[:1], labels=project.labels[:2], gold=())
    text = _open(one).read("pipeline.md").decode()
    assert "So far 2 labels by 2 labellers on 1 of 3 pairs have given 1 row of preferences." in text
    assert "> How do I reset password 1?" in text
    assert "| a | Open settings. | 1 | 0 |" in text
    assert "**There is no validation side**" in text
    assert "1 prompt for training, 0 for validation" in text
    assert "divided one by one" not in text
    assert "Not worked out: how many rows are needed is not known yet." in text
    tie = edits.change(
        one, labels=[*one.labels, label("p1", "a", "c", "both_bad"), label("p1", "a", "c", "both_bad", "bob")]
    )
    assert "There is no file for supervised fine-tuning" in _open(tie).read("pipeline.md").decode()


def test_texts_of_people_stay_text_in_markdown(project):
    bad = "# head | <script>alert(1)</script> `x` [a](b)\n\n- 1\n---"
    text = _open(edits.change(project, title="<b>T</b> | x", description=bad)).read("pipeline.md").decode()
    assert "<script>" not in text
    assert "<b>" not in text
    assert "\n# head" not in text
    assert markdown.inline("1. a") == "1\\. a"
    assert markdown.fenced("```\nx").startswith("````\n")
    assert markdown.short("word " * 100, 20) == "word word word word …"


def test_the_card_names_files_that_exist(project):
    archive = _open(edits.change(project, operations=Operations(licence="My own: terms")))
    head = yaml.safe_load(archive.read("README.md").decode().split("---\n")[1])
    assert head["license"] == "other"
    assert head["license_name"] == "My own: terms"
    paths = {entry["path"] for config in head["configs"] for entry in config["data_files"]}
    assert paths == {name for name in archive.namelist() if name.startswith("data/")}


def test_training_configurations_follow_the_plan(project):
    plan = Operations(training=Training(model="org/base", format="standard", batch_size=1, beta=0.05))
    archive = _open(edits.change(project, operations=plan, settings=Settings(seed=5)))
    dpo, kto = (yaml.safe_load(archive.read(f"train/{stage}.yaml")) for stage in ("dpo", "kto"))
    assert (dpo["model_name_or_path"], dpo["dataset_name"], dpo["beta"]) == ("org/base", "data/preferences", 0.05)
    assert (dpo["seed"], dpo["per_device_train_batch_size"], kto["per_device_train_batch_size"]) == (5, 1, 2)
    assert isinstance(dpo["learning_rate"], float)
    assert train_files.TRL_VERSION in archive.read("train/requirements.txt").decode()
    assert "$MODEL" not in archive.read("train/README.md").decode()


def test_progress_runs_from_nothing_to_one(project):
    shares: list[float] = []
    export.export(project, progress=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_text_survives_yaml_and_json_lines(text):
    assert yaml_text.read(yaml_text.write({"key": text}), "x") == {"key": text}
    line = export.json_line({"key": text})
    assert json.loads(line) == {"key": text}
    assert len(line.splitlines()) == 1
    assert not provenance.neutral(text).lstrip().startswith(tuple("=+-@"))
