"""A collection comes apart at its companies' headings; every block lies in one case."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.cases import find_cases
from corpus.readers.text import read_text
from corpus.records import Block, Case, Document

WERIDE = "WeRide: Empowering the Fight\n\nIn June, WeRide moved supplies.\n\nPhoto: A minibus"
CAMCE = "CAMCE: Drinking Water in Dhaka\n\nThe plant that CAMCE built is large."
VOLUNTEERS = "POWERCHINA: Public Welfare Abroad\n\nThe volunteers of POWERCHINA help."
SOLAR = "POWERCHINA: Donating Photovoltaic Products\n\nPOWERCHINA donated lamps."
CHINESE = "文远知行：以科技助力公益事业发展\n\n文远知行运送了物资。"
PARTS = (WERIDE, CAMCE, VOLUNTEERS, SOLAR, CHINESE)
INTRODUCTION = "Cases on Green Development\n\nChina promotes responsibility."
PIECES = st.lists(
    st.sampled_from(
        [
            *PARTS,
            "Prose of no company.",
            "A heading",
            "Note: bring water and a hat",
            "Photo: it",
            "长" * 90,
        ]
    ),
    min_size=1,
    max_size=12,
)


def make(
    text: str, title: str = "", company: str = ""
) -> tuple[Document, Sequence[Block], tuple[Case, ...]]:
    """Return the document of a text, its blocks and its cases."""
    reading = read_text(text.encode(), "a.txt")
    document = Document(
        "d" * 12, "a.txt", "", text, title or reading.title or "a", "", "", "", "en", "", ""
    )
    return document, reading.blocks, find_cases(document, reading.blocks, company)


def outline(text: str, title: str = "", company: str = "") -> list[tuple[str, str, str]]:
    """Return kind, title and company of the cases of a text."""
    return [(c.kind, c.title, c.company) for c in make(text, title, company)[2]]


@given(PIECES)
def test_every_block_lies_in_one_case(pieces: list[str]) -> None:
    """Cases are in order and apart, begin and end with a block, and hold every block."""
    document, blocks, cases = make("\n\n".join(pieces))
    held = [[b for b in blocks if c.start <= b.start and b.end <= c.end] for c in cases]
    assert [block for group in held for block in group] == list(blocks)
    for case, group in zip(cases, held, strict=True):
        assert (case.start, case.end) == (group[0].start, group[-1].end)
        assert document.text[case.start : case.end] == case.text
        assert case.document_id == document.id
    assert len({case.id for case in cases}) == len(cases)


@given(st.permutations(PARTS), st.integers(0, 5))
def test_ids_stay_when_cases_are_added_and_moved(parts: list[str], kept: int) -> None:
    """A case's id does not depend on the cases before it or on their order."""
    every = {case.title: case.id for case in make("\n\n".join([INTRODUCTION, *parts]))[2]}
    some = make("\n\n".join([INTRODUCTION, *parts[:kept]]))[2]
    assert {case.title: case.id for case in some}.items() <= every.items()


def test_a_collection_has_an_introduction_and_cases() -> None:
    """Company and title come from each heading; what stands above them is the introduction."""
    assert outline("\n\n".join([INTRODUCTION, *PARTS])) == [
        ("introduction", "Cases on Green Development", ""),
        ("case", "WeRide: Empowering the Fight", "WeRide"),
        ("case", "CAMCE: Drinking Water in Dhaka", "CAMCE"),
        ("case", "POWERCHINA: Public Welfare Abroad", "POWERCHINA"),
        ("case", "POWERCHINA: Donating Photovoltaic Products", "POWERCHINA"),
        ("case", "文远知行：以科技助力公益事业发展", "文远知行"),
    ]


def test_an_id_is_made_of_document_and_title() -> None:
    """The id is the beginning of the SHA-256 of document id and title, so links can be kept."""
    case = make(WERIDE)[2][0]
    words = f"{'d' * 12}\nWeRide: Empowering the Fight"
    assert case.id == hashlib.sha256(words.encode()).hexdigest()[:12]


