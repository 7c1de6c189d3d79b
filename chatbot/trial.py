"""A release of a question set's own texts, one document each, kept to be asked again.

Below the folder of trials each set of texts has a folder of its own, named by their digest, so that
asking the same set again encodes nothing. The last KEPT that were used stay; `make clean`, or
taking the folder away, removes them all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from corpus.errors import LibraryError
from corpus.library import Library
from index.build import build
from index.encoder import Encoder, Progress, ignore_progress
from index.publish import Releases
from index.release import Release

KEPT = 6
_DIGEST = 16  # hexadecimal digits of a folder's name


def open_trial(
    texts: Mapping[str, str], folder: Path, encoder: Encoder, progress: Progress = ignore_progress
) -> tuple[Release, Mapping[str, str]]:
    """Return a release of texts, by document name, and of those that cannot be read, why.

    Raises what `index.build.build` does, and LibraryError where the disk refuses.
    """
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    place = folder / digest.hexdigest()[:_DIGEST]
    try:
        _write(texts, place)
        os.utime(place)
        _forget(folder)
    except OSError as error:
        raise LibraryError(
            f"{place}: cannot be written ({error.strerror}); make room, or set CASEBOOK_VAR"
        ) from error
    releases = Releases(place / "releases")
    outcome = build(Library(place / "reports"), releases, encoder, progress=progress)
    return Release(releases.path(outcome.release), encoder.identity), outcome.plan.failed


def _write(texts: Mapping[str, str], place: Path) -> None:
    """Write the documents, all of them or none."""
    if (place / "reports").is_dir():
        return
    draft = place / f".tmp-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, text in texts.items():
        (draft / name).write_bytes(text.encode("utf-8"))
    draft.rename(place / "reports")


def _forget(folder: Path) -> None:
    """Delete all trials but the last that were used."""
    used = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in used[KEPT:]:
        if len(path.name) == _DIGEST and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
