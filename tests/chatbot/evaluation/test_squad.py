"""squad: files in SQuAD's format are read whole, and what is wrong in them is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.evaluation.labels import Label
from chatbot.evaluation.squad import LARGEST, QuestionSet, hold_out, read_squad
from corpus.errors import DocumentError

BRIDGE = "The red bridge was built in 1999 by Ada. It carries nine trains a day."
TEA = "Green tea grows on the seven hills. Farmers pick it in April by hand."


def ask(identity: str, question: str, context: str, *answers: str, **more: object) -> Any:
    """Return a question with its answers where they first stand in the context."""
    found = [{"text": words, "answer_start": context.find(words)} for words in answers]
    return {"id": identity, "question": question, "answers": found, **more}


def article(*paragraphs: tuple[str, list[Any]]) -> Any:
    """Return an article of paragraphs with their questions."""
    return {"title": "T", "paragraphs": [{"context": c, "qas": qas} for c, qas in paragraphs]}


def write(path: Path, *articles: Any) -> Path:
    """Write a file in SQuAD's format."""
    path.write_text(json.dumps({"version": "v2.0", "data": articles}), "utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two articles: one of a paragraph with an impossible question, one of the other paragraph."""
    return write(
        tmp_path / "set.json",
        article(
            (
                BRIDGE,
                [
                    ask("a", "When was the red bridge built?", BRIDGE, "1999", "in 1999", "1999"),
                    ask("b", "Who painted it?", BRIDGE, is_impossible=True, plausible_answers=[]),
                ],
            )
        ),
        article((TEA, [ask("c", "什么时候采茶？", TEA, "April", is_impossible=False)])),
    )


def test_a_set_is_read(path: Path) -> None:
    """Each paragraph is a text, each question a label with the spans of its answers."""
    found = read_squad(path)
    assert list(found.texts.values()) == [BRIDGE, TEA]
    assert list(found.articles.values()) == [0, 1]
    assert found.left_out == ()
    first, second, third = found.labels
    name, other = found.texts
    assert (first.id, first.language, first.group) == ("a", "en", "answerable")
    assert [BRIDGE[start:end] for _, start, end in first.spans] == ["1999", "in 1999"]
    assert first.relevant == {name}
    assert second.group == "impossible"
    assert not second.relevant
    assert not second.spans
    assert (third.language, third.document) == ("zh", other)
    assert third.relevant == {other}


def test_version_1_needs_no_word_of_the_impossible(tmp_path: Path) -> None:
    """Without `is_impossible`, every question can be answered; ids and titles are as they are."""
    bare = {"paragraphs": [{"context": TEA, "qas": [ask("c", "When?", TEA, "April")]}]}
    assert [label.group for label in read_squad(write(tmp_path / "1.json", bare)).labels] == [
        "answerable"
    ]


def test_equal_paragraphs_are_one_text(tmp_path: Path) -> None:
    """A paragraph that is there twice would otherwise be found in the wrong place."""
    path = write(
        tmp_path / "set.json",
        article((TEA, [ask("a", "When?", TEA, "April")])),
        article((TEA, [ask("b", "Who?", TEA, "Farmers")])),
    )
    found = read_squad(path)
    assert len(found.texts) == 1
    assert len({label.document for label in found.labels}) == 1


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    """No document's text begins with one, so the answers stand one place earlier."""
    marked = "\ufeff" + TEA
    found = read_squad(
        write(tmp_path / "set.json", article((marked, [ask("a", "When?", marked, "April")])))
    )
    assert list(found.texts.values()) == [TEA]
    ((_, start, end),) = found.labels[0].spans
    assert TEA[start:end] == "April"


def test_the_questions_may_be_of_another_file(path: Path, tmp_path: Path) -> None:
    """The n-th question asks, the n-th answers tell; the words of the other paragraphs are not."""
    spanish = write(
        tmp_path / "es.json",
        article(
            (
                "El puente rojo",
                [ask("x", "¿Cuándo?", "", "a"), ask("y", "¿Quién lo pintó?", "", "b")],
            )
        ),
        article(("El té", [ask("z", "¿Cuándo se recoge el té?", "", "c")])),
    )
    found = read_squad(path, spanish)
    assert [label.question for label in found.labels] == [
        "¿Cuándo?", "¿Quién lo pintó?", "¿Cuándo se recoge el té?",
    ]  # fmt: skip
    assert [label.group for label in found.labels] == ["answerable", "impossible", "answerable"]
    assert list(found.texts.values()) == [BRIDGE, TEA]
    assert found.labels[2].language == "es"


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([article((BRIDGE, []))], "2 paragraphs, and 1 in the file of questions"),
        (
            [article((BRIDGE, []), (TEA, []))],
            r"data\[0\].paragraphs\[0\]: 2 questions, and 0 in the file of questions",
        ),
    ],
)
def test_two_files_of_different_shape_are_told(
    path: Path, tmp_path: Path, others: list[Any], words: str
) -> None:
    """Questions are matched by their place, so the places must be the same."""
    with pytest.raises(DocumentError, match=words):
        read_squad(path, write(tmp_path / "others.json", *others))


