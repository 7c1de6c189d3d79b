"""chatbot.answers.question_input: what is asked, cleaned or refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answers.question_input import LENGTH, choose_language, clean_question, select_cases
from corpus.errors import FilterError, QuestionError
from corpus.library import Library
from index.build import build
from index.storage.publish import Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder


@pytest.mark.parametrize("question", ["", "  \n\t ", "???", "😀😀", "\u202e\u200b", "\0\0", "。。"])
def test_without_words_nothing_is_asked(question: str) -> None:
    """What holds no letter or digit is refused with the mend."""
    with pytest.raises(QuestionError, match="type a question"):
        clean_question(question)


def test_a_long_question_is_refused() -> None:
    """10,000 characters are told to be too many; the limit itself is not."""
    with pytest.raises(QuestionError, match="10000 characters"):
        clean_question("a" * 10_000)
    assert clean_question("a" * LENGTH)


@given(question=st.text(max_size=200))
def test_a_clean_question_is_harmless(question: str) -> None:
    """What is left has no control or direction characters and stays as it is when cleaned again."""
    try:
        cleaned = clean_question(question)
    except QuestionError:
        return
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean_question(cleaned) == cleaned


def test_markup_and_code_are_words() -> None:
    """HTML and SQL are asked as they stand."""
    for question in ("<script>alert(1)</script>", "'; DROP TABLE cases; --"):
        assert clean_question(question) == question


def test_framing_follows_the_question() -> None:
    """Chinese is framed in Chinese, anything else in English."""
    assert choose_language("WeRide做了什么？") == "zh"
    assert choose_language("¿Quién?") == choose_language("これは何") == "en"


def test_filters_select_cases(published: Releases) -> None:
    """Every key narrows, any value of a key serves, case does not matter, none means all."""
    release = Release(published.path(published.live()))
    cases = release.cases()
    ids = [case.id for case, _ in cases]
    assert select_cases(release, None) is None
    assert select_cases(release, {"case_id": []}) is None
    assert select_cases(release, {"case_id": [ids[1].upper()]}) == {1}
    assert select_cases(release, {"case_id": ids, "document_id": [cases[0][1].id]}) == {0}
    assert select_cases(release, {"language": ["en"]})


def test_a_company_is_filtered_by_any_of_its_names(library: Library, releases: Releases) -> None:
    """The glossary's other names select the company's cases too."""
    text = "Ada Works: A red bridge\n\nAda Works built the red bridge. It carries nine trains.\n"
    (library.folder / "bridge.txt").write_text(text, "utf-8")
    (library.folder / "glossary.json").write_text('[["Ada Works", "阿达公司"]]', "utf-8")
    build(library, releases, FakeEncoder())
    release = Release(releases.path(releases.live()))
    assert select_cases(release, {"company": ["阿达公司"]}) == {0}
    assert select_cases(release, {"company": ["ADA WORKS"]}) == {0}


def test_a_name_of_two_companies_filters_both(library: Library, releases: Releases) -> None:
    """The name that the glossary has for each gives the cases of both, another its company's."""
    for name in ("Ada Works", "Eno Works"):
        text = f"{name}: A red bridge\n\n{name} built the red bridge. It carries nine trains.\n"
        (library.folder / f"{name[:3]}.txt").write_text(text, "utf-8")
    groups = '[["Ada Works", "阿达公司", "红桥"], ["Eno Works", "红桥"]]'
    (library.folder / "glossary.json").write_text(groups, "utf-8")
    build(library, releases, FakeEncoder())
    release = Release(releases.path(releases.live()))
    names = [case.company for case, _ in release.cases()]
    for value, companies in {
        "紅橋": {"Ada Works", "Eno Works"},
        "阿達公司": {"Ada Works"},
        "ＥＮＯ　Works": {"Eno Works"},
    }.items():
        left = select_cases(release, {"company": [value]})
        assert left is not None
        assert {names[number] for number in left} == companies


@pytest.mark.parametrize(
    "filters", [{"colour": ["red"]}, {"company": ["Nobody"]}, {"case_id": [""]}, {"company": [""]}]
)
def test_unknown_filters_are_named(published: Releases, filters: dict[str, list[str]]) -> None:
    """A key that does not exist, and a value that no case has, are told with what there is."""
    release = Release(published.path(published.live()))
    with pytest.raises(FilterError, match="use one of"):
        select_cases(release, filters)
