"""Which release is live: CURRENT, the locks around it, and the releases that were live before.

`var/releases/<id>/` are the releases, `.tmp-*` what a build left when it was killed, and `CURRENT`
holds the live id. `.stopped/<id>/` is the last complete release that was not let through, kept for
its vectors. CURRENT is replaced in one step, after everything it names is synced: a crash at any
point leaves a complete live release. `<id>/published.json` says when a release was last published
and what was live before; file times say nothing, for a copy has others.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import re
import shutil
import tempfile
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
from index.storage.manifest import Manifest, check_files, check_sizes, read_manifest
from index.storage.milvus import Milvus
from index.storage.release import Release

CURRENT = "CURRENT"
_DRAFT = ".tmp-"
_STOPPED = ".stopped"
_BUILD, _SWITCH = ".lock", ".switch"
_PUBLISHED = "published.json"
_NEVER = dt.datetime.fromtimestamp(0, dt.UTC)
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release among others; `damage` is empty, or one line that says why it is not served.

    The counts are 0 and `model` is empty where the manifest cannot be read. `date` is when it was
    last published, `after` the id of what was live then, if anything was.
    """

    id: str
    date: dt.datetime
    after: str
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
            raise NoReleaseError("nothing is published yet: run `./casebook build`") from error
        except (OSError, ValueError) as error:
            raise ReleaseError(
                f"{self.folder / CURRENT}: cannot be read ({error}); run `./casebook build`"
            ) from error
        if not name.isalnum():
            raise ReleaseError(f"{self.folder / CURRENT}: names no release; run `./casebook build`")
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

    def stamp(self, release_id: str) -> int:
        """Return a number that changes when a release's files are mended; 0 without any."""
        times = [0]
        with suppress(OSError):
            times += [each.stat().st_mtime_ns for each in self.path(release_id).rglob("*")]
        return max(times)

    def all(self) -> list[ReleaseInfo]:
        """Return every release, the last published first; sizes are checked, not yet bytes."""
        live = ""
        with suppress(ReleaseError):
            live = self.live()
        found = [self._describe(path, live) for path in self.folder.glob("*") if _is_release(path)]
        return sorted(found, key=lambda info: (info.date, info.id), reverse=True)

    def fallbacks(self) -> list[str]:
        """Return the releases to serve where the live one cannot be, best first.

        Those published before it, as `rollback` goes back to them, then those that an editor has
        rolled back from.
        """
        every = self.all()
        live = next((info for info in every if info.live), None)
        before = [info.id for info in (_list_before(every, live) if live else every)]
        return before + [info.id for info in every if not info.live and info.id not in before]

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
            self._note(manifest.id)
            sync(self.folder)
            self._point(manifest.id)
        return manifest.id

    def keep_stopped(self, draft: Path) -> None:
        """Keep a complete draft that is not published, its manifest written, in place of the last.

        The next build takes vectors from it. Where it cannot be kept, that one encodes again.
        """
        self.drop_stopped()
        with suppress(OSError):
            place = self.folder / _STOPPED
            place.mkdir()
            draft.rename(place / draft.name)

    def find_stopped(self) -> Path | None:
        """Return the folder that `keep_stopped` kept, which may be damaged, or None."""
        return next((self.folder / _STOPPED).glob("*"), None)

    def drop_stopped(self) -> None:
        """Delete the draft that `keep_stopped` kept, if any."""
        shutil.rmtree(self.folder / _STOPPED, ignore_errors=True)

    def rollback(self, release_id: str = "") -> str:
        """Make an earlier release live at once, and return its id.

        Without an id, the whole one that was live before the live one was published, or else the
        last published before it. Raises NotFoundError where
        there is no such release, CorruptReleaseError where its bytes are not what they were.
        """
        with self._lock_switch():
            every = self.all()
            if not release_id:
                live = next((info for info in every if info.live), None)
                if live is None:
                    raise NoReleaseError("no whole release is live: name one, see `releases`")
                earlier = [info for info in _list_before(every, live) if not info.damage]
                if not earlier:
                    raise NotFoundError(
                        "no release is older than {release}; see `releases`", release=live.id
                    )
                release_id = earlier[0].id
            if release_id not in {info.id for info in every}:
                raise NotFoundError(
                    "no such release {release}: see `releases`", release=repr(release_id[:40])
                )
            place = self.path(release_id)
            check_files(place, read_manifest(place))
            self._point(release_id)
        return release_id

    def prune(self, keep: int) -> list[str]:
        """Delete all but the live release and, beside it, the `keep` last; returns what went.

        What a stopped build left goes too. Whoever reads one of them goes on reading it. Raises
        BuildLockedError while a build is at work, which may copy from any, NoReleaseError where
        none is live to be kept, and StoreError.
        """
        with self._lock_build(), self._lock_switch():
            live = self.live()
            every = self.all()
            others = [info.id for info in every if info.id != live]
            held = {live, *others[:keep]}
            gone = [info.id for info in every if info.id not in held]
            self.drop_stopped()
            if self._store is not None:
                self._store.keep(sorted(held))
            for release_id in gone:
                left = self.folder / f"{_DRAFT}pruned-{release_id}"
                self.path(release_id).rename(left)
                shutil.rmtree(left, ignore_errors=True)
            sync(self.folder)
        return gone

    def _note(self, release_id: str) -> None:
        """Write down that a release is published now: later than any other, whatever the clock."""
        live = ""
        with suppress(ReleaseError):
            live = self.live()
        last = max((info.date for info in self.all()), default=_NEVER)
        after = self._read_note(live)[1] if live == release_id else live
        date = max(dt.datetime.now(dt.UTC), last + dt.timedelta(microseconds=1))
        note = {"date": date.isoformat(timespec="microseconds"), "after": after}
        draft = self.path(release_id) / f"{_DRAFT}{_PUBLISHED}"
        draft.write_text(json.dumps(note) + "\n", encoding="ascii")
        sync(draft)
        draft.replace(self.path(release_id) / _PUBLISHED)
        sync(self.path(release_id))

    def _read_note(self, release_id: str) -> tuple[dt.datetime, str]:
        """Return when a release was last published, and what was live before it.

        _NEVER and nothing where that cannot be read: such a release is the oldest.
        """
        try:
            note = json.loads((self.path(release_id) / _PUBLISHED).read_bytes())
            date, after = dt.datetime.fromisoformat(note["date"]).astimezone(dt.UTC), note["after"]
            if date.year < dt.MAXYEAR and isinstance(after, str):
                return date, after
        except (OSError, ValueError, TypeError, KeyError, OverflowError):
            pass
        return _NEVER, ""

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
        date, after = self._read_note(path.name)
        try:
            manifest = read_manifest(path)
        except CorruptReleaseError as error:
            return ReleaseInfo(path.name, date, after, 0, 0, 0, "", path.name == live, str(error))
        damage = ""
        try:
            check_sizes(path, manifest)
        except CorruptReleaseError as error:
            damage = str(error)
        return ReleaseInfo(
            path.name, date, after, manifest.documents, manifest.cases, manifest.rows,
            manifest.model, path.name == live, damage,
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
                    "another build is at work (process {process}): wait for it to end",
                    process=lock.read().strip() or "unknown",
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


def _list_before(every: list[ReleaseInfo], live: ReleaseInfo) -> list[ReleaseInfo]:
    """Return the releases published before the live one, first the one that was live until then."""
    before = [info for info in every if info.date < live.date]
    return sorted(before, key=lambda info: info.id != live.after)


def _is_release(path: Path) -> bool:
    return _ID.fullmatch(path.name) is not None and path.is_dir()