def test_answers_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    """Each is named with what it says; a question with another answer left is asked, others not."""
    wrong = ask("a", "When?", TEA, "April", "March", "")
    wrong["answers"][0]["answer_start"] -= 1
    right = ask("b", "Who?", TEA, "Farmers")
    right["answers"].append({"text": "Farmers", "answer_start": 10**30})
    empty = ask("c", "Why?", TEA)
    mute = ask("d", " ?! ", TEA, "April")
    path = write(tmp_path / "set.json", article((TEA, [wrong, right, empty, mute])))
    found = read_squad(path)
    assert [label.id for label in found.labels] == ["b"]
    assert len(found.labels[0].spans) == 1
    place = "set.json: data[0].paragraphs[0].qas"
    start = TEA.index("April") - 1
    assert found.left_out == (
        f"{place}[0].answers[0]: 'April' is not at {start} of the paragraph",
        f"{place}[0].answers[1]: 'March' is not at -1 of the paragraph",
        f"{place}[0].answers[2]: '' is not at 0 of the paragraph",
        f"{place}[0]: no answer is left to the question",
        f"{place}[1].answers[1]: 'Farmers' is not at {10**30} of the paragraph",
        f"{place}[2]: no answer is left to the question",
        f"{place}[3]: the question has no words; type a question in any language",
    )


PARAGRAPH = {"context": TEA, "qas": [ask("a", "When?", TEA, "April")]}


