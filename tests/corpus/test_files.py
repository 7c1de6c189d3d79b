"""corpus.files: read whole, written whole, or one line."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from corpus import files
from corpus.errors import DocumentError, LibraryError
from corpus.files import lock_folder, read_file, write_file


def test_a_file_that_keeps_changing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes of two states are never taken for one file."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"0")
    real = os.fstat
    looks = iter(range(100))

    def fstat(handle: int) -> os.stat_result:
        os.utime(path, ns=(0, next(looks)))  # as a writer between two looks would
        return real(handle)

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(DocumentError, match="changes while it is read"):
        read_file(path, "a.txt", 100)


def test_a_file_that_changes_once_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that ends while the file is read costs a second look, and the new bytes come."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    real, looks = os.fstat, iter(range(100))

    def fstat(handle: int) -> os.stat_result:
        if next(looks) == 1:
            path.write_bytes(b"newer")
        return real(handle)

    monkeypatch.setattr(os, "fstat", fstat)
    assert read_file(path, "a.txt", 100) == b"newer"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that the disk refuses half-way changes nothing and leaves no draft."""
    path = tmp_path / "a.txt"
    write_file(path, b"old")

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(LibraryError, match=r"a\.txt: cannot be written \(No space left"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file in the folder's place is one line."""
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="cannot be written"), lock_folder(tmp_path / "file"):
        pass
    with pytest.raises(LibraryError, match="cannot be written"):
        write_file(tmp_path / "file" / "a.txt", b"")


def test_one_changes_a_folder_at_a_time(tmp_path: Path) -> None:
    """The second waits until the first has left."""
    order: list[str] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with lock_folder(tmp_path):
            order.append("second")

    with lock_folder(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        assert entered.wait(60)
        thread.join(0.05)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
    assert files.DRAFT.startswith(".")
