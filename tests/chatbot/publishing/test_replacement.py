"""replacement: what changes where a document takes another's place."""

from __future__ import annotations

from pathlib import Path

from chatbot.publishing.replacement import compare_entries
from corpus.library import Library, Offer
from corpus.metadata import Facts

BEFORE = "The road\n\nIt is long. It never ends.\n\nNobody knows its age. It is long.\n"


def test_what_goes_and_comes_is_told(tmp_path: Path) -> None:
    """Facts that differ, sentences in their order, one that stood twice and now stands once."""
    library = Library(tmp_path)
    before = library.preview(Offer("road.txt", BEFORE.encode(), Facts(company="Acme")))
    text = "The new road\n\nIt  is long. It ends\nin Lund.\n\nNobody knows its age.\n"
    after = library.preview(Offer("road.txt", text.encode(), Facts(published="2024-02-23")))
    made = compare_entries(before, after)
    assert made.facts == {
        "title": ("The road", "The new road"), "published": ("", "2024-02-23"),
        "company": ("Acme", ""),
    }  # fmt: skip
    assert made.gone == ("The road", "It never ends.", "It is long.")
    assert made.new == ("The new road", "It ends in Lund.")
    assert made.kept == 2
    assert made.passages == (0, 1, 1)
    assert made.changes


def test_the_same_words_are_no_change(tmp_path: Path) -> None:
    """Whatever the white space between them."""
    library = Library(tmp_path)
    before = library.preview(Offer("road.txt", BEFORE.encode()))
    after = library.preview(Offer("Road.txt", BEFORE.replace("is long", "is  long").encode()))
    made = compare_entries(before, after)
    assert (made.changes, made.passages, made.kept) == (False, (1, 0, 0), 5)
