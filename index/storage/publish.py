"""Which release is live: CURRENT, the locks around it, and the releases that were live before.

`var/releases/<id>/` are the releases, `.tmp-*` what a build left when it was stopped, and `CURRENT`
holds the live id. CURRENT is replaced in one step, after everything it names is synced: stopped
anywhere, what is live is whole. A release's date is when it was last published.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import (
    BuildLockedError,
    CorruptReleaseError,
    NoReleaseError,
    NotFoundError,
    ReleaseError,
)
from corpus.files import sync
from index.storage.manifest import MANIFEST, Manifest, check_files, check_sizes, read_manifest
from index.storage.milvus import Milvus
from index.storage.release import Release

CURRENT = "CURRENT"
_DRAFT = ".tmp-"
_BUILD, _SWITCH = ".lock", ".switch"
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release among others; `damage` is empty, or one line that says why it is not served.

    The counts are 0 and `model` is empty where the manifest cannot be read.
    """

    id: str
    date: dt.datetime
    documents: int
    cases: int
    passages: int
    model: str
    live: bool
    damage: str


class Releases:
    """The folder of releases; nothing is read or made before a method asks for it."""

    def __init__(self, folder: Path, store: Milvus | None = None) -> None:
        """Name the folder, and where vectors are kept besides, if anywhere."""
        self.folder = folder
        self._store = store

    def live(self) -> str:
        """Return the id that CURRENT names; raises NoReleaseError where nothing is published."""
        try:
            name = (self.folder / CURRENT).read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            raise NoReleaseError("nothing is published yet: run `python app.py build`") from error
        except (OSError, ValueError) as error:
            raise ReleaseError(
                f"{self.folder / CURRENT}: cannot be read ({error}); run `python app.py build`"
            ) from error
        if not name.isalnum():
            raise ReleaseError(
                f"{self.folder / CURRENT}: names no release; run `python app.py build`"
            )
        return name

    def open(self, release_id: str, model: str | None = None) -> Release:
        """Open a release to be asked, see Release; its rows are those of the store, if any."""
        if self._store is None:
            return Release(self.path(release_id), model)
        with self._lock_switch():  # two processes would fill it together
            return Release(self.path(release_id), model, self._store)

    def path(self, release_id: str) -> Path:
        """Return the folder of a release."""
        return self.folder / release_id

    def date(self, release_id: str) -> int:
        """Return when a release was last published, in nanoseconds; 0 where there is none."""
        try:
            return (self.path(release_id) / MANIFEST).stat().st_mtime_ns
        except OSError:
            return 0

    def all(self) -> list[ReleaseInfo]:
        """Return every release, the last published first; sizes are checked, not yet bytes."""
        live = ""
        with suppress(ReleaseError):
            live = self.live()
        found = [self._describe(path, live) for path in self.folder.glob("*") if _is_release(path)]
        return sorted(found, key=lambda info: (info.date, info.id), reverse=True)

    def fallbacks(self) -> list[str]:
        """Return the releases to serve where the live one cannot be, best first.

        Those published before it, the last first, then those that an editor has rolled back from.
        """
        every = self.all()
        date = next((info.date for info in every if info.live), None)
        others = [info for info in every if not info.live]
        before = [info.id for info in others if date is None or info.date < date]
        return before + [info.id for info in others if info.id not in before]

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Give a build an empty folder to write into, and the lock for as long as it writes.

        Drafts of builds that were stopped are removed first, and this one afterwards. Raises
        BuildLockedError, naming the process, where another build is at work: the lock is the
        kernel's, so a dead process holds none.
        """
        with self._lock_build():
            folder = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.folder))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, draft: Path, manifest: Manifest) -> str:
        """Make a complete draft, its manifest written, the live release and return its id.

        A whole release of the same id is already the same bytes and stays; a damaged one is
        replaced.
        """
        draft.chmod(0o755)
        place = self.path(manifest.id)
        with self._lock_switch():
            try:
                check_files(place, read_manifest(place))
            except CorruptReleaseError:
                if place.exists():
                    place.rename(self.folder / f"{_DRAFT}damaged-{manifest.id}")
                draft.rename(place)
            now = time.time_ns()  # the kernel's own stamp is some milliseconds coarse
            os.utime(place / MANIFEST, ns=(now, now))
            sync(self.folder)
            self._point(manifest.id)
        return manifest.id

    def rollback(self, release_id: str = "") -> str:
        """Make an earlier release live at once, and return its id.

        Without an id, the last whole one published before the live one. Raises NotFoundError where
        there is no such release, CorruptReleaseError where its bytes are not what they were.
        """
        with self._lock_switch():
            every = self.all()
            if not release_id:
                live = next((info for info in every if info.live), None)
                if live is None:
                    raise NoReleaseError("no whole release is live: name one, see `releases`")
                earlier = [i for i in every if i.date < live.date and not i.damage]
                if not earlier:
                    raise NotFoundError(f"no release is older than {live.id}; see `releases`")
                release_id = earlier[0].id
            if release_id not in {info.id for info in every}:
                raise NotFoundError(f"no release {release_id[:40]!r}: see `releases`")
            place = self.path(release_id)
            check_files(place, read_manifest(place))
            self._point(release_id)
        return release_id

    def prune(self, keep: int) -> list[str]:
        """Delete all but the live release and the `keep` last published; returns the ids deleted.

        Whoever reads one of them goes on reading it. Raises BuildLockedError while a build is at
        work, which may copy from any, NoReleaseError where none is live to be kept, and StoreError.
        """
        with self._lock_build(), self._lock_switch():
            live = self.live()
            every = self.all()
            held = {live, *(info.id for info in every[:keep])}
            gone = [info.id for info in every if info.id not in held]
            if self._store is not None:
                self._store.keep(sorted(held))
            for release_id in gone:
                left = self.folder / f"{_DRAFT}pruned-{release_id}"
                self.path(release_id).rename(left)
                shutil.rmtree(left, ignore_errors=True)
            sync(self.folder)
        return gone

    def _point(self, release_id: str) -> None:
        if self._store is not None:  # first, for what cannot be searched must not be live
            Release(self.path(release_id), store=self._store)
            self._store.point(release_id)
        pointer = self.folder / f"{_DRAFT}{CURRENT}"
        pointer.write_text(release_id + "\n", encoding="ascii")
        sync(pointer)
        pointer.replace(self.folder / CURRENT)
        sync(self.folder)

    def _describe(self, path: Path, live: str) -> ReleaseInfo:
        date = dt.datetime.fromtimestamp(self.date(path.name) / 1e9, dt.UTC)
        try:
            manifest = read_manifest(path)
        except CorruptReleaseError as error:
            return ReleaseInfo(path.name, date, 0, 0, 0, "", path.name == live, str(error))
        damage = ""
        try:
            check_sizes(path, manifest)
        except CorruptReleaseError as error:
            damage = str(error)
        return ReleaseInfo(
            path.name, date, manifest.documents, manifest.cases, manifest.rows, manifest.model,
            path.name == live, damage,
        )  # fmt: skip

    @contextmanager
    def _lock_build(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _BUILD).open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise BuildLockedError(
                    f"another build is at work (process {lock.read().strip() or 'unknown'}): "
                    "wait for it to end"
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            for left in self.folder.glob(_DRAFT + "*"):
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
            yield

    @contextmanager
    def _lock_switch(self) -> Iterator[None]:
        """Let one process at a time change which release is live; the others wait a moment.

        Not the build's lock: an editor rolls back while a long build is at work.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _SWITCH).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_release(path: Path) -> bool:
    return _ID.fullmatch(path.name) is not None and path.is_dir()
