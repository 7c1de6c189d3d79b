"""training.collections: labelled collections, and what is kept apart from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import training.collections
from corpus.library import GLOSSARY
from tests.fake_encoder import FakeEncoder
from training.collections import (
    Collection,
    Texts,
    lay_out,
    list_files,
    open_collection,
    read_collections,
    read_held_cases,
)
from training.question_sets import HELD, is_held

FAR = ["Why do cats purr?", "How long is an egg boiled?"]
LANGUAGES = {
    "en": "The red bridge {} was built in 1999 by Ada. It is long.",
    "zh": "红色的桥{}是艾达在1999年建造的。它很长。",
    "de": "Die rote Brücke {} wurde 1999 von Ada gebaut. Sie ist lang.",
    "es": "El puente rojo {} fue construido en 1999 por Ada. Es largo.",
    "ja": "赤い橋{}は1999年にエイダによって建てられました。とても長いです。",
}


def make_articles(language: str, titles: Sequence[str]) -> dict[str, Any]:
    """Return a set in SQuAD's format: two paragraphs an article, each with one question in vain."""
    articles = []
    for title in titles:
        paragraphs = []
        for number in range(2):
            text = LANGUAGES[language].format(f"{title} {number}")
            right = {"answer_start": text.index("1999"), "text": "1999"}
            paragraphs.append(
                {
                    "context": text,
                    "qas": [
                        {"question": f"When {title} {number}?", "answers": [right]},
                        {"question": f"Why {title}?", "answers": [right], "is_impossible": True},
                    ],
                }
            )
        articles.append({"title": title, "paragraphs": paragraphs})
    return {"data": articles}


def make_case(case_id: str, language: str) -> dict[str, Any]:
    """Return an invented company case of a company whose names have its number."""
    number = case_id.partition("-")[2].zfill(2)
    name = f"Maker{number} Works"
    return {
        "id": case_id,
        "lang": language,
        "title": f"{name} builds",
        "company_en": name,
        "company_zh": f"造桥{number}厂",
        "sentences": [f"{name} built bridge {number}. " for number in range(6)],
        "questions": [
            {
                "question": "Which was the last?",
                "history": [f"What did {name} build?"],
                "gold": [5],
            },
            {"question": "Who paid?", "gold": []},
            {"question": f"What did maker{number} build first?", "gold": [0]},
            {"question": f"造桥{number}厂造了什么？", "gold": [0, 1]},
        ],
    }


