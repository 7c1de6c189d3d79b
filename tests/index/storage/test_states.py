"""index.storage.states: the states of chunks' sub-words on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import CorruptReleaseError
from index.encoder.encoder import States
from index.storage.states import StatesWriter, StoredStates


def make_states(count: int, seed: int, width: int = 6) -> States:
    """Return made-up states of so many sub-words."""
    chance = np.random.default_rng(seed)
    return States(
        chance.integers(-127, 127, (count, width)).astype(np.int8),
        chance.random((count, 2)).astype(np.float16),
        np.sort(chance.integers(0, 4, count)).astype(np.uint16),
    )


def write(folder: Path, counts: list[int]) -> list[States]:
    """Write chunks of so many sub-words each."""
    made = [make_states(count, seed) for seed, count in enumerate(counts)]
    writer = StatesWriter(folder)
    for each in made:
        writer.append(each)
    writer.close()
    return made


@given(counts=st.lists(st.integers(0, 9), max_size=8))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int]
) -> None:
    """Every chunk's own, none where it has none, and no other file is left."""
    folder = tmp_path_factory.mktemp("states")
    made = write(folder, counts)
    stored = StoredStates(folder)
    for number, each in enumerate(made):
        read = stored.read(number)
        np.testing.assert_array_equal(read.pieces, each.pieces)
        if len(each.pieces):
            np.testing.assert_array_equal(read.rows, each.rows)
            np.testing.assert_array_equal(read.scales, each.scales)
    names = {"states", "state_scales", "state_pieces", "state_starts"}
    assert {path.name for path in folder.iterdir()} == {f"{name}.npy" for name in names}


def test_the_same_chunks_give_the_same_bytes(tmp_path: Path) -> None:
    """So that a release's id comes from what it holds."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, [3, 0, 5])
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize("name", ["states", "state_scales", "state_pieces", "state_starts"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    """Cut off, of other numbers, or gone: one line that says which and what to do."""
    write(tmp_path, [4, 2])
    path = tmp_path / f"{name}.npy"
    whole = path.read_bytes()
    for damage in (whole[:20], whole[:-3], b""):
        path.write_bytes(damage)
        with pytest.raises(CorruptReleaseError, match="build again"):
            StoredStates(tmp_path)
    path.unlink()
    with pytest.raises(CorruptReleaseError, match=name):
        StoredStates(tmp_path)
    np.save(path, np.zeros(6, np.float64))
    with pytest.raises(CorruptReleaseError, match=name):
        StoredStates(tmp_path)


def test_files_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    """Fewer pieces than states."""
    write(tmp_path, [4, 2])
    np.save(tmp_path / "state_pieces.npy", np.zeros(5, np.uint16))
    with pytest.raises(CorruptReleaseError, match="not as long"):
        StoredStates(tmp_path)
