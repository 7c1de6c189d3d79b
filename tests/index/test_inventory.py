"""index.inventory: a list of the library that reads only what the live release does not tell."""

from __future__ import annotations

import pytest

from corpus.library import Library, Offer
from corpus.metadata import Facts
from index import inventory as holdings
from index.inventory import list_holdings, summarize
from index.storage.publish import Releases


def test_what_the_live_release_tells_is_not_read(
    library: Library, published: Releases, reads: list[str]
) -> None:
    """New, edited and described documents are read; all are as reading would have them."""
    assert [found.name for found in list_holdings(library, published)[0]] == list(library.names())
    assert reads == []
    first, second = library.names()[:2]
    library.add(Offer("new.txt", b"A new case is here. It works."))
    library.add(Offer(first, b"Another text is here. It works."))
    library.describe(second, Facts(company="Acme"))
    (library.folder / "bad.txt").write_bytes(b"\0\1\2")
    reads.clear()
    found, failed = list_holdings(library, published)
    assert sorted(reads) == sorted(["bad.txt", "new.txt", first, second])
    assert list(failed) == ["bad.txt"]
    good = [name for name in library.names() if name != "bad.txt"]
    assert found == [summarize(library.read(name)) for name in good]


@pytest.mark.parametrize("file", ["documents.jsonl", "case_passages.npy", "manifest.json"])
def test_a_damaged_release_tells_nothing(
    library: Library, published: Releases, reads: list[str], file: str
) -> None:
    """Without a whole release, and without any, the documents are read."""
    path = published.path(published.live()) / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found, _ = list_holdings(library, published)
    assert reads == list(library.names()) == [each.name for each in found]
    assert list_holdings(library, Releases(library.folder / "none"))[0] == found


def test_a_release_of_another_reading_tells_nothing(
    library: Library, published: Releases, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older version read is read again."""
    monkeypatch.setattr(holdings, "identify_edition", lambda: "another")
    list_holdings(library, published)
    assert reads == list(library.names())
