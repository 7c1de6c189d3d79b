"""corpus.language.stems: words that compare alike, in whichever script and spelling."""

from __future__ import annotations

import pytest

from corpus.language.stems import fold, list_stems


def test_stems_are_first_letters_and_pairs_of_signs() -> None:
    """Words give five letters at most, numbers all their digits, Chinese its pairs."""
    assert list_stems("Robotaxis in 2023: 水厂项目") == [
        "robot",
        "in",
        "2023",
        "水厂",
        "厂项",
        "项目",
    ]
    assert list_stems("水 ... !") == ["水"]
    assert list_stems("") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("廣州的無人車", "广州的无人车"),
        ("帕德瑪水廠", "帕德玛水厂"),
        ("ＷｅＲｉｄｅ １２３", "WeRide 123"),
        ("臺灣", "台湾"),
    ],
)
def test_either_script_has_the_same_stems(one: str, other: str) -> None:
    """Traditional signs are compared as simplified ones, full width as half."""
    assert list_stems(one) == list_stems(other)
    assert fold(one) == fold(other)
