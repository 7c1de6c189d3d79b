"""corpus.glossary: names put as the texts have them."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.glossary import Glossary, fold_signs
from corpus.library import Library
from tests.conftest import REPORTS

GROUPS = [
    ["WeRide", "文远知行"],
    ["POWERCHINA", "中国电建", "Power China"],
    ["C?te d'Ivoire", "Côte d'Ivoire", "Cote d'Ivoire", "Ivory Coast"],
    ["SASAC", "国资委", "国务院国资委"],
]


@pytest.mark.parametrize(
    ("question", "translated"),
    [
        ("文远知行做了什么？", " WeRide 做了什么？"),
        ("What happens in IVORY COAST?", "What happens in C?te d'Ivoire?"),
        ("power china's lights", "POWERCHINA's lights"),
        ("manpower chinaware", "manpower chinaware"),
        ("国务院国资委何时发布？", " SASAC 何时发布？"),
        ("nothing of it", "nothing of it"),
        ("Côte d'Ivoire and Cote d'Ivoire", " C?te d'Ivoire  and C?te d'Ivoire"),
        ("Côte d’Ivoire", " C?te d'Ivoire "),
        ("文遠知行做了什麼？", " WeRide 做了什麼？"),
        ("ＰＯＷＥＲ　ｃｈｉｎａ和國務院國資委", " POWERCHINA 和 SASAC "),
        ("ßﬁ㍿: 文遠知行在哪裡？", "ßﬁ㍿:  WeRide 在哪裡？"),  # their folds are longer
    ],
)
def test_names_become_the_first_of_their_group(question: str, translated: str) -> None:
    """Whole names are replaced, the longest first, in any case, and parts of words are not."""
    assert Glossary(GROUPS).translate(question) == translated


@pytest.mark.parametrize(
    ("held", "question", "translated"),
    [
        ({"文远知行"}, "What did WeRide do?", "What did 文远知行 do?"),
        ({"文远知行"}, "文远知行做了什么？", "文远知行做了什么？"),
        ({"文远知行", "WeRide"}, "文远知行做了什么？", "文远知行做了什么？"),
        ({"文远知行", "WeRide"}, "What did weride do?", "What did WeRide do?"),
        (set(), "文远知行做了什么？", "文远知行做了什么？"),
        (set(), "What did weride do?", "What did WeRide do?"),
        ({"Power China"}, "中国电建在哪里？", " Power China 在哪里？"),
        ({"文远知行"}, "文遠知行在哪裡？", " 文远知行 在哪裡？"),
    ],
)
def test_names_that_the_texts_have_are_used(held: set[str], question: str, translated: str) -> None:
    """The one that was asked for first, then the first of the group that there is."""
    assert Glossary(GROUPS).translate(question, held.__contains__) == translated


def test_a_name_has_those_of_its_group() -> None:
    """All of them, whichever it is; another name has itself."""
    glossary = Glossary(GROUPS)
    assert (
        glossary.list_alike("文远知行") == glossary.list_alike("weride") == ("WeRide", "文远知行")
    )
    assert glossary.list_alike("Nobody Ltd") == ("Nobody Ltd",)


def test_all_names_of_a_group_are_one() -> None:
    """For filters: whatever the script or the case, and a name of no group is itself."""
    glossary = Glossary(GROUPS)
    assert glossary.unify("文远知行") == glossary.unify("WERIDE") == "weride"
    assert glossary.unify("Nobody Ltd") == "nobody ltd"


@pytest.mark.parametrize("turn", [1, -1])
def test_a_company_in_two_groups_is_one(turn: int) -> None:
    """Where the first name of one stands in the other, in any order."""
    groups = [["WeRide", "文远知行"], ["文遠知行", "Guangzhou WeRide"], ["ＷＥＲＩＤＥ", "Wenyuan"]]
    glossary = Glossary(groups[::turn])
    alike = {name for group in groups for name in group}
    assert all(set(glossary.list_alike(name)) == alike for name in alike)
    assert {glossary.unify(name) for name in alike} == {groups[::turn][0][0].casefold()}


@pytest.mark.parametrize("turn", [1, -1])
def test_a_name_of_two_companies_is_both(turn: int) -> None:
    """All names are alike by it, none stands for it, and the companies stay apart, in any order."""
    groups = [["SAIC Motor", "上汽集团", "上汽"], ["SAIC Volkswagen", "上汽大众", "上汽"]]
    glossary = Glossary(groups[::turn])
    alike = {name for group in groups for name in group}
    assert set(glossary.list_alike("上汽")) == alike
    assert glossary.list_alike("上汽集团") == ("SAIC Motor", "上汽集团", "上汽")
    assert glossary.list_alike("SAIC VOLKSWAGEN") == ("SAIC Volkswagen", "上汽大众", "上汽")
    assert glossary.translate("上汽和上汽大众") == "上汽和 SAIC Volkswagen "
    assert glossary.translate("上汽做什么？", {"上汽大众"}.__contains__) == " 上汽大众 做什么？"
    assert len({glossary.unify(each) for each in ("SAIC Motor", "SAIC Volkswagen", "上汽")}) == 3


def test_a_name_said_twice_in_a_group_is_one() -> None:
    """However it is written."""
    glossary = Glossary([["WeRide", "WERIDE", "文远知行", "文遠知行"]])
    assert glossary.translate("weride与文遠知行") == "WeRide与 WeRide "


def test_thousands_of_names_are_found_in_milliseconds() -> None:
    """A question of any kind and of the greatest length takes as long with twenty times as many."""
    signs = "中国电建集团公司天津北京上海新能源科技"
    names = ["".join(each) for each in itertools.islice(itertools.permutations(signs, 5), 2500)]
    groups = [[f"Works {number} of {name}", name] for number, name in enumerate(names)]
    few, many = Glossary(groups[:125]), Glossary(groups)
    for question in ("上海新能源" * 400, "works 17 of it " * 133, "中" * 2000, "Ａ😀" * 1000):
        spent = []
        for glossary in (few, many):
            before = time.thread_time()
            for _ in range(10):
                glossary.translate(question)
            spent.append((time.thread_time() - before) / 10)
        assert spent[1] < 4 * spent[0] + 0.004  # looking for each name, it was 20 times


def test_the_shipped_names_stand_in_one_group_each() -> None:
    """No name is put as two others, and none as the first of another group."""
    groups = Library(REPORTS).glossary()
    names = [name.casefold() for group in groups for name in group]
    assert sorted(names) == sorted(set(names))
    glossary = Glossary(groups)
    assert all(glossary.translate(name).strip() == group[0] for group in groups for name in group)


@given(
    question=st.text("Aa’'ａßK中國国ﬁ ,") | st.text(),
    groups=st.lists(st.lists(st.text("Aa’'ａßK中國国ﬁ", min_size=1), min_size=2), max_size=5),
)
def test_whatever_is_asked_is_put(question: str, groups: list[list[str]]) -> None:
    """Nothing but names is touched, and what is alike is so mutually; in any glossary."""
    glossary = Glossary(groups)
    put = glossary.translate(question, lambda _: False)  # each as the glossary spells it
    assert fold_signs(put).replace(" ", "") == fold_signs(question).replace(" ", "")
    for name in glossary.names:
        for alike in glossary.list_alike(name):
            assert fold_signs(name) in map(fold_signs, glossary.list_alike(alike))


@given(question=st.text())
def test_no_glossary_changes_nothing(question: str) -> None:
    """Without groups a question stays as it is."""
    assert Glossary([]).translate(question) == question


@pytest.mark.parametrize(
    ("question", "widened"),
    [
        ("What did SANY do?", "What did SANY (三一重工) do?"),
        ("三一重工做了什么？", "三一重工 (SANY)做了什么？"),
        ("Ivory Coast", "Ivory Coast (C?te d'Ivoire, 科特迪瓦)"),
        ("科特迪瓦", "科特迪瓦 (C?te d'Ivoire)"),
        ("Who is it?", "Who is it?"),
    ],
)
def test_a_question_is_widened_by_other_names(question: str, widened: str) -> None:
    """The first of the group and the first in the other script stand behind a name."""
    glossary = Glossary([["SANY", "三一重工"], ["C?te d'Ivoire", "Ivory Coast", "科特迪瓦"]])
    assert glossary.widen(question) == widened
    assert glossary.find(question) == [name for name in glossary.names if name in question]
