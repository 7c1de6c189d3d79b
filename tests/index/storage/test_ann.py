"""index.storage.ann: the nearest rows of a large collection, found by lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import CorruptReleaseError
from corpus.library import Library
from index.build import build
from index.encoder.encoder import make_unit
from index.search.candidates import find_best
from index.searcher import Searcher
from index.storage.ann import AnnIndex, open_nearest, write_nearest
from index.storage.publish import Releases
from index.storage.release import Release
from index.storage.vectors import Rows, RowsWriter, Vectors
from tests.fake_encoder import FakeEncoder

COUNT, WIDTH = 5000, 32


def make_rows(count: int, seed: int) -> Vectors:
    """Return unit rows around forty centres, as texts lie around matters."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((40, WIDTH))
    rows = centres[chance.integers(0, 40, count)] + 0.6 * chance.standard_normal((count, WIDTH))
    return make_unit(rows.astype(np.float32))


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """Rows on disk."""
    writer = RowsWriter(tmp_path / "chunks.faiss", WIDTH)
    writer.append(make_rows(COUNT, 1))
    writer.close()
    return Rows(tmp_path / "chunks.faiss")


def write(rows: Rows, folder: Path, found: int = 100) -> None:
    """Write the lists of rows and check that there are some."""
    assert write_nearest(rows, lambda: make_rows(100, 2), found, folder) is not None


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a few rows for many."""
    monkeypatch.setattr("index.storage.ann.EXACT", 20)


@pytest.mark.usefixtures("many")
def test_the_nearest_are_found(rows: Rows, tmp_path: Path) -> None:
    """As many of the ten as is said, by questions that recall was not measured with."""
    reach = write_nearest(rows, lambda: make_rows(100, 2), 100, tmp_path)
    assert reach is not None
    assert reach.lists == 64
    assert 8 <= reach.probed < reach.lists
    assert reach.recall >= 0.99
    nearest = open_nearest(rows, tmp_path)
    assert isinstance(nearest, AnnIndex)
    assert nearest.reach == reach
    held = 0
    for question in make_rows(200, 3):
        numbers, products = nearest.search(question, 100)
        best, exact = rows.search(question, 10)
        held += len(set(best.tolist()) & set(numbers[:10].tolist()))
        assert (np.diff(products) <= 0).all()
        np.testing.assert_allclose(products, rows.take(numbers) @ question, atol=1e-6)
        if numbers[0] == best[0]:
            assert abs(products[0] - exact[0]) < 1e-6
    assert held >= 0.97 * 2000


@pytest.mark.usefixtures("many")
def test_equal_rows_give_equal_bytes(rows: Rows, tmp_path: Path) -> None:
    """So that a release has the same id however it was built."""
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
        write(rows, place)
    for name in ("nearest.faiss", "nearest.json"):
        assert places[0].joinpath(name).read_bytes() == places[1].joinpath(name).read_bytes()


def test_few_rows_are_all_compared(rows: Rows, tmp_path: Path) -> None:
    """Then there is nothing to write, and no question is asked."""

    def ask() -> Vectors:
        raise AssertionError("asked")

    assert write_nearest(rows, ask, 100, tmp_path) is None
    assert open_nearest(rows, tmp_path) is rows


@pytest.mark.usefixtures("many")
def test_where_lists_find_too_little_all_are_compared(
    rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recall that nothing reaches leaves the search exact."""
    monkeypatch.setattr("index.storage.ann.RECALL", 1.01)
    assert write_nearest(rows, lambda: make_rows(10, 2), 100, tmp_path) is None
    assert open_nearest(rows, tmp_path) is rows


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: folder.joinpath("nearest.faiss").unlink(),
        lambda folder: folder.joinpath("nearest.faiss").write_bytes(b"no index"),
        lambda folder: folder.joinpath("nearest.json").write_text("[]", "utf-8"),
        lambda folder: folder.joinpath("nearest.json").write_text('{"lists": 1}', "utf-8"),
    ],
)
def test_damaged_lists_are_said(rows: Rows, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """With the file and the mend, also those of other rows."""
    write(rows, tmp_path)
    damage(tmp_path)
    with pytest.raises(CorruptReleaseError, match=r"nearest\.faiss: .*build again"):
        open_nearest(rows, tmp_path)


@pytest.mark.usefixtures("many")
def test_lists_of_other_rows_are_said(rows: Rows, tmp_path: Path) -> None:
    """They would lead to chunks that are not there."""
    write(rows, tmp_path)
    writer = RowsWriter(tmp_path / "other.faiss", WIDTH)
    writer.append(make_rows(30, 1))
    writer.close()
    with pytest.raises(CorruptReleaseError, match="not of these rows"):
        AnnIndex(Rows(tmp_path / "other.faiss"), tmp_path)


@pytest.mark.slow
def test_a_large_release_is_built_and_searched(
    tmp_path: Path, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With lists the same passages are found as without, and a build from another equals a full."""
    folder = tmp_path / "reports"
    folder.mkdir()
    library = Library(folder)
    names = [f"{a}{b}{c}x" for a in "klmnprst" for b in "aeiou" for c in "klmnprst"]
    for number, name in enumerate(names):
        text = f"Title {name}\n\nThe {name} bridge was opened in {1500 + number} by {name[::-1]}.\n"
        (folder / f"{name}.txt").write_text(text, "utf-8")
    exact = Releases(tmp_path / "exact")
    build(library, exact, encoder)
    monkeypatch.setattr("index.storage.ann.EXACT", 20)
    for name, value in (("DEPTH", 40), ("NEAR", 40)):
        monkeypatch.setattr(f"index.search.candidates.{name}", value)
    monkeypatch.setattr("index.storage.release_writer.DEPTH", 40)
    listed, again = Releases(tmp_path / "listed"), Releases(tmp_path / "again")
    done = build(library, listed, encoder)
    assert done.reach is not None
    assert done.reach.recall >= 0.99
    plain, large = (Release(each.path(each.live())) for each in (exact, listed))
    assert isinstance(large.nearest, AnnIndex)
    searchers = [Searcher(release, encoder) for release in (plain, large)]
    for name in names[::20]:
        question = f"The {name} bridge was opened by {name[::-1]}?"
        hits = [searcher.search(question, 1)[0] for searcher in searchers]
        assert hits[0] == hits[1]
        assert any(name in hit.passage.text for hit in searchers[1].search(question, 3))
    (folder / "new.txt").write_text("Title new\n\nThe new bridge is red.\n", "utf-8")
    assert build(library, listed, encoder).release == build(library, again, encoder).release


def test_the_best_scores() -> None:
    """As a full sort gives them, ties by row, none that is 0."""
    chance = np.random.default_rng(5)
    for count in (0, 1, 7, 50, 400):
        for k in (1, 7, 100):
            scores = chance.integers(0, 6, count).astype(np.float32)
            order = np.lexsort((np.arange(count), -scores))[:k]
            expected = order[scores[order] > 0]
            assert sorted(find_best(scores, k).tolist()) == sorted(expected.tolist())
