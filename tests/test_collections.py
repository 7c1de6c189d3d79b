"""benchmarks.collections: labelled collections, and what is kept apart from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.collections import Collection, lay_out, open_collections
from tests.fake_encoder import FakeEncoder
from training.question_sets import HELD, is_held

LANGUAGES = {
    "en": "The red bridge {} was built in 1999 by Ada. It is long.",
    "zh": "红色的桥{}是艾达在1999年建造的。它很长。",
    "de": "Die rote Brücke {} wurde 1999 von Ada gebaut. Sie ist lang.",
    "es": "El puente rojo {} fue construido en 1999 por Ada. Es largo.",
}


def make_articles(language: str, titles: list[str]) -> dict[str, Any]:
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
    """Return an invented company case."""
    name = case_id.replace("-", "")
    return {
        "id": case_id,
        "lang": language,
        "title": f"{name} builds",
        "company_en": name,
        "company_zh": "",
        "sentences": [f"{name} built bridge {number}. " for number in range(6)],
        "questions": [
            {
                "question": "Which was the last?",
                "history": [f"What did {name} build?"],
                "gold": [5],
            },
            {"question": "Who paid?", "gold": []},
        ],
    }


CASES = [make_case(f"a-{number}", "zh" if number % 2 else "en") for number in range(30)]


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Collection]:
    """Each set with a few texts, opened."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "below").mkdir()
    held = min(HELD)
    sets = {
        "squad2-half.en": make_articles("en", [held.replace("_", " "), "Mills", "Roads"]),
        "cmrc2018-dev.zh": make_articles("zh", ["一", "二", "三", "四"]),
        **{
            f"xquad-open.{language}": make_articles(language, ["Boats", "Lamps"])
            for language in LANGUAGES
        },
    }
    for name, data in sets.items():
        path = folder / "below" / f"{name}.json"
        path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    lines = "\n".join(json.dumps(case, ensure_ascii=False) for case in CASES)
    (folder / "cases.jsonl").write_text(lines + "\n", "utf-8")
    said: list[str] = []
    work = tmp_path_factory.mktemp("work")
    opened = list(open_collections(folder, work, FakeEncoder(), said.append))
    assert said[0] == "squad: 4 documents, 8 questions"
    assert len(said) == 5
    return {one.name: one for one in opened}


def test_every_answer_is_where_it_is_said(collections: dict[str, Collection]) -> None:
    """In its document, letter by letter; who asks in another language asks of the same place."""
    assert list(collections) == ["squad", "cmrc", "mixed", "es-de", "cases"]
    for one in collections.values():
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
    kept = [number for number, case in enumerate(CASES) if not is_held(case["id"])]
    assert 0 < len(kept) < len(CASES)
    assert {one.article for one in collections["cases"].asked} == set(kept)


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
        assert text.startswith(f"{case['title']}\n\n{case['company_en']}\n\n")
        for start, sentence in zip(starts, case["sentences"], strict=True):
            assert text[start:].startswith(sentence.strip())
        assert text[starts[4] - 2 : starts[4]] == "\n\n"
        assert (text[starts[1] - 1] == " ") is (case["lang"] == "en")


def test_a_follow_up_has_what_it_follows_before_it(collections: dict[str, Collection]) -> None:
    """As the last turn alone would be asked."""
    asked = {one.question.text for one in collections["cases"].asked}
    assert any(
        text.startswith("What did a") and text.endswith("? Which was the last?") for text in asked
    )
    assert "Who paid?" in asked
