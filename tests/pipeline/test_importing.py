"""Files come in, or a sentence says which line is wrong, what was found and what is needed."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pipeline import columns, decoding, export
from core.pipeline.columns import MappingNeededError
from core.pipeline.datasets import PAIR_FILES
from core.pipeline.importing import add, import_table
from core.pipeline.model import Project
from core.pipeline.outcomes import preferences
from core.pipeline.problems import ProjectError


def _texts(imported):
    return [(one.text, [candidate.text for candidate in one.candidates]) for one in imported.prompts]


TALKS = {
    key: [{"role": "user", "content": "hi"}, {"role": "assistant", "content": key}] for key in ("chosen", "rejected")
}
# A usable row for every set of columns.
GOOD = {
    ("chosen", "prompt", "rejected"): {"prompt": "good", "chosen": "c", "rejected": "r"},
    ("prompt", "responses"): {"prompt": "good", "responses": ["c"]},
    ("chosen", "rejected"): TALKS,
}


def _jsonl(*rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"prompt,response\nhi,yes\nhi,no\nho,a\n", "f.csv", [("hi", ["yes", "no"]), ("ho", ["a"])]),
        (b"prompt;response_a;response_b\nhi;yes;no\nho;a;\n", "f.csv", [("hi", ["yes", "no"]), ("ho", ["a"])]),
        ('\ufeffprompt\tanswer\r\n😀 שלום\t"two\r\nlines"\r\n'.encode(), "f.tsv", [("😀 שלום", ["two\r\nlines"])]),
        ("prompt,response\nnaïve,x\n".encode("utf-16"), "f.csv", [("naïve", ["x"])]),
        (b"prompt\nalone\n", "f.csv", [("alone", [])]),
        (_jsonl({"question": "hi", "responses": ["a", {"text": "b"}]}), "f.jsonl", [("hi", ["a", "b"])]),
        (b'[{"instruction": "hi", "output": "x"}]', "f.json", [("hi", ["x"])]),
        (b'{\n "prompt": "hi"\n}', "f.json", [("hi", [])]),
        (_jsonl({"prompt": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}), "f.jsonl", [("hi", [])]),
        (
            _jsonl({"chosen": "\n\nHuman: hi\n\nAssistant: yo", "rejected": "\n\nHuman: hi\n\nAssistant: no"}),
            "f.jsonl",
            [("hi", ["yo", "no"])],
        ),
    ],
)
def test_shapes_that_are_understood(data, name, expected):
    assert _texts(import_table(data, name)) == expected


@pytest.mark.parametrize("stem", PAIR_FILES)
def test_our_own_files_of_pairs_come_back(project, stem):
    raw = zipfile.ZipFile(io.BytesIO(export.export(project))).read(f"{stem}.jsonl")
    imported = import_table(raw, f"{stem}.jsonl")
    back = add(Project(title="t"), imported)
    pairs = [
        tuple(back.by_id()[id].candidate(one).text for one in (chosen, rejected))
        for id, chosen, rejected in preferences(back)
    ]
    assert pairs == [("Open settings.", "No."), ("Open settings.", "Ask a friend."), ("Open settings.", "No.")]
    assert all(label.imported and label.timestamp is None for label in back.labels)
    assert "It does not say on which side" in imported.notes[0]


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "e.csv", "e.csv is empty."),
        (b" \n", "e.csv", "e.csv holds no text."),
        (b"prompt\n", "e.csv", "e.csv has a heading but no rows."),
        (b"prompt,prompt\na,b", "e.csv", "two columns are called “prompt”"),
        (b"prompt,response\na,b,c\n", "e.csv", "e.csv, line 2: 3 cells, but the heading has 2."),
        (b'prompt,response\nx,y\n"a,b\n', "e.csv", "e.csv, line 3: unexpected end of data."),
        (b"prompt\n\0", "e.csv", "zero bytes"),
        (b"\xff\xfe\x00\xd8\x00", "e.csv", "begins like a UTF-16 file"),
        (b"prompt\n\x81\x8d", "e.csv", "line 2: this is neither UTF-8 nor Windows-1252 text."),
        (
            b'{"prompt": "a"}\n{"prompt": "b",\n',
            "e.jsonl",
            "e.jsonl, line 2: this is no valid JSON: a name in double quotation marks is missing",
        ),
        (b'{"prompt": "a"}\n[1]\n', "e.jsonl", "e.jsonl, line 2: this is a list; every line must be an object"),
        (b'{"prompt": NaN}\n', "e.jsonl", "line 1: NaN is not a JSON number."),
        (b"[1]", "e.json", "entry 1: this is a number"),
        (b"[" * 100_000, "e.json", "e.json: "),
        (b'{"a":' * 100_000, "e.jsonl", "e.jsonl, line 1: "),
        (b"x" * (33 * 2**20), "e.csv", "e.csv has 33.0 MB; the limit is 32 MB."),
    ],
)
def test_broken_files_are_named(data, name, sentence):
    with pytest.raises(ProjectError) as caught:
        import_table(data, name)
    assert sentence in str(caught.value)


def test_rows_are_limited(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_ROWS", 3)
    with pytest.raises(ProjectError, match="more than 3 rows, which is the limit"):
        import_table(b"prompt\n" + b"x\n" * 4, "f.csv")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"prompt": "a", "chosen": "x", "rejected": "x"}, "both responses are the same text"),
        ({"prompt": "a", "chosen": "", "rejected": "x"}, "the response is blank"),
        ({"prompt": " ", "chosen": "x", "rejected": "y"}, "the prompt is blank"),
        ({"prompt": [{"role": "bot", "content": "a"}], "chosen": "x", "rejected": "y"}, "the role “bot” is unknown"),
        (
            {"prompt": [{"role": "user", "content": [{"type": "image"}]}], "chosen": "x", "rejected": "y"},
            "other than text",
        ),
        (
            {
                "prompt": "q",
                "rejected": "y",
                "chosen": [{"role": "assistant", "content": "x"}, {"role": "user", "content": "u"}],
            },
            "the response ends in a turn of the user, not of the assistant.",
        ),
        ({"chosen": "x", "rejected": "y"}, "add a column for the prompt"),
        (
            {"prompt": "q", "chosen": "x" * 20_001, "rejected": "y"},
            "a response has 20,001 characters; the limit is 20,000.",
        ),
        ({"prompt": "q", "responses": "[broken"}, "the list of responses cannot be read"),
        ({"prompt": "q", "responses": [str(k) for k in range(17)]}, "more than 16 different responses"),
    ],
)
def test_a_bad_row_is_refused_and_the_good_one_stays(row, sentence):
    imported = import_table(_jsonl(GOOD[tuple(sorted(row))], row), "f.jsonl")
    assert len(imported.prompts) == 1
    assert len(imported.refused) == 1
    assert imported.refused[0].startswith("Line 2: ")
    assert sentence in imported.refused[0]


def test_the_same_id_for_another_prompt_is_named():
    imported = import_table(b"id,prompt\n1,a\n1,b\n,c\n", "f.csv")
    assert imported.refused == ("Line 3: the id “1” stands for another prompt in line 2; ids must differ.",)
    assert len({one.id for one in imported.prompts}) == 2


def test_lines_of_another_encoding_are_noted():
    mixed = "prompt,response\ncafé,x\n".encode("cp1252") + "naïve,y\n".encode()
    imported = import_table(mixed, "f.csv")
    assert _texts(imported) == [("café", ["x"]), ("naïve", ["y"])]
    assert imported.notes[0].startswith("1 line (2) was not UTF-8 and was read as Windows-1252")


def test_unknown_columns_get_an_offer_that_can_be_taken():
    data = b"user_prompt,chosen_text,rejected_text\nhi,x,y\n"
    with pytest.raises(MappingNeededError, match="Perhaps “user_prompt” as prompt, “chosen_text” as chosen") as caught:
        import_table(data, "f.csv")
    assert caught.value.found == ("user_prompt", "chosen_text", "rejected_text")
    assert _texts(import_table(data, "f.csv", caught.value.offer)) == [("hi", ["x", "y"])]
    own = columns.confirm(["frage", "gut", "schlecht"], {"prompt": "frage"}, wide=["gut", "schlecht"])
    assert _texts(import_table(b"frage,gut,schlecht\nhi,x,y\n", "f.csv", own)) == [("hi", ["x", "y"])]
    with pytest.raises(ProjectError, match="no column “nope”"):
        columns.confirm(["frage"], {"prompt": "nope"})
    with pytest.raises(ProjectError, match="which column holds the prompt"):
        columns.confirm(["frage"], {"user": "frage"})


def test_import_joins_what_is_there_already(project):
    data = _jsonl(
        {"id": "p1", "prompt": "How do I reset password 1?", "response": "Open settings."},
        {"id": "p1", "prompt": "How do I reset password 1?", "response": "Something new."},
        {"id": "p2", "prompt": "Quite another one", "response": "Yes."},
    )
    joined = add(project, import_table(data, "f.jsonl"))
    first = joined.by_id()["p1"]
    assert [one.text for one in first.candidates] == ["Open settings.", "No.", "Ask a friend.", "Something new."]
    assert len({one.id for one in first.candidates}) == 4
    assert joined.prompts[-1].text == "Quite another one"
    assert joined.prompts[-1].id not in project.by_id()
    assert joined.labels == project.labels


def test_judges_of_the_same_pair_are_told_apart():
    row = {"prompt": "q", "chosen": "x", "rejected": "y"}
    imported = import_table(_jsonl(row, row, row | {"annotator": "w7"}), "f.jsonl")
    assert [one.labeller for one in imported.labels] == ["imported", "imported 2", "w7"]


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["f.csv", "f.jsonl", "f.json", "f"]))
def test_any_bytes_give_prompts_or_a_sentence(data, name):
    try:
        outcome = import_table(data, name).prompts
    except ProjectError as error:
        outcome = str(error)
    assert outcome