def damaged(key: str, value: object = None, inside: str = "") -> Any:
    """Return a file's data with a key of its one paragraph or question taken out or set."""
    paragraph = json.loads(json.dumps(PARAGRAPH))
    record = {"": paragraph, "qas": paragraph["qas"][0]}.get(
        inside, paragraph["qas"][0]["answers"][0]
    )
    del record[key]
    if value is not None:
        record[key] = value
    return {"data": [{"paragraphs": [paragraph]}]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "set.json: not an object"),
        ({}, "set.json: data is missing"),
        ({"data": {}}, "set.json: data is not a list"),
        ({"data": []}, "set.json: no question in it can be asked"),
        ({"data": ["x"]}, "set.json: data[0]: not an object"),
        ({"data": [{}]}, "set.json: data[0]: paragraphs is missing"),
        ({"data": [{"paragraphs": [7]}]}, "data[0].paragraphs[0]: not an object"),
        (damaged("context"), "data[0].paragraphs[0]: context is missing"),
        (damaged("context", 7), "data[0].paragraphs[0]: context is not a text"),
        (damaged("context", "\ud83d" + TEA), "data[0].paragraphs[0]: context holds half a"),
        (damaged("qas"), "data[0].paragraphs[0]: qas is missing"),
        (damaged("id", inside="qas"), "paragraphs[0].qas[0]: id is missing"),
        (damaged("question", inside="qas"), "paragraphs[0].qas[0]: question is missing"),
        (damaged("question", "\ud83d", inside="qas"), "qas[0]: question holds half a"),
        (damaged("answers", inside="qas"), "paragraphs[0].qas[0]: answers is missing"),
        (damaged("answers", [3], inside="qas"), "qas[0].answers[0]: not an object"),
        (damaged("text", inside="answers"), "qas[0].answers[0]: text is missing"),
        (damaged("answer_start", inside="answers"), "answers[0]: answer_start is missing"),
        (damaged("answer_start", "4", inside="answers"), "answer_start is not a whole number"),
        (damaged("answer_start", True, inside="answers"), "answer_start is not a whole number"),
        (damaged("answers", [], inside="qas"), "no question in it can be asked: set.json: data[0]"),
        ({"data": [{"paragraphs": [PARAGRAPH, PARAGRAPH]}]}, "qas[0]: id 'a' is there twice"),
    ],
)
def test_what_is_no_squad_is_told_in_a_line(tmp_path: Path, data: object, words: str) -> None:
    """The file, the place in it and the key."""
    path = tmp_path / "set.json"
    path.write_text(json.dumps(data))
    with pytest.raises(DocumentError) as caught:
        read_squad(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith("set.json: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "set.json: not JSON"),
        (b"{", "set.json: not JSON"),
        (b"\xff\xfe\x00", "set.json: not JSON"),
        (b"[" * 100_000, "set.json: not JSON"),
        (b'{"data": ' + b"9" * 5000 + b"}", "set.json: not JSON"),
        (None, "no such file"),
    ],
)
def test_what_is_no_json_is_told_in_a_line(tmp_path: Path, data: bytes | None, words: str) -> None:
    """So is a file that is not there."""
    path = tmp_path / "set.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(DocumentError, match=words) as caught:
        read_squad(path)
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """Nothing of it comes into memory; nor is a folder read."""
    path = tmp_path / "set.json"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(DocumentError, match=r"set.json: 64 MiB, and 64 are the most"):
        read_squad(path)
    with pytest.raises(DocumentError, match="not a file"):
        read_squad(tmp_path)


def many(articles: int) -> QuestionSet:
    """Return a set of so many articles of one paragraph and one question each."""
    names = [f"{number}.txt" for number in range(articles)]
    labels = tuple(
        Label(
            name, f"What is {name}?", "en", "answerable", name, frozenset({name}), ((name, 0, 4),)
        )
        for name in names
    )
    texts = {name: f"Text of {name}" for name in names}
    return QuestionSet(texts, {name: n for n, name in enumerate(names)}, labels, ())


@given(articles=st.integers(2, 30), share=st.floats(0.01, 0.99), seed=st.integers(0, 5))
def test_articles_are_held_out_whole(articles: int, share: float, seed: int) -> None:
    """At least one is out and one in; every question stays, and those of what is out have none."""
    whole = many(articles)
    rest = hold_out(whole, share, seed)
    assert 1 <= len(rest.texts) < articles
    assert abs((articles - len(rest.texts)) - share * articles) <= 1
    assert rest.texts.items() <= whole.texts.items()
    assert [label.id for label in rest.labels] == [label.id for label in whole.labels]
    for before, after in zip(whole.labels, rest.labels, strict=True):
        if after.document in rest.texts:
            assert after == before
        else:
            assert after.group == "off-collection"
            assert not after.relevant
            assert not after.spans
    assert hold_out(whole, share, seed) == rest


def test_the_seed_decides_what_is_held_out(path: Path) -> None:
    """Another seed, other articles; one article alone cannot be."""
    outs = {tuple(hold_out(many(20), 0.3, seed).texts) for seed in range(5)}
    assert len(outs) == 5
    with pytest.raises(DocumentError, match="one article alone"):
        hold_out(many(1), 0.5, 0)
    assert {label.group for label in hold_out(read_squad(path), 0.5, 0).labels} >= {
        "off-collection"
    }
