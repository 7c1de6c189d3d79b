"""Which release is live: CURRENT, and the lock that lets one build at a time write.

`var/releases/<id>/` are the releases, `.tmp-*` drafts that a build left when it was stopped, and
`CURRENT` holds the live id. CURRENT is replaced in one step, after everything it names is synced:
stopped anywhere, what is live is whole.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus.errors import BuildLockedError, CorruptReleaseError, NoReleaseError, ReleaseError
from index.release import Manifest, check_files, read_manifest, sync, write_manifest

CURRENT = "CURRENT"
_DRAFT = ".tmp-"
_LOCK = ".lock"


class Releases:
    """The folder of releases; nothing is read or made before a method asks for it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self.folder = folder

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

    def path(self, release_id: str) -> Path:
        """Return the folder of a release."""
        return self.folder / release_id

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Give a build an empty folder to write into, and the lock for as long as it writes.

        Drafts of builds that were stopped are removed first, and this one afterwards unless it was
        published. Raises BuildLockedError, naming the process, where another build is at work: the
        lock is the kernel's, so a dead process holds none.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("a+") as lock:
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
                shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.folder))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def publish(self, draft: Path, manifest: Manifest) -> str:
        """Make a complete draft the live release and return its id.

        A whole release of the same id is already the same bytes and stays; a damaged one is
        replaced.
        """
        write_manifest(draft, manifest)
        draft.chmod(0o755)
        place = self.path(manifest.id)
        try:
            check_files(place, read_manifest(place))
        except CorruptReleaseError:
            if place.exists():
                place.rename(self.folder / f"{_DRAFT}damaged-{manifest.id}")
            draft.rename(place)
        sync(self.folder)
        pointer = self.folder / f"{_DRAFT}{CURRENT}"
        pointer.write_text(manifest.id + "\n", encoding="ascii")
        sync(pointer)
        pointer.replace(self.folder / CURRENT)
        sync(self.folder)
        return manifest.id
