"""Files read whole, written whole and watched while they are mapped."""

from __future__ import annotations

import fcntl
import os
import stat
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from corpus.errors import DocumentError, LibraryError

DRAFT = ".tmp-"  # begins the name of a file that is being written
_LOCK = ".lock"


def read_file(path: Path, shown: str, largest: int, within: Path | None = None) -> bytes:
    """Return a regular file's bytes, all of one state of it.

    `within` is the folder out of which no link may lead. Raises FileNotFoundError, since a sidecar
    may be missing, and DocumentError, naming the file as `shown`, where it has more than `largest`
    bytes, is no file, may not be read or does not keep still.
    """
    try:
        if within is not None and not path.resolve().is_relative_to(within.resolve()):
            raise DocumentError(
                "{name}: a link out of the folder; put the file itself there", name=shown
            )
        # Opened without waiting: a pipe in the folder would otherwise hold up everything.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            for _ in range(3):
                before = os.fstat(handle)
                _check_size(before, shown, largest)
                with os.fdopen(os.dup(handle), "rb") as file:
                    file.seek(0)
                    data = file.read(largest + 1)
                after = os.fstat(handle)
                if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                    return data
        finally:
            os.close(handle)
        raise DocumentError(
            "{name}: changes while it is read; add it again when it is complete", name=shown
        )
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        why = getattr(error, "strerror", None) or "links in a circle"
        raise DocumentError(
            "{name}: cannot be read ({reason}); check the file", name=shown, reason=why
        ) from error


def _check_size(status: os.stat_result, shown: str, largest: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise DocumentError("{name}: not a file; take it out of the folder", name=shown)
    if status.st_size > largest:
        size = f"{status.st_size / 2**20:.0f} MiB"
        raise DocumentError(
            "{name}: {size}, and {most} are the most; split it",
            name=shown,
            size=size,
            most=largest // 2**20,
        )


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole and have the disk keep it: a reader sees the old bytes or the new.

    Raises LibraryError, naming the file, where the disk refuses; what was there stays.
    """
    draft = path.with_name(f"{DRAFT}{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise LibraryError(
            "{name}: cannot be written ({reason}); nothing was changed",
            name=path.name,
            reason=error.strerror,
        ) from error


def move_file(path: Path, place: Path) -> None:
    """Move a file into another folder of the same disk; raises LibraryError, naming it."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
        sync(place.parent)
        sync(path.parent)
    except OSError as error:
        raise LibraryError(
            "{name}: cannot be moved ({reason})", name=path.name, reason=error.strerror
        ) from error


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Let one process or thread at a time change a folder; others wait.

    The lock is the kernel's, so a dead process holds none. Raises LibraryError where the folder
    cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("a")
    except OSError as error:
        raise LibraryError(
            "{folder}: cannot be written ({reason}); check its rights",
            folder=folder,
            reason=error.strerror,
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Watched:
    """Files that stay mapped: whoever reads beyond the end of one that was cut short is killed.

    They are held open, so one that is deleted or replaced in its folder is as it was.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        """Open the files; raises OSError."""
        self._handles: dict[Path, int] = {}
        weakref.finalize(self, _close_all, self._handles)
        for path in paths:
            self._handles[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._states = {path: _read_state(handle) for path, handle in self._handles.items()}

    def find_changed(self) -> Path | None:
        """Return a file that was cut short or written to since, or None (20 us)."""
        for path, handle in self._handles.items():
            if _read_state(handle) != self._states[path]:
                return path
        return None


def _read_state(handle: int) -> tuple[int, int]:
    status = os.fstat(handle)
    return status.st_size, status.st_mtime_ns


def _close_all(handles: dict[Path, int]) -> None:
    for handle in handles.values():
        os.close(handle)


def sync(path: Path) -> None:
    """Have the disk keep a file, or a folder's entries."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
