"""Documents on their way in, on disk and not in memory, until they are added or put away.

<folder>/              private to the process, gone with it
<folder>/incoming/     where uploads land, each for as long as its request
<folder>/<random>/     one session's, a file for each document
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from corpus.cases import count_cases
from corpus.errors import NotFoundError, UsageError
from corpus.library import Offer
from corpus.metadata import Facts
from corpus.passages import count_searched
from corpus.records import Entry

MOST = 20  # documents that wait in one session
MOST_BYTES = 256 * 2**20  # of all of them together, and of what is uploaded at once
_AT_ONCE = 2  # of a session's requests that read one, the one that waits among them
_PREFIX = "uploads-"


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that waits: its number there, its name to be, where its bytes are, its facts.

    The rest is what a list shows of it: how many cases and passages were read, and the title.
    """

    number: int
    name: str
    path: Path
    facts: Facts
    cases: int
    passages: int
    title: str


class PendingUploads:
    """The drafts of one session, by number, in the order they came; safe between threads."""

    def __init__(self, folder: Path) -> None:
        """Name the folder below which a folder of its own is made with the first draft."""
        self._above = folder
        self._folder: Path | None = None
        self._drafts: dict[int, Upload] = {}
        self._last = 0
        self._closed = False
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let the session's documents be read one after another; nobody else waits for them.

        Raises UsageError where one is read and another waits.
        """
        if not self._places.acquire(blocking=False):
            raise UsageError("two of your documents are being read; wait until they are")
        try:
            with self._reading:
                yield
        finally:
            self._places.release()

    def put(self, offer: Offer, entry: Entry) -> Upload:
        """Keep an offer, and what was read of it; raises UsageError where no more may wait.

        One of the same name takes the place of the one before.
        """
        with self._lock:
            if self._closed:
                raise NotFoundError("the session has ended: sign in again")
            same = next((d for d in self._drafts.values() if d.name == offer.name), None)
            if same is None and len(self._drafts) >= MOST:
                raise UsageError(
                    "{name}: {most} documents wait already; add some or put them away first",
                    name=offer.name,
                    most=MOST,
                )
            others = sum(d.path.stat().st_size for d in self._drafts.values() if d is not same)
            if others + len(offer.data) > MOST_BYTES:
                raise UsageError(
                    "{name}: with it, more than {size} MiB would wait; add some or "
                    "put them away first",
                    name=offer.name,
                    size=MOST_BYTES // 2**20,
                )
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(dir=self._above))
            if same is None:
                self._last += 1
            number = same.number if same else self._last
            path = self._folder / str(number)
            path.write_bytes(offer.data)
            upload = Upload(number, offer.name, path, offer.facts, *_sum_up(entry))
            self._drafts[number] = upload
            return upload

    def change(self, number: int, facts: Facts, entry: Entry) -> None:
        """Say other facts of a draft, if it is still there; `entry` is what is read with them."""
        with self._lock:
            upload = self._drafts.get(number)
            if upload is not None:
                changed = Upload(number, upload.name, upload.path, facts, *_sum_up(entry))
                self._drafts[number] = changed

    def get(self, number: int) -> Upload:
        """Return a draft; raises NotFoundError where it was added or put away."""
        with self._lock:
            if number not in self._drafts:
                raise NotFoundError("this document waits no longer; it was added or put away")
            return self._drafts[number]

    def list(self) -> list[Upload]:
        """Return the drafts in the order they came."""
        with self._lock:
            return list(self._drafts.values())

    def drop(self, number: int) -> None:
        """Put one away, and its file off the disk."""
        with self._lock:
            upload = self._drafts.pop(number, None)
            if upload is not None:
                upload.path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Put everything away, for good."""
        with self._lock:
            self._closed = True
            self._drafts.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)


class Folder:
    """The private folder of a process for what is uploaded; removed by `close`.

    Its lock is the kernel's: folders that a killed process left are found by it and removed.
    """

    def __init__(self, above: Path) -> None:
        """Make the folder, readable by this user alone, and remove those left behind."""
        above.mkdir(parents=True, exist_ok=True)
        for left in above.glob(_PREFIX + "*"):
            handle = _lock(left)
            if handle is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(handle)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=above)).resolve()
        self._handle = _lock(self.path)
        self.incoming = self.path / "incoming"
        self.incoming.mkdir(mode=0o700)

    def make_pending(self) -> PendingUploads:
        """Return an empty place for uploads in the folder."""
        return PendingUploads(self.path)

    def close(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _sum_up(entry: Entry) -> tuple[int, int, str]:
    return count_cases(entry.cases), count_searched(entry), entry.document.title


def _lock(folder: Path) -> int | None:
    """Return the handle that holds a folder's lock, None where another process holds it."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
