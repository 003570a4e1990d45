"""Checks of labels and texts: circles, gold questions, personal data, duplicates, and what is read from a project."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pipeline import checks_input
from core.pipeline.checks_cycles import Circle, Judged, circles
from core.pipeline.checks_duplicates import exact_groups, near_groups, response_problems, shingles, similarity
from core.pipeline.checks_pii import KINDS, find, iban_fits, luhn, scan
from core.pipeline.model import Candidate, GoldQuestion, Label, Message, Project, Prompt

CHINESE = "请一步一步地告诉我怎样退回一个在运送途中损坏的包裹谢谢您的帮助"


def judged(edges, labeller="Ada", prompt="p"):
    return [Judged(prompt, labeller, winner, loser) for winner, loser in edges]


def test_a_circle_of_three_is_found_and_named():
    found = circles(judged(["ab", "bc", "ca", "ad", "bd", "cd"]))
    assert (found.triples, found.in_circle, found.longer) == (4, 1, 0)
    assert found.shown == (Circle("p", "Ada", ("a", "b", "c")),)
    assert found.by_labeller == {"Ada": (4, 1)}
    assert found.share == 0.25


def test_a_longer_circle_without_one_of_three():
    found = circles(judged(["ab", "bc", "cd", "da"]))
    assert (found.triples, found.in_circle, found.longer, found.share) == (0, 0, 1, None)
    assert len(found.shown[0].responses) == 4


def test_circles_need_one_person_and_one_prompt():
    assert circles([*judged(["ab", "bc"]), *judged(["ca"], "Bo")]).shown == ()
    assert circles([*judged(["ab", "bc"]), *judged(["ca"], prompt="q")]).shown == ()
    assert circles(judged(["ab", "bc", "ca", "ac"])).shown == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=14))
def test_circles_by_trying_every_order(pairs):
    last = {frozenset(pair): pair for pair in pairs if pair[0] != pair[1]}
    found = circles(judged([(str(a), str(b)) for a, b in pairs]))
    can_be_ordered = any(
        all(order.index(a) < order.index(b) for a, b in last.values()) for order in itertools.permutations(range(5))
    )
    assert can_be_ordered == (not found.shown)
    for circle in found.shown:
        around = zip(circle.responses, (*circle.responses[1:], circle.responses[0]))
        assert all(last.get(frozenset((int(a), int(b)))) == (int(a), int(b)) for a, b in around)


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("write to jo.se+x@exa-mple.co.uk. Thanks", "e-mail address", "jo.se+x@exa-mple.co.uk"),
        ("DE89 3704 0044 0532 0130 00 THANKS", "IBAN", "DE89 3704 0044 0532 0130 00"),
        ("GB82WEST12345698765432", "IBAN", "GB82WEST12345698765432"),
        ("card 4111 1111 1111 1111, exp 12/27", "payment card", "4111 1111 1111 1111"),
        ("378282246310005", "payment card", "378282246310005"),
        ("ssn 123-45-6789", "US social security number", "123-45-6789"),
        ("at 192.168.1.1.", "IPv4 address", "192.168.1.1"),
        ("+49 (0)30 1234 5678", "phone number", "+49 (0)30 1234 5678"),
        ("call (415) 555-2671 now", "phone number", "(415) 555-2671"),
        ("هاتف ٠٣٠ ١٢٣٤٥٦٧", "phone number", "٠٣٠ ١٢٣٤٥٦٧"),
        ("😀 030 1234567 😀", "phone number", "030 1234567"),
    ],
)
def test_what_has_the_form_is_found_where_it_stands(text, kind, found):
    (match,) = find(text)
    assert (match.kind, match.text) == (kind, found)
    assert text[match.start : match.end] == found


@pytest.mark.parametrize(
    "text",
    [
        "on 2024-01-02 at 10:30 I paid 1,000,000.00 or 12 345 678",
        "order 20240102030405060708 and 1234567890123456",
        "pi = 3.14159265358979",
        "000-12-3456, 900-12-3456, 123-00-4567",
        "300.1.1.1 and 1.2.3.4.5",
        "DE88370400440532013000",
        "a@b, @name, x@localhost",
        "0000 0000 0000 0000",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text):
    assert find(text) == ()


def test_check_digits():
    assert luhn("79927398713")
    assert not luhn("79927398710")
    assert iban_fits("FR14 2004 1010 0505 0001 3M02 606")
    assert not iban_fits("FR15 2004 1010 0505 0001 3M02 606")


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("0123456789 +-().@aB٣😀Ａ＠"), max_size=200))
def test_finds_never_overlap_and_always_stand_in_the_text(text):
    end = 0
    for match in find(text):
        assert match.kind in KINDS
        assert match.start >= end
        assert text[match.start : match.end] == match.text
        end = match.end


def test_equal_texts_are_counted_as_often_as_they_stand():
    report = scan([("one", "a@b.example"), ("two", "nothing"), ("three", "a@b.example")])
    assert (report.texts, report.counts, report.total) == (3, {"e-mail address": 2}, 2)
    assert [finding.where for finding in report.shown] == ["one", "three"]


def test_the_same_words_are_the_same_prompt():
    texts = ["Where is my order?", "where  is my\norder?", "Ｗhere is my order?", "Where is it?", ""]
    assert exact_groups(texts) == ((0, 1, 2),)


def test_nearly_the_same_prompts_are_grouped():
    long = "Please explain to me step by step how I can return a parcel that was damaged on its way to my house"
    texts = [
        "something else entirely",
        long,
        long.replace("house", "flat"),
        long.upper(),
        CHINESE,
        CHINESE + "吗",
    ]
    *_, found = near_groups(texts)
    assert [(group.first, group.others) for group in found.groups] == [(1, (2,)), (4, (5,))]
    assert found.groups[0].similarity[0] == pytest.approx(
        similarity(shingles(long.lower()), shingles(texts[2].lower()))
    )
    assert (found.done, found.total) == (6, 6)


def test_ten_thousand_variants_of_a_template_are_one_group():
    steps = list(
        near_groups(
            [f"Translate this sentence into French and keep its tone as it is, please: {n}" for n in range(600)]
        )
    )
    assert [step.done for step in steps] == [250, 500, 600]
    assert [len(group.others) for group in steps[-1].groups] == [599]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_similarity_is_the_share_of_common_runs(one, other):
    def runs(text):
        return {text[i : i + 5] for i in range(max(1, len(text) - 4))}

    expected = len(runs(one) & runs(other)) / len(runs(one) | runs(other))
    assert similarity(shingles(one), shingles(other)) == pytest.approx(expected)


def test_a_threshold_that_nothing_would_be_proposed_for_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        next(near_groups(["a"], 0.3))


def test_empty_and_identical_responses():
    found = response_problems([("p", [("a", "yes"), ("b", " yes\n"), ("c", ""), ("d", " ")]), ("q", [("a", "yes")])])
    assert [(problem.prompt, problem.what, problem.candidates) for problem in found] == [
        ("p", "empty", ("c",)),
        ("p", "empty", ("d",)),
        ("p", "identical", ("a", "b")),
    ]


def project():
    prompt = Prompt(
        id="p",
        messages=(Message(role="system", content="Be kind."), Message(role="user", content="Hi, I am a@b.example")),
        candidates=(Candidate(id="z", text="long text"), Candidate(id="a", text="שלום"), Candidate(id="m", text="")),
    )

    def label(left, right, verdict, who, **more):
        return Label(prompt_id="p", left=left, right=right, verdict=verdict, labeller=who, **more)

    return Project(
        title="t",
        prompts=(prompt,),
        gold=(GoldQuestion(prompt_id="p", better="z", worse="m"),),
        labels=(
            label("z", "a", "A", "Ada", seconds=4.0),
            label("a", "z", "B", "Bo", imported=True),
            label("a", "m", "tie", "Ada", seconds=6.0, reason="call 030 1234567"),
            label("a", "m", "both_bad", "Bo"),
            label("m", "z", "B", "Ada"),
            label("z", "m", "tie", "Bo"),
            label("a", "m", "skip", "Cy", seconds=99.0),
        ),
    )


def test_what_the_checks_read_of_a_project():
    mine = project()
    assert [(who, verdict) for _, who, verdict in checks_input.verdicts(mine)] == [
        ("Ada", "second"), ("Bo", "second"), ("Ada", "tie"), ("Bo", "both_bad"),
    ]  # fmt: skip
    assert checks_input.sided_labels(mine, shown_only=True, gold=False) == [("Ada", True, 9, 4)]
    assert checks_input.sided_labels(mine, shown_only=False, gold=True)[1:] == [
        ("Bo", False, 4, 9),
        ("Ada", False, 0, 9),
    ]
    assert [(score.labeller, score.right, score.answered) for score in checks_input.gold_scores(mine)] == [
        ("Ada", 1, 1), ("Bo", 0, 1), ("Cy", 0, 0),
    ]  # fmt: skip
    assert checks_input.measured_seconds(mine) == [4.0, 6.0]
    assert checks_input.prompt_texts(mine) == ["Hi, I am a@b.example"]
    assert scan(checks_input.texts(mine)).counts == {"e-mail address": 1, "phone number": 1}
    pairs, shares, bad = checks_input.comparisons(mine, "p")
    assert (pairs, shares, bad) == ([(0, 1), (1, 0), (1, 2)], [1, 0, 0.5], 1)
    assert len(checks_input.judged(mine)) == 3
