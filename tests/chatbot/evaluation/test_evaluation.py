"""evaluation: questions are asked of a release, and their marks become figures."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chatbot.answers.answer import Outcome
from chatbot.evaluation.evaluation import DEPTH, Mark, ask, summarise
from chatbot.evaluation.labels import Group, Label, by_document, by_passage, locate
from chatbot.evaluation.regression_questions import Question, is_right, read_questions
from index.encoder.encoder import Encoder
from index.searcher import Searcher
from index.storage.publish import Releases
from index.storage.release import Release
from tests.conftest import REPORTS
from tests.fake_encoder import FakeEncoder

pytestmark = pytest.mark.usefixtures("few_draws")

NOWHERE = (False,) * DEPTH


def mark(
    group: Group,
    *right: bool,
    rank: int = 0,
    confidence: float = 0.9,
    outcome: Outcome | None = None,
    language: str = "en",
    question: str = "What is it?",
) -> Mark:
    """Return what became of a question; `rank` is where what answers was found, 0 for nowhere."""
    relevant = tuple(place == rank for place in range(1, DEPTH + 1))
    label = Label("q", question, language, group, "d", frozenset({"d"}), ())
    told = outcome or ("answer" if right else "absent")
    return Mark(label, relevant if group == "answerable" else (), told, right, confidence, 5.0)


MARKS = [
    mark("answerable", True, False, rank=1, confidence=0.95),
    mark("answerable", False, True, rank=2, confidence=0.9, question="Who is it?"),
    mark("answerable", False, rank=6, confidence=0.8, language="zh", question="是谁？"),
    mark("answerable", confidence=0.3, question="Why?"),
    mark("impossible", False, confidence=0.85),
    mark("off-collection", confidence=0.2),
    mark("off-collection", False, confidence=0.9, language="zh", question="哪家公司？"),
]


def test_the_figures_are_those_of_the_marks() -> None:
    """Each figure is what counting by hand gives, and its interval holds it."""
    groups = summarise(MARKS).groups
    values = {
        group: {name: figure.value for name, figure in figures.items()}
        for group, figures in groups.items()
    }
    assert values["all"]["right"] == pytest.approx(3 / 7)
    assert values["all"]["p50 ms"] == values["all"]["p95 ms"] == 5.0
    assert values["answerable"] == pytest.approx(
        {
            "R@1": 1 / 4,
            "R@5": 2 / 4,
            "MRR@10": (1 + 1 / 2 + 1 / 6) / 4,
            "nDCG@10": (1 + 0.6309297536 + 0.3562071871) / 4,  # 1 / log2(place + 1)
            "first quotation": 1 / 4,
            "any quotation": 2 / 4,
            "top": 1 / 4,
            "shown": 2 / 4,
            "citation precision": 2 / 5,
            "citation recall": 2 / 3,
            "refused": 1 / 4,
        }
    )
    # Right answers at .95 and .9, wrong ones at .9, .8 and .85; the last two are in one bin.
    error = (abs(2 - 0.95 - 0.9 - 0.9) + abs(0 - 0.8 - 0.85)) / 5
    assert values["answered"] == pytest.approx({"right": 2 / 5, "ECE": error})
    assert values["impossible"]["refused"] == 0
    assert values["impossible"]["AUROC"] == pytest.approx(2 / 4)
    assert values["off-collection"]["refused"] == pytest.approx(1 / 2)
    # Against .2: all four above; against .9: one above, one tie, two below.
    assert values["off-collection"]["AUROC"] == pytest.approx((4 + 1.5) / 8)
    for figures in groups.values():
        for name, figure in figures.items():
            if name != "ECE":
                assert figure.low <= figure.value <= figure.high
    assert groups["answerable"]["R@1"].count == 4


def test_what_is_merely_near_is_refused_and_shown() -> None:
    """Right where nothing answers, wrong where something does; its quotations count apart."""
    near = [
        mark("answerable", True, False, outcome="nearest"),
        mark("answerable", False, True, outcome="nearest"),
        mark("answerable", False, outcome="nearest"),
        mark("answerable", True),
        mark("off-collection", False, outcome="nearest"),
    ]
    assert [each.is_right for each in near] == [False, False, False, True, True]
    report = summarise(near)
    values = {name: each.value for name, each in report.groups["answerable"].items()}
    told = {
        "first quotation": 1 / 4, "any quotation": 1 / 4, "top": 2 / 4, "shown": 3 / 4,
        "citation precision": 1, "citation recall": 1, "refused": 3 / 4,
    }  # fmt: skip
    assert values | told == values
    assert report.groups["off-collection"]["refused"].value == 1
    assert report.groups["answered"]["right"].value == 1
    assert report.languages["en"]["any quotation"].value == 1 / 4


def test_languages_and_kinds_are_told_apart() -> None:
    """Each part has its own figures, the largest first."""
    report = summarise(MARKS)
    assert list(report.languages) == ["en", "zh"]
    assert list(report.kinds) == ["what", "who", "which", "why"]
    assert report.languages["zh"]["right"].value == 0
    assert report.languages["zh"]["right"].count == 2
    assert report.kinds["who"]["any quotation"].value == 1 / 2
    assert "R@1" not in report.kinds["which"]  # nothing in it can be answered


def test_bins_hold_the_confidences() -> None:
    """Answers against what was right; the two kinds of unanswerable questions apart."""
    bins = summarise(MARKS).bins
    assert {group: sum(each.count for each in parts) for group, parts in bins.items()} == {
        "answered": 5, "impossible": 5, "off-collection": 6,
    }  # fmt: skip
    assert bins["off-collection"][9].share == pytest.approx(2 / 3)
    assert bins["answered"][9].share == pytest.approx(2 / 3)
    assert bins["impossible"][3].share == 1


def test_what_was_not_asked_has_no_figure() -> None:
    """A set of one group alone, or none at all, makes a report without the others."""
    only = summarise([mark("off-collection", confidence=0.1)])
    assert only.groups.keys() == {"all", "off-collection"}
    assert only.groups["off-collection"].keys() == {"refused"}
    assert only.bins == {}
    none = summarise([])
    assert (none.questions, none.groups) == (0, {})


def test_a_report_is_data() -> None:
    """It can be written as JSON that any reader takes: no NaN, no infinity."""
    data = json.loads(json.dumps(summarise(MARKS).to_json(), allow_nan=False))
    assert data["groups"]["answerable"]["R@1"]["count"] == 4
    assert data["bins"]["answered"][0] == {
        "low": 0.0, "high": 0.1, "count": 0, "confidence": None, "share": None,
    }  # fmt: skip


def test_a_release_is_asked(published: Releases, encoder: FakeEncoder) -> None:
    """Answers, ranks and confidences are the product's own, each question encoded once."""
    release = Release(published.path(published.live()))
    questions = [
        Question("When was the red bridge built by Ada?", "en", ("in 1999",)),
        Question("What is the recipe for apple pie?", "en", ()),
    ]
    labels = locate(questions, release)
    asked: list[str] = []
    encode = encoder.encode_queries
    counting = FakeEncoder()
    counting.encode_queries = lambda texts: asked.extend(texts) or encode(texts)  # type: ignore
    steps: list[tuple[int, int]] = []
    first, second = ask(
        labels, release, counting, by_passage, lambda done, total: steps.append((done, total))
    )
    assert first.relevant == (True, *NOWHERE[1:])
    assert first.found
    assert first.right[0]
    assert first.is_right
    assert first.milliseconds > 0
    assert (second.found, any(second.right), second.relevant) == (False, False, ())
    assert second.is_right
    assert second.confidence < 0.5 <= first.confidence
    assert steps == [(1, 2), (2, 2)]
    assert len(asked) == len(set(asked)) == 3  # one without its name


