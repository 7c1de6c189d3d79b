"""Where a model's export is kept, and how it is known again: by the content of the model's files.

File times alone say nothing, for a copy has others: they only spare reading half a gigabyte.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from corpus.errors import LibraryError, ModelError
from corpus.files import sync, write_file
from index.encoder.export.onnx_export import RECIPE
from index.encoder.model_folder import fingerprint_file
from index.encoder.onnx_encoder import TRAITS, WEIGHTS, OnnxEncoder
from index.encoder.text_encoder import list_model_files

_SOURCE, _REFUSED, _LOCK = "source.json", "refused.txt", ".export.lock"
_PATIENCE = 900  # seconds for an export


def load(folder: Path, models: Path, report: Callable[[str], None]) -> OnnxEncoder:
    """Return the encoder of a model's export, exporting it first if need be, as `prepare` does.

    One that does not load is exported anew where its bytes are not what they were; where they are,
    for want of memory perhaps, it stays and a ModelError says why.
    """
    place = prepare(folder, models, report)
    try:
        return OnnxEncoder(place)
    except ModelError as error:
        if _is_whole(place, folder, thorough=True):
            raise ModelError(
                f"{error}; its files are whole: free memory and start again"
            ) from error
        (place / _SOURCE).unlink(missing_ok=True)
        return OnnxEncoder(prepare(folder, models, report))


def prepare(folder: Path, models: Path, report: Callable[[str], None]) -> Path:
    """Return the folder of the exported model, exporting it first if need be.

    Raises ModelError, in one line, where the model cannot be exported or its vectors stray; that is
    remembered until the model changes. `report` is told before the minute begins. Of two processes
    at once, the second waits for what the first makes.
    """
    place = find_place(folder, models)
    if _is_whole(place, folder):
        return place
    report(f"Preparing the model {folder.name} for onnxruntime (once, about a minute)")
    try:
        models.mkdir(parents=True, exist_ok=True)
        with (models / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel's: a dead process holds none
            if not _is_whole(place, folder):  # another process was not there first
                _make(folder, place)
    except OSError as error:
        raise ModelError(f"{place}: cannot write the model ({error.strerror})") from error
    if not _is_whole(place, folder):
        raise ModelError(f"{folder}: changes while it is exported; start again when it is complete")
    return place


def find_place(folder: Path, models: Path) -> Path:
    """Return where the export of a model is kept: models of one name in two places have two."""
    if folder.parent.resolve() == models.resolve():
        return models / f"{folder.name}-{RECIPE}"
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
    return models / f"{folder.name}-{RECIPE}-{digest}"


def _make(folder: Path, place: Path) -> None:
    """Export beside the place and rename, so that what stands there is whole.

    What a killed export left is taken away first.
    """
    for left in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    source = _describe(folder, {})
    try:
        reason = _export_apart(folder, draft)
        if reason:
            (draft / _REFUSED).write_text(reason, "utf-8")
        described = {"source": source, "files": _describe(draft, {})}
        (draft / _SOURCE).write_text(json.dumps(described), "utf-8")
        for path in draft.iterdir():
            sync(path)
        draft.chmod(0o755)
        if place.exists():
            place.rename(draft.with_name(draft.name + "-old"))
        draft.rename(place)
        sync(place.parent)
    finally:
        for left in (draft, draft.with_name(draft.name + "-old")):
            shutil.rmtree(left, ignore_errors=True)


def _is_whole(place: Path, folder: Path, thorough: bool = False) -> bool:
    """Tell whether an export of this very model is there; raises ModelError for one refused.

    A file of the size and time that are written down is not read again, unless `thorough`.
    """
    try:
        known = json.loads((place / _SOURCE).read_bytes())
        found = {
            "source": _describe(folder, {} if thorough else known["source"]),
            "files": _describe(place, {} if thorough else known["files"]),
        }
        refused = (place / _REFUSED).read_text("utf-8") if (place / _REFUSED).exists() else ""
        whole = _list_bytes(known) == _list_bytes(found)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    if whole and refused:
        raise ModelError(refused)
    if whole and known != found:  # a copy: its times spare the next start the reading
        with suppress(LibraryError):
            write_file(place / _SOURCE, json.dumps(found).encode())
    return whole


def _describe(folder: Path, known: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Return size, time and SHA-256 of each of a model's or an export's files, by name.

    The hash is that of `known` where size and time are.
    """
    exported = [folder / name for name in (TRAITS, WEIGHTS, f"{WEIGHTS}.data", _REFUSED)]
    files = {*list_model_files(folder), *filter(Path.exists, exported)} - {folder / _SOURCE}
    described = {}
    for path in sorted(each for each in files if not each.name.startswith(".")):
        name, status = path.relative_to(folder).as_posix(), path.stat()
        now, before = [status.st_size, status.st_mtime_ns], known.get(name, [])
        digest = before[2] if now == before[:2] else fingerprint_file(path)
        described[name] = [*now, digest]
    return described


def _list_bytes(described: Mapping[str, Mapping[str, list[Any]]]) -> list[Any]:
    """Return what is the same for equal bytes: all but the times."""
    return [
        (part, name, size, digest)
        for part in ("source", "files")
        for name, (size, _, digest) in sorted(described[part].items())
    ]


def _export_apart(folder: Path, place: Path) -> str:
    """Export in another process; returns why the model cannot be exported, or nothing.

    Raises ModelError where another time it may: the process was killed, not let end, or had no
    room, memory or library.
    """
    paths = [str(path.absolute()) for path in (folder, place)]  # it works in another folder
    command = [sys.executable, "-m", "index.encoder.export.onnx_export", *paths]
    root = Path(__file__).parents[3]
    environ = {**os.environ, "PYTHONPATH": str(root)}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=root, env=environ, capture_output=True, text=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{folder.name}: not exported ({_PATIENCE} s were not enough)") from None
    if done.returncode == 0:
        return ""
    if done.returncode < 0:
        raise ModelError(f"{folder.name}: not exported (killed by signal {-done.returncode})")
    last = (done.stderr.strip() or "no reason given").splitlines()[-1][:200]
    if done.returncode == os.EX_TEMPFAIL:
        raise ModelError(f"{folder.name}: not exported ({last})")
    return f"{folder.name}: cannot be exported ({last})"
