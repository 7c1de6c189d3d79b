"""index.storage.verify: a release that was tampered with is found out, byte sums or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest

from corpus.errors import CorruptReleaseError
from corpus.library import Library
from index.build import build
from index.storage.manifest import list_files, read_manifest, write_manifest
from index.storage.publish import Releases
from index.storage.verify import inspect
from tests.fake_encoder import FakeEncoder


def _forge(published: Releases, change: Callable[[Path], None]) -> Path:
    """Return a release whose files were changed and whose manifest agrees with them."""
    place = published.path(published.live())
    manifest = read_manifest(place)
    change(place)
    fields = {n: getattr(manifest, n) for n in manifest.__dataclass_fields__ if n != "files"}
    forged = type(manifest)(**fields, files=list_files(place))
    write_manifest(place, forged)
    return place.rename(place.with_name(forged.id))


def _edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        path = place / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    return change


def test_a_whole_release_is_counted(published: Releases) -> None:
    """What was looked at is told."""
    found = inspect(published.path(published.live()))
    assert (found.documents, found.cases) == (2, 2)
    assert found.files > 20
    assert (found.passages, found.sentences) == (2, 8)


def test_rows_of_a_table_are_what_was_encoded(
    library: Library, published: Releases, encoder: FakeEncoder, write: Callable[[str, str], None]
) -> None:
    """Read with their header, quoted without."""
    write("table.txt", "Lamps\n\nYear | Lamps\n\n2020 | 40\n\n2021 | 60\n\nThe lamps are red.\n")
    build(library, published, encoder)
    assert inspect(published.path(published.live())).documents == 3


def test_a_changed_byte_is_found(published: Releases) -> None:
    """Any file that differs from the manifest is named."""
    place = published.path(published.live())
    for path in sorted(place.rglob("*")):
        if path.is_file() and path.name != "published.json":
            data = path.read_bytes()
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
            with pytest.raises(CorruptReleaseError, match=path.name.split(".")[0]):
                inspect(place)
            path.write_bytes(data)
    inspect(place)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_edit("texts.jsonl", "1999", "1998"), "not the one that was published"),
        (_edit("passages.jsonl", '"start":0', '"start":1'), "not covered|not where|not what"),
        (_edit("cases.jsonl", '"start":0', '"start":1'), "not where|not covered"),
    ],
)
def test_a_span_that_does_not_hold_is_found(
    published: Releases, change: Callable[[Path], None], words: str
) -> None:
    """A manifest that agrees with wrong records hides nothing."""
    place = _forge(published, change)
    with pytest.raises(CorruptReleaseError, match=words):
        inspect(place)


@pytest.mark.parametrize("name", ["chunk_keys", "sentence_keys"])
def test_a_key_of_other_words_is_found(published: Releases, name: str) -> None:
    """A vector that stands at another text than it was made of is found by its key."""

    def change(place: Path) -> None:
        keys = np.load(place / f"{name}.npy")
        np.save(place / f"{name}.npy", keys[::-1])

    with pytest.raises(CorruptReleaseError, match="not what was encoded"):
        inspect(_forge(published, change))


def _rewrite(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def write(place: Path) -> None:
        np.save(place / f"{name}.npy", change(np.load(place / f"{name}.npy")))

    return write


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            _rewrite("chunk_rows", lambda rows: np.delete(rows, 1)),
            "chunk 0 is not what was encoded",
        ),
        (_rewrite("chunk_keys", lambda keys: keys[[0, 1, 1]]), "the chunks differ"),
        (_edit("glossary.json", "[]", '[["Acme", "艾克米"]]'), "chunk 1 is not what was encoded"),
    ],
)
def test_chunks_that_do_not_hold_are_found(
    library: Library, published: Releases, encoder: FakeEncoder,
    change: Callable[[Path], None], words: str,
) -> None:  # fmt: skip
    """Of other rows, more than there are, or named by another glossary."""
    (library.folder / "tea.txt.json").write_text('{"company": "Acme"}', "utf-8")
    build(library, published, encoder)
    with pytest.raises(CorruptReleaseError, match=words):
        inspect(_forge(published, change))


@pytest.mark.parametrize("name", ["chunks", "sentences"])
def test_a_row_that_is_not_unit_is_found(published: Releases, name: str) -> None:
    """Vectors of another length would rank by length."""

    def change(place: Path) -> None:
        index = faiss.read_index(str(place / f"{name}.faiss"))
        rows = index.reconstruct_n(0, index.ntotal) * 2
        index.reset()
        index.add(rows)
        faiss.write_index(index, str(place / f"{name}.faiss"))

    with pytest.raises(CorruptReleaseError, match="not unit"):
        inspect(_forge(published, change))
