"""labels: what a question asks for, where its answers stand, which ones are drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answers.answer import Citation
from chatbot.evaluation.labels import Label, find_kind, locate, sample
from chatbot.evaluation.regression_questions import Question, is_right
from index.storage.publish import Releases
from index.storage.release import Release
from tests.chatbot.evaluation.test_regression_questions import CITATION, say


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who built the bridge?", "who"),
        ("Whose idea was it?", "who"),
        ("When did it open?", "when"),
        ("In what year did it open?", "when"),
        ("Which date was that?", "when"),
        ("What was built where the river bends?", "what"),
        ("Where does the tea grow?", "where"),
        ("How many trains cross it?", "how many"),
        ("How long is it?", "how many"),
        ("How did they build it?", "other"),
        ("Why was it painted red?", "why"),
        ("Which company paid?", "which"),
        ("WHAT IS THAT?", "what"),
        ("The bridge was built by whom?", "who"),
        ("Name the bridge.", "other"),
        ("Is whatever it was known somewhere?", "other"),
        ("桥是谁建的？", "who"),
        ("这座桥是什么时候建的？", "when"),
        ("哪一年通车？", "when"),
        ("2008年几月通车？", "when"),
        ("每天有多少列火车？", "how many"),
        ("有几列火车？", "how many"),
        ("茶长在哪里？", "where"),
        ("他们去了什么地方？", "where"),
        ("为什么是红色？", "why"),
        ("哪家公司付的钱？", "which"),
        ("这是什么桥？", "what"),
        ("桥是怎样建成的？", "other"),
        ("¿Quién lo pintó?", "other"),
    ],
)
def test_the_question_word_decides(question: str, kind: str) -> None:
    """In English and Chinese; the first word counts, not a longer word that holds one."""
    assert find_kind(question) == kind


def test_answers_are_found_in_the_release(published: Releases) -> None:
    """Every place where the words stand, whatever the white space, and the passages around them."""
    release = Release(published.path(published.live()))
    texts = {document.name: document.text for document in release.documents()}
    questions = [
        Question("When?", "en", ("in\n 1999", "in  April", "April by")),
        Question("How many?", "en", ("the",)),
        Question("Who?", "en", ()),
        Question("Why?", "en", ("nowhere said",)),
    ]
    when, many, who, why = locate(questions, release)
    assert [texts[name][start:end] for name, start, end in when.spans] == [
        "in 1999", "in April", "April by",
    ]  # fmt: skip
    assert [name for name, _, _ in when.spans] == ["bridge.txt", "tea.txt", "tea.txt"]
    assert len(when.relevant) == 2
    assert len(many.spans) == sum(text.count("the") for text in texts.values()) > 1
    assert (who.group, why.group) == ("off-collection", "answerable")
    for label in (who, why):
        assert not label.spans
        assert not label.relevant


LABEL = Label("q", "q", "en", "answerable", "d.txt", frozenset({"d.txt"}), (("d.txt", 10, 14),))


@pytest.mark.parametrize(
    ("document", "start", "end", "held"),
    [
        ("d.txt", 0, 20, True),
        ("d.txt", 10, 14, True),
        ("d.txt", 11, 20, False),
        ("d.txt", 0, 13, False),
        ("e.txt", 0, 20, False),
    ],
)
def test_a_quotation_holds_an_answer_whole(document: str, start: int, end: int, held: bool) -> None:
    """In its document and its place; a part of it is no answer."""
    citation: Citation = replace(CITATION, document=document, start=start, end=end)
    assert LABEL.is_held_by(citation) is held
    assert not replace(LABEL, spans=()).is_held_by(citation)


def test_places_judge_as_words_do(published: Releases) -> None:
    """Where the words stand once, holding them in place is what the gate calls right."""
    release = Release(published.path(published.live()))
    question = Question("When?", "en", ("built in 1999",))
    (label,) = locate([question], release)
    for passage, _, document in (release.row(row) for row in range(release.count)):
        for sentence in passage.sentences:
            citation = replace(
                CITATION, document=document.name, start=sentence.start, end=sentence.end
            )
            assert label.is_held_by(citation) is is_right(question, say(sentence.text))


IDS = st.lists(st.text(max_size=5), unique=True, max_size=30)


@given(ids=IDS, limit=st.integers(1, 10), seed=st.integers(0, 3))
def test_a_sample_is_drawn_by_hash(ids: list[str], limit: int, seed: int) -> None:
    """As many as asked for, in order; the same whatever the order, and growing with the limit."""
    labels = [replace(LABEL, id=name) for name in ids]
    drawn = sample(labels, limit, seed)
    assert len(drawn) == min(limit, len(ids))
    assert drawn == [label for label in labels if label in drawn]
    turned = sample(labels[::-1], limit, seed)
    assert {label.id for label in turned} == {label.id for label in drawn}
    assert {label.id for label in drawn} <= {label.id for label in sample(labels, limit + 1, seed)}


def test_the_seed_decides_the_sample() -> None:
    """Another seed draws others, and what is drawn is not what comes first."""
    labels = [replace(LABEL, id=str(number)) for number in range(100)]
    drawn = {tuple(label.id for label in sample(labels, 10, seed)) for seed in range(5)}
    assert len(drawn) == 5
    assert tuple(label.id for label in labels[:10]) not in drawn
