"""index.search.names: the names of a question, and whether texts hold them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.language.stems import fold
from corpus.library import Library
from index.build import build
from index.search.names import find_known, find_names, holds, leave_out, occurs
from index.storage.publish import Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did WeRide do in Abu Dhabi?", ["WeRide", "Abu", "Dhabi"]),
        ("Who is the CEO of BYD?", ["CEO", "BYD"]),
        ("Huawei is where?", []),  # begins the sentence, and so may be any word
        ("What is POWERCHINA's revenue?", ["POWERCHINA"]),
        ("POWERCHINA 的董事长是谁？", ["POWERCHINA"]),
        ("Padma 水厂每天生产多少吨水？", ["Padma"]),
        ("WeRide的无人车和Padma水厂", ["WeRide", "Padma"]),
        ("WHO BUILT THE BRIDGE?", []),
        ("Wer hat die Brücke gebaut, und was kostet das Wasserwerk?", []),
        ("Wo sitzt WeRide?", ["WeRide"]),
        ("¿Quién vive en Panamá?", ["Panamá"]),
        ("Кто построил WeRide?", ["WeRide"]),
        ("Кто живёт в Бангладеш?", []),  # in another script: not to be compared
        ("how many people benefit?", []),
    ],
)
def test_names_are_told_by_their_letters(question: str, names: list[str]) -> None:
    """A capital in a word, or at its head within a sentence; any Latin word in other scripts."""
    assert find_names(question) == names


def test_known_names_come_first_and_whole() -> None:
    """A name of the glossary is one, in any script, and so are not the words it is made of."""
    assert find_names("Was Great Wall Motor in Kano?", ["Great Wall Motor"]) == [
        "Great Wall Motor", "Kano",
    ]  # fmt: skip
    assert find_names("唐文粹是谁编的？", ["唐文粹", "别的"]) == ["唐文粹"]
    assert find_names("Who leads the Green Coalition?", ["Gree"]) == ["Green", "Coalition"]
    assert find_names("格力Gree是谁的？", ["Gree", ""]) == ["Gree"]


def test_known_names_are_found_as_they_are_spelled() -> None:
    """In the order of those that are known, whole, and each once."""
    known = ["Gree", "Ada", "格力", "Gree"]
    assert find_known("Ada of 格力 and Gree", known) == ["Gree", "Ada", "格力"]
    assert find_known("Adas green", known) == []


def test_a_language_that_is_known_decides() -> None:
    """Where a question in German is told to be English, as names of it were put in, and back."""
    question = "Was hat die Firma in Kenia gebaut?"
    assert find_names(question) == []
    assert find_names(question, (), "en") == ["Firma", "Kenia"]


def test_names_are_compared_without_case_and_accents() -> None:
    """As words or their beginnings, as a plural or a case may follow."""
    text = fold("Panama’s beaches; the C?te d’Ivoire; WeRiders")
    assert holds(text, "Panamá")
    assert holds(text, "WeRide")
    assert not holds(text, "Ride")


def test_a_short_name_that_is_known_begins_no_other_word() -> None:
    """Gree is not green; Iran, a guessed name, may be Iranian. Chinese has no blanks."""
    text = fold("Green products; the Iranian BBC电视台; Gree's, BYDs")
    assert not holds(fold("Green products"), "Gree", known=True)
    assert holds(text, "Gree", known=True)
    assert holds(text, "BYD", known=True)
    assert holds(text, "BBC", known=True)
    assert holds(text, "Iran")
    assert holds("格力电器", "格力", known=True)
    assert holds("他们在肯尼亚", "肯尼亚", known=True)
    assert holds(fold("广州的WeRide公司"), "WeRide", known=True)
    assert not holds(fold("在BigKenya机场"), "Kenya")


def test_the_rest_of_a_question_asks() -> None:
    """Names are left out with their possessive; a question of nothing else stays whole."""
    assert leave_out("What is WeRide's stock price?", ["WeRide"]) == "What is stock price?"
    assert leave_out("WeRide?", ["WeRide"]) == "WeRide?"
    assert leave_out("Is Gree green or Greek?", ["Gree"]) == "Is green or Greek?"


def test_a_release_holds_what_its_texts_name(published: Releases) -> None:
    """In any passage; what stands in none is absent, though its chunk be found by it."""
    release = Release(published.path(published.live()))
    assert occurs(release, "Ada")
    assert not occurs(release, "Huawei")
    assert occurs(release, "red bridge")
    assert not occurs(release, "blue river")  # both are there, and not together
    assert not occurs(release, "north")  # stands in the title of the case alone
    assert occurs(release, "Farme")
    assert not occurs(release, "Farms", known=True)


def test_a_name_in_many_chunks_is_there(
    published: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where more chunks hold its stems than are looked into, none of them is."""
    monkeypatch.setattr("index.search.names._READ", 0)
    assert occurs(Release(published.path(published.live())), "blue river")


@pytest.fixture
def mixed(library: Library, releases: Releases, encoder: FakeEncoder) -> Release:
    """The small library with two cases of one company, in Chinese and in English."""
    groups = [["SANY", "三一重工"], ["Brazil", "巴西"], ["Peru", "秘鲁"], ["WeRide", "文远知行"]]
    (library.folder / "glossary.json").write_text(json.dumps(groups), "utf-8")
    (library.folder / "sany.txt").write_text(
        "绿色案例集\n\n三一重工：推广安静的电动卡车\n\n三一重工的卡车在巴西巴伊亚州运行。当地的空气更好了。"
        "肯\u200b尼亞的車隊也換上了這種卡車。\n",
        "utf-8",
    )
    (library.folder / "more.txt").write_text(
        "More cases\n\nSANY: The quiet crane\n\nThe crane of SANY works at night.\n"
        "\nWeRide: The empty bus\n\nThe bus of WeRide drives all day long.\n",
        "utf-8",
    )
    build(library, releases, encoder)
    return Release(releases.path(releases.live()))


def test_a_name_is_had_inside_other_signs(mixed: Release) -> None:
    """Without blanks it may stand anywhere, in either script, with signs in it that nobody sees."""
    assert occurs(mixed, "巴西")
    assert occurs(mixed, "肯尼亚")
    assert occurs(mixed, "肯尼亞")
    assert occurs(mixed, "巴西巴伊亞")
    assert not occurs(mixed, "巴伊亚西")
    assert occurs(mixed, "秘")  # one sign tells nothing
    assert occurs(mixed, "巴伊亚")
    assert not occurs(mixed, "秘鲁")
    assert occurs(mixed, "三一重工")


@given(question=st.text(max_size=200), known=st.lists(st.text(max_size=5), max_size=3))
@example(question="A:À", known=["A:À", "A:À"])
def test_names_of_anything(question: str, known: list[str]) -> None:
    """Whatever is asked: every name stands in it, each once, and leaving them out leaves words."""
    names = find_names(question, known)
    assert len(names) == len(set(names))
    assert all(name in question for name in names)
    left = leave_out(question, names)
    assert left == question or any(sign.isalnum() for sign in left)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("what did they build in botswana?", ["botswana"]),
        ("WHAT DID THEY BUILD IN BOTSWANA?", ["BOTSWANA"]),
        ("What was built in Botswana?", ["Botswana"]),
        ("¿qué construyeron en alemania?", ["alemania"]),
        ("who owns a nice chad of cheese?", []),
    ],
)
def test_a_country_is_a_name_however_it_is_written(question: str, names: list[str]) -> None:
    """Once; not a short one that is a word too."""
    assert find_names(question) == names
