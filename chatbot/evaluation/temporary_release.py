"""A release of a question set's own texts, one document each, kept to be asked again.

Below the folder of trials each set of texts has a folder of its own, named by their digest, so that
asking the same set again encodes nothing. The last KEPT that were used stay; `make clean`, or
taking the folder away, removes them all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from corpus.errors import LibraryError
from corpus.library import Library
from index.build import build
from index.encoder.encoder import Encoder, Progress, ignore_progress
from index.storage.publish import Releases
from index.storage.release import Release

KEPT = 8
_DIGEST = 16  # hexadecimal digits of a folder's name


def open_trial(
    texts: Mapping[str, str],
    folder: Path,
    encoder: Encoder,
    progress: Progress = ignore_progress,
    only: Collection[str] | None = None,
) -> tuple[Release, Mapping[str, str]]:
    """Return a release of texts, by document name, and of those that cannot be read, why.

    With `only`, the release is of the documents of these names; the vectors come from that of all,
    which stays the live one. Raises what `index.build.build` does, and LibraryError where the disk
    refuses.
    """
    place = folder / _name(texts)
    releases = Releases(place / "releases")
    try:
        _write(texts, place / "reports")
        os.utime(place)
        _forget(folder)
        made = whole = build(Library(place / "reports"), releases, encoder, progress=progress)
        if only is not None:
            part = {name: texts[name] for name in only}
            inside = place / f"part-{_name(part)}"
            _write(part, inside)
            made = build(Library(inside), releases, encoder)
            shutil.rmtree(inside)
            releases.rollback(whole.release)
            releases.prune(1)
    except OSError as error:
        raise LibraryError(
            f"{place}: cannot be written ({error.strerror}); make room, or set CASEBOOK_VAR"
        ) from error
    return Release(releases.path(made.release), encoder.identity), made.plan.failed


def _name(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    return digest.hexdigest()[:_DIGEST]


def _write(texts: Mapping[str, str], place: Path) -> None:
    """Write the documents, all of them or none, unless they are there."""
    if place.is_dir():
        return
    draft = place.with_name(f".tmp-{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, text in texts.items():
        (draft / name).write_bytes(text.encode("utf-8"))
    draft.rename(place)


def _forget(folder: Path) -> None:
    """Delete all trials but the last that were used."""
    used = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in used[KEPT:]:
        if len(path.name) == _DIGEST and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