CASES = [make_case(f"a-{number}", "zh" if number % 2 else "en") for number in range(30)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few texts of every set, wherever below it."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "below").mkdir()
    held = min(HELD)
    sets = {
        "squad2-half.en": make_articles("en", [held.replace("_", " "), "Mills", "Roads"]),
        "cmrc2018-dev.zh": make_articles("zh", "一二三四"),
        "drcd-dev.zh-Hant": make_articles("zh", "五六"),
        "jaquad-train.ja": make_articles("ja", "abcdefgh"),
        **{
            f"xquad-open.{language}": make_articles(language, ["Boats", "Lamps"])
            for language in ("en", "zh", "de", "es")
        },
    }
    for name, made in sets.items():
        path = folder / "below" / f"{name}.json"
        path.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    lines = "\n".join(json.dumps(case, ensure_ascii=False) for case in CASES)
    for name in ("cases.jsonl", "written.jsonl"):
        (folder / name).write_text(lines + "\n", "utf-8")
    (folder / "far.json").write_text(json.dumps({"en": FAR, "fr": FAR[:1]}), "utf-8")
    return folder


@pytest.fixture(scope="module")
def read(data: Path) -> dict[str, Texts]:
    """Each set, read."""
    return read_collections(data)


@pytest.fixture(scope="module")
def collections(
    read: dict[str, Texts], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Collection]:
    """Each set, opened."""
    work = tmp_path_factory.mktemp("work")
    encoder = FakeEncoder()
    return {name: open_collection(name, each, work, encoder) for name, each in read.items()}


def test_sets_are_read_by_name(data: Path, tmp_path: Path) -> None:
    """Those named and no other, so that the files of the others need not be there."""
    assert list(read_collections(data, ["mixed", "cmrc"])) == ["cmrc", "mixed"]
    files = list_files(data, ["mixed", "cmrc"])
    assert [path.name for path in files] == [
        "cmrc2018-dev.zh.json", "xquad-open.en.json", "xquad-open.zh.json",
    ]  # fmt: skip
    (tmp_path / "cases.jsonl").write_bytes((data / "cases.jsonl").read_bytes())
    assert list(read_collections(tmp_path, ["cases"])) == ["cases"]
    with pytest.raises(SystemExit, match=r"no squad2-half\.en\.json in it; see training/README"):
        read_collections(tmp_path)


def test_every_answer_is_where_it_is_said(collections: dict[str, Collection]) -> None:
    """In its document, letter by letter; who asks in another language asks of the same place."""
    assert list(collections) == [
        "squad", "cmrc", "mixed", "es-de", "drcd", "jaquad", "cases", "swapped", "written",
        "everyday",
    ]  # fmt: skip
    for name, one in collections.items():
        assert one.name == name
        if name in ("swapped", "everyday"):
            continue
        texts = {each.name: each.text for each in one.searcher.release.documents()}
        assert any(labelled.question.answers for labelled in one.asked)
        assert not all(labelled.question.answers for labelled in one.asked)
        for labelled in one.asked:
            for start, words in labelled.question.answers:
                assert texts[labelled.question.document][start : start + len(words)] == words


def test_what_judges_is_in_none(collections: dict[str, Collection]) -> None:
    """Neither an article nor a case that is kept apart; of CMRC's, every other article."""
    squad = collections["squad"].searcher.release.documents()
    assert {document.name for document in squad} == {f"{n:05}.txt" for n in range(2, 6)}
    assert {one.article for one in collections["squad"].asked} == {1, 2}
    cmrc = collections["cmrc"].searcher.release.documents()
    assert {document.name for document in cmrc} == {f"{n:05}.txt" for n in (0, 1, 4, 5)}
    assert {one.article for one in collections["cmrc"].asked} == {0, 1}
    japanese = collections["jaquad"].searcher.release.documents()
    assert {document.name for document in japanese} == {f"{n:05}.txt" for n in (0, 1, 10, 11)}
    assert {one.article for one in collections["jaquad"].asked} == {0, 1}
    assert len(collections["drcd"].asked) == 8
    kept = [number for number, case in enumerate(CASES) if not is_held(case["id"])]
    assert 0 < len(kept) < len(CASES)
    for name in ("cases", "swapped"):
        assert {one.article for one in collections[name].asked} == set(kept)
    assert {one.article for one in collections["written"].asked} == set(range(len(CASES)))


def test_held_cases_are_the_others(data: Path, read: dict[str, Texts]) -> None:
    """All that no set has, with their questions, whose answers are where they are said."""
    texts, asked = read_held_cases(data)
    trained = read["cases"][0]
    assert not texts.keys() & trained.keys()
    assert len(texts) + len(trained.keys() - {GLOSSARY}) == len(CASES)
    assert len(asked) == 4 * len(texts)
    for question in asked:
        for start, words in question.answers:
            assert texts[question.document][start : start + len(words)] == words
    assert sum(bool(question.answers) for question in asked) == 3 * len(texts)


def test_everyday_questions_are_asked_in_vain(read: dict[str, Texts]) -> None:
    """Of the written cases, one after another; the same one in another language goes with it."""
    texts, asked = read["everyday"]
    assert texts == read["written"][0]
    assert [one.question.text for one in asked] == [*FAR, FAR[0]]
    assert [one.article for one in asked] == [0, 1, 0]
    assert not any(one.question.answers for one in asked)


def test_swapped_questions_ask_of_another_company(read: dict[str, Texts]) -> None:
    """By as much of its name as there was of the first one's; nothing answers."""
    texts, asked = read["swapped"]
    assert texts == read["cases"][0]
    numbers = [f"{number:02}" for number in range(len(CASES))]
    forms = ["What did Maker{} build first?", "造桥{}厂造了什么？"]
    counts = [0, 0]
    for labelled in asked:
        assert labelled.question.answers == ()
        for at, form in enumerate(forms):
            named = [one for one in numbers if labelled.question.text == form.format(one)]
            assert named != [numbers[labelled.article]]
            counts[at] += len(named)
    assert counts == [len(read["cases"][0]) - 1] * 2 == [len(asked) // 2] * 2


def test_cases_come_with_a_glossary(read: dict[str, Texts]) -> None:
    """Of the companies' names in both languages, those of cases that judge among them."""
    groups = json.loads(read["cases"][0][GLOSSARY])
    assert groups == [[case["company_en"], case["company_zh"]] for case in CASES]


def test_mixed_paragraphs_are_asked_in_both_languages(collections: dict[str, Collection]) -> None:
    """Every second one is Chinese; the Spanish questions are asked of German paragraphs."""
    mixed = collections["mixed"]
    languages = [document.language for document in mixed.searcher.release.documents()]
    assert languages == ["en", "zh", "en", "zh"]
    assert len(mixed.asked) == 12  # of texts in the other language every second one
    german = collections["es-de"]
    assert german.searcher.release.languages == ["de"]
    assert len(german.asked) == 8


def test_a_case_is_laid_out_in_paragraphs() -> None:
    """Its sentences stand where it is said, four in a paragraph, in Chinese without blanks."""
    for case in (make_case("a-1", "en"), make_case("a-2", "zh")):
        text, starts = lay_out(case)
        assert text.startswith(f"{case['title']}\n\n{case['company_en']} {case['company_zh']}\n\n")
        for start, sentence in zip(starts, case["sentences"], strict=True):
            assert text[start:].startswith(sentence.strip())
        assert text[starts[4] - 2 : starts[4]] == "\n\n"
        assert (text[starts[1] - 1] == " ") is (case["lang"] == "en")


def test_a_follow_up_has_what_it_follows_before_it(collections: dict[str, Collection]) -> None:
    """As the last turn alone would be asked."""
    asked = {one.question.text for one in collections["cases"].asked}
    assert any(
        text.startswith("What did Maker") and text.endswith("? Which was the last?")
        for text in asked
    )
    assert "Who paid?" in asked


def test_the_written_cases_are_whole() -> None:
    """Those that lie in the tree: ids and names once, golds of answerable questions in the text."""
    path = Path(training.collections.__file__).with_name("written.jsonl")
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len({case["id"] for case in cases}) == len(cases) > 100
    for case in cases:
        assert case["title"].strip()
        assert case["company_en"].strip()
        for asked in case["questions"]:
            assert asked["kind"].startswith("absent") == (not asked["gold"])
            assert ("follow-up" in asked["kind"]) <= bool(asked.get("history"))
            assert all(0 <= gold < len(case["sentences"]) for gold in asked["gold"])
            assert asked["question"].strip()
