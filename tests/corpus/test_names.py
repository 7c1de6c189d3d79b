"""corpus.names: any name becomes one that every file system takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.names import is_document, make_name


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("road.txt", "road.txt"),
        ("Road to Lund 2021.TXT", "Road-to-Lund-2021.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\cases\\road.txt", "road.txt"),
        ("a/b/road.txt", "road.txt"),
        ("水厂 案例.txt", "水厂-案例.txt"),
        ("road\x00\x07\u202e.txt", "road.txt"),
        ("...txt", "document.txt"),
        ("", "document.txt"),
        ("README.txt", "document-README.txt"),
        ("CON.txt", "document-CON.txt"),
        ("cafe\u0301.txt", "caf\u00e9.txt"),
        ("water.plant.txt", "water.plant.txt"),
        ("road", "road.txt"),
        ("a?b<c>|d.txt", "a-b-c-d.txt"),
        ("caf\udce9.txt", "caf.txt"),
    ],
)
def test_a_name_is_made_safe(given: str, wanted: str) -> None:
    """Folders, control characters, blanks and reserved words go; the rest stays."""
    assert make_name(given, ".txt") == wanted


def test_long_names_stay_apart() -> None:
    """Three hundred characters are cut, and two that differ at the end stay two."""
    names = {make_name("水" * 299 + end + ".txt", ".txt") for end in "ab"}
    assert len(names) == 2
    assert all(len(name.encode()) <= 124 for name in names)


@given(st.text(max_size=200))
def test_every_name_is_a_documents(given: str) -> None:
    """Whatever is given, the name is one path part, a document's, and made again is the same."""
    name = make_name(given, ".txt")
    assert is_document(name)
    assert "/" not in name
    assert "\\" not in name
    assert name.isprintable()
    assert len(name.encode("utf-8")) <= 124
    assert make_name(name, ".txt") == name
