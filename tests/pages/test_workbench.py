"""The workbench of lesson 14 on the real page: from an own prompt and from a worked example to the zip, and bad input."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from core.lessons.lesson14_params import STEPS
from core.pipeline import pairing
from core.pipeline.archives import import_zip
from core.pipeline.edits import change
from core.pipeline.export import export, save
from core.pipeline.worked_examples import EXAMPLES, load
from core.ui.pipeline import upload, work
from tests.pages.driver import check, page, widget

PAGE = "pipeline_sketch"
TEXTS = ["Restart it.", "Hold the button for ten seconds.", "I do not know.", "<b>Throw</b> it *away* $now$!"]


def go(at, step):
    widget(at, "l14_step").set_value(step)
    at.run()
    check(at)
    return at


def press(at, key):
    button = widget(at, key)
    assert button is not None, f"{key} is not on the page"
    button.click()
    at.run()
    check(at)
    return at


def write(at, label, text):
    """Fill the one text area with this label, as Ctrl+Enter does."""
    (area,) = [area for area in at.text_area if area.label == label]
    area.set_value(text)
    at.run()
    return at


def project(at):
    return at.session_state[work.PROJECT]


def zipped(at):
    """What the download button of step 8 holds."""
    return at.session_state["pl_made"][1]


def test_an_own_prompt_with_twelve_labels_becomes_a_zip_that_opens_again():
    at = page(PAGE)
    check(at)
    at.text_area(key="pl_own_prompt").set_value("My router is slow.\n---\nIt <i>blinks</i> red.")
    press(at, "pl_start_own")
    assert len(project(at).prompts) == 2
    write(at, "New response", "\n---\n".join(TEXTS))
    assert [one.text for one in project(at).prompts[0].candidates] == TEXTS
    at.session_state["pl_open_prompt"] = project(at).prompts[1].id
    at.run()
    write(at, "New response", "\n---\n".join(reversed(TEXTS)))
    check(at)
    go(at, "rubric")
    write(at, "Criteria, the weightiest first, a line each: name: question", "true: Is it true?\nshort: Is it short?")
    assert [one.name for one in project(at).rubric.criteria] == ["true", "short"]
    go(at, "label")
    for number in range(12):
        press(at, f"pl_judge_{'12T5678XLeft'[number]}" if number < 8 else "pl_judge_Right")
    labels = project(at).labels
    assert len(labels) == 12
    assert all(label.seconds is not None and label.timestamp is not None for label in labels)
    assert {label.strength for label in labels} >= {4, 3, None}
    press(at, "pl_undo")
    assert len(project(at).labels) == 11
    press(at, "pl_judge_T")
    assert project(at).labels[-1].pair == labels[-1].pair
    assert project(at).labels[-1].left == labels[-1].left
    for step in ("checks", "size", "operations", "effect", "export"):
        go(at, step)
    again = import_zip(zipped(at), "again.zip")
    assert again == project(at)
    with zipfile.ZipFile(io.BytesIO(zipped(at))) as archive:
        rows = [json.loads(line) for line in archive.read("preferences.jsonl").decode().splitlines()]
    assert rows
    assert all(row["chosen"] != row["rejected"] for row in rows)


def test_a_worked_example_through_all_eight_steps_and_every_view():
    at = page(PAGE)
    press(at, f"pl_example_{EXAMPLES[0].key}")
    assert project(at) == load(EXAMPLES[0].key)
    for step, _ in STEPS:
        go(at, step)
        for view in ("pl_check", "pl_size", "pl_operations", "pl_preview", "pl_label_view", "pl_use"):
            control = widget(at, view)
            for option in control.options if control is not None else ():
                widget(at, view).set_value(option)
                at.run()
                check(at)
    assert project(at) == load(EXAMPLES[0].key), "looking at it has changed it"


def test_the_open_prompt_is_the_marked_one_in_the_list():
    at = page(PAGE)
    press(at, f"pl_example_{EXAMPLES[0].key}")
    assert at.session_state[work_key(at, "list")]["selection"]["rows"] == [0]
    write(at, "New prompt", "One more.")
    check(at)
    assert at.session_state[work_key(at, "list")]["selection"]["rows"] == [len(project(at).prompts) - 1]


def work_key(at, name):
    return f"pl{at.session_state[work.VERSION]}_{name}"


def test_a_worked_example_whose_people_are_done_still_asks_a_visitor():
    at = page(PAGE)
    press(at, f"pl_example_{EXAMPLES[0].key}")
    go(at, "label")
    pairs = sum(len(one.candidates) * (len(one.candidates) - 1) // 2 for one in project(at).prompts)
    count = len(project(at).labels)
    for _ in range(3):
        press(at, "pl_judge_T")
    assert {label.labeller for label in project(at).labels[count:]} == {"labeller 1"}
    assert project(at).settings == load(EXAMPLES[0].key).settings, "looking at a pair has changed the plan"
    assert pairs > 3


def test_who_has_judged_nothing_is_told_how_to_begin():
    at = page(PAGE)
    at.text_area(key="pl_own_prompt").set_value("My router is slow.")
    press(at, "pl_start_own")
    write(at, "New response", "\n---\n".join(TEXTS[:2]))
    once = change(project(at), settings={"labels_per_pair": 1})
    first = pairing.next_pair(once, "ann")
    at.session_state[work.PROJECT] = pairing.record(once, first, "ann", "tie")
    at.session_state["pl_labeller"] = "labeller 1"
    go(at, "label")
    assert any("Every pair has its 1 label already" in info.value for info in at.info)
    press(at, "pl_one_more")
    press(at, "pl_judge_T")
    assert project(at).labels[-1].labeller == "labeller 1"
    assert any("Nothing is left for labeller 1" in info.value for info in at.info)


def test_a_labeller_reads_the_last_message_first_and_what_came_before_below_it():
    at = page(PAGE)
    at.text_area(key="pl_own_prompt").set_value("System: Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: Help me.")
    press(at, "pl_start_own")
    write(at, "New response", "\n---\n".join(TEXTS))
    go(at, "label")
    assert [text.value for text in at.text][:1] == ["Help me."]
    assert "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello" in [text.value for text in at.text]


def test_texts_in_order_are_said_to_be_so():
    at = page(PAGE)
    press(at, "pl_example_medical_refusal")
    go(at, "checks")
    widget(at, "pl_check").set_value("Texts")
    at.run()
    check(at)
    assert any("No prompt stands twice" in info.value for info in at.info)


def test_names_of_files_label_for_nobody():
    at = page(PAGE)
    rows = [json.dumps({"prompt": f"Why {n}?", "chosen": "Because.", "rejected": "No."}) for n in range(1200)]
    _upload(at, "pairs.jsonl", "\n".join(rows).encode())
    go(at, "label")
    assert at.session_state["pl_labeller"] == "labeller 1"
    assert widget(at, "pl_judge_T") is not None
    assert any("1,200 labels by 1 labeller" in one.value for one in at.markdown)


def test_sizing_takes_over_what_was_measured():
    at = page(PAGE)
    press(at, f"pl_example_{EXAMPLES[0].key}")
    before = at.session_state["l14_seconds"]
    go(at, "size")
    assert at.session_state["l14_seconds"] != before


def test_work_survives_another_page_and_a_replaced_project_comes_back():
    at = page(PAGE)
    press(at, f"pl_example_{EXAMPLES[0].key}")
    first = project(at)
    at.switch_page("pages/home.py").run()
    at.switch_page(f"pages/{PAGE}.py").run()
    assert project(at) == first
    press(at, f"pl_swap_{EXAMPLES[1].key}")
    assert project(at) != first
    press(at, "pl_back")
    assert project(at) == first


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("broken.jsonl", b'{"prompt": "a"}\n{"prompt": oops}\n', "line 2"),
        ("columns.csv", b"frage,antwort\na,b\n", "Needed is one of these"),
        ("empty.csv", b"", "empty"),
        ("other.zip", b"PK\x03\x04nonsense", "not a zip"),
        ("zeros.csv", b"prompt\n\0\0", "zero bytes"),
    ],
)
def test_a_bad_file_is_answered_with_a_sentence(name, data, words):
    at = page(PAGE)
    _upload(at, name, data)
    check(at)
    assert any(words in warning.value.replace("\\", "") for warning in at.warning)
    assert work.PROJECT not in at.session_state or project(at) is None


def test_an_upload_goes_on_where_the_download_stopped():
    example = load(EXAMPLES[2].key)
    for data in (save(example), export(example)):
        at = page(PAGE)
        _upload(at, "work.zip", data)
        check(at)
        assert project(at) == example


def _upload(at, name, data):
    """Give the first upload field a file, as a browser does."""
    at.file_uploader[0].set_value((name, data, "application/octet-stream"))
    at.run()


def test_a_text_that_does_not_fit_is_refused_with_a_sentence_and_nothing_is_lost():
    at = page(PAGE)
    press(at, f"pl_example_{EXAMPLES[0].key}")
    before = project(at)
    go(at, "rubric")
    write(at, "Criteria, the weightiest first, a line each: name: question", "same: a\nsame: b")
    assert project(at) == before
    assert any("are called" in warning.value for warning in at.warning)
    write(at, "Principles, a line each: name: sentence", "one: Be kind.")
    assert any("One principle only" in caption.value for caption in at.caption)


def test_a_response_that_is_too_long_is_refused_with_a_sentence_and_stays_in_its_field():
    at = page(PAGE)
    press(at, f"pl_example_{EXAMPLES[0].key}")
    before, long = project(at), "x" * 20_001
    for label in ("Response a", "New response"):
        write(at, label, long)
        check(at)
        assert project(at) == before
        assert any("20,001 characters; the limit is 20,000" in warning.value for warning in at.warning), label
        assert [area.value for area in at.text_area if area.label == label] == [long]


def test_unknown_columns_get_an_offer_that_can_be_confirmed():
    at = page(PAGE)
    _upload(at, "columns.csv", b"frage,antwort\nWhy?,Because.\nWhy?,It is so.\n")
    at.selectbox(key="pl_map_prompt").set_value("frage")
    at.selectbox(key="pl_map_response").set_value("antwort")
    press(at, "pl_map_done")
    assert [one.text for one in project(at).prompts[0].candidates] == ["Because.", "It is so."]


def test_types_that_can_be_uploaded_are_those_that_can_be_read():
    assert set(upload.TYPES) >= {"csv", "jsonl", "zip"}