def test_cases_of_one_title_are_told_apart_by_their_words() -> None:
    """Two cases with one title keep their own ids when they change places; so do equal ones."""
    other = WERIDE.replace("supplies", "people")
    first = {case.text: case.id for case in make(f"{WERIDE}\n\n{other}")[2]}
    assert {case.text: case.id for case in make(f"{other}\n\n{WERIDE}")[2]} == first
    assert len({case.id for case in make(f"{WERIDE}\n\n{WERIDE}")[2]}) == 2


@pytest.mark.parametrize(
    "text",
    [
        "Packing\n\nBring these.\n\nNote: bring water and a hat\n\nPlease Note what is said.",
        "Plan\n\nWe go.\n\nBackground: how it all began\n\nThe Background is long.",
        "Plan\n\nWe go.\n\nPhase 2: the way up there\n\nOf Phase 2 we know all.",
        "Plan\n\nWe go.\n\nSafety: a thing for everyone\n\nSafety is for all.",
        "Plan\n\nWe go.\n\nHuawei: the next twenty years\n\nNobody names it here.",
        "Plan\n\nWe go.\n\nAnna: what do you think?\n\nWell, Anna thinks.",
        "计划\n\n出发。\n\n背景：事情是怎样开始的呢\n\n背景很长。",
        "计划\n\n出发。\n\n第三章：事情是怎样开始的呢\n\n第三章很长。",
        "http://a.b/c\n\nIt is a link.\n\nlower: case is no company's name\n\nIt is lower there.",
    ],
)
def test_other_lines_with_a_colon_open_nothing(text: str) -> None:
    """Labels, dialogue, and names that the text below does not take up leave one case whole."""
    assert [(kind, company) for kind, _, company in outline(text)] == [("case", "")]


@pytest.mark.parametrize(
    ("text", "cases"),
    [
        ("Huawei: the next years\n\nWhat does Huawei do?", [("case", "Huawei")]),
        ("Green Co., Ltd.: the next years\n\nGreen Co., Ltd. is.", [("case", "Green Co., Ltd.")]),
        ("华为：绿色发展之路\n\n华为做了什么？", [("case", "华为")]),
        (f"# {CAMCE}", [("case", "CAMCE")]),
        (f"A title\n\n{CAMCE}", [("case", "CAMCE")]),
        (f"A title\n\nPhoto: it\n\n{CAMCE}\n\n{WERIDE}", [("case", "CAMCE"), ("case", "WeRide")]),
        (f"Words first.\n\n{CAMCE}", [("introduction", ""), ("case", "CAMCE")]),
        (f"CCCME: green growth\n\nBy CCCME.\n\n{CAMCE}", [("introduction", ""), ("case", "CAMCE")]),
    ],
)  # fmt: skip
def test_companies_open_cases(text: str, cases: list[tuple[str, str]]) -> None:
    """A company that its text names opens a case; a title alone above it is part of the case."""
    assert [(kind, company) for kind, _, company in outline(text)] == cases


def test_a_plain_text_is_one_case() -> None:
    """Without such headings the document's title is the case's; a sidecar may name the company."""
    assert outline("My report\n\nIt says.") == [("case", "My report", "")]
    assert outline("It says.", "Given", "WeRide") == [("case", "Given", "WeRide")]
    assert outline(CAMCE, "Given", "WeRide") == [
        ("case", "CAMCE: Drinking Water in Dhaka", "CAMCE")
    ]
    assert outline(CAMCE, "Given", "CAMCE Co., Ltd.") == [
        ("case", "CAMCE: Drinking Water in Dhaka", "CAMCE Co., Ltd.")
    ]
    assert outline(CAMCE, "Given", "CAMCEL")[0][2] == "CAMCE"