def test_a_document_of_two_passages_is_found_once(
    published: Releases, encoder: FakeEncoder
) -> None:
    """By document, a paragraph that was cut in two takes one place of the ranking."""
    release = Release(published.path(published.live()))
    (label,) = locate([Question("Farmers pick green tea in April", "en", ("April",))], release)
    within = replace(label, relevant=frozenset({"bridge.txt"}))
    (found,) = ask([within], release, encoder, by_document)
    assert found.relevant == (False, True, *NOWHERE[2:])


@pytest.fixture(scope="module")
def shipped(report_releases: Releases, real_encoder: Encoder) -> list[Mark]:
    """What becomes of the shipped questions with the real model."""
    release = Release(report_releases.path(report_releases.live()))
    labels = locate(read_questions(REPORTS / "questions.jsonl"), release)
    return ask(labels, release, real_encoder, by_passage)


def test_every_shipped_answer_can_be_found(shipped: list[Mark]) -> None:
    """Each label has its place and its passage; without one no ranking could be right."""
    for each in shipped:
        if each.label.group == "answerable":
            assert each.label.spans, each.label.question
            assert each.label.relevant, each.label.question


def test_the_gate_and_the_evaluation_agree(
    shipped: list[Mark], report_releases: Releases, real_encoder: Encoder
) -> None:
    """What the gate calls right by words, the evaluation calls right by places."""
    from chatbot.answers.answering import answer

    release = Release(report_releases.path(report_releases.live()))
    searcher = Searcher(release, real_encoder)
    questions = read_questions(REPORTS / "questions.jsonl")
    for each, question in zip(shipped[::6], questions[::6], strict=True):
        made = answer(release, lambda: searcher, question.question)
        assert each.is_right is is_right(question, made), question.question
