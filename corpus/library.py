"""The folder of documents: what is in it, and each file read into an Entry.

A document's facts (title, publisher, date ...) stand in a sidecar beside it, `<file name>.json`;
what the sidecar does not say is taken from the text. This module knows every file name in the
folder and decides which may be opened.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

from corpus.cases import find_cases
from corpus.errors import DocumentError, LibraryError, NotFoundError
from corpus.language import detect
from corpus.passages import split_case
from corpus.readers import READERS
from corpus.records import Document, Entry

SIDECAR = ".json"
GLOSSARY = "glossary.json"
FIELDS = ("title", "publisher", "source", "published", "language", "url", "rights", "company")
_LARGEST = 256 * 2**20  # bytes of a document


class Library:
    """The documents below one folder; nothing is read before a method asks for it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Return the path of every document below the folder, with forward slashes, sorted.

        Hidden files, links, sidecars, `README.*` and files of unknown format are not documents.
        Raises LibraryError where the folder is missing or cannot be read.
        """
        if not self.folder.is_dir():
            raise LibraryError(
                f"{self.folder}: no such folder; set CASEBOOK_REPORTS to the documents"
            )
        names: list[str] = []

        def stop(error: OSError) -> None:
            raise LibraryError(
                f"{error.filename}: cannot be read ({error.strerror}); check its rights"
            )

        for place, folders, files in os.walk(self.folder, onerror=stop):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for file in files:
                path = Path(place, file)
                if _is_document(file) and not path.is_symlink():
                    names.append(path.relative_to(self.folder).as_posix())
        return tuple(sorted(names))

    def read(self, name: str) -> Entry:
        """Read one document with its cases and passages.

        Raises NotFoundError for a name that cannot be a document of this folder, and DocumentError,
        naming file and mend, where the file or its sidecar cannot be read.
        """
        path = self._locate(name)
        data = _read_bytes(path, name)
        facts = _read_sidecar(path.with_name(path.name + SIDECAR), name + SIDECAR)
        reading = READERS[path.suffix.lower()](data, name)
        document = Document(
            id=hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:12],
            name=name,
            sha256=hashlib.sha256(reading.text.encode("utf-8")).hexdigest(),
            text=reading.text,
            title=facts.get("title") or reading.title or path.stem,
            publisher=facts.get("publisher", ""),
            source=facts.get("source") or reading.source,
            published=facts.get("published") or reading.published,
            language=facts.get("language") or detect(reading.text),
            url=facts.get("url", ""),
            rights=facts.get("rights", ""),
        )
        cases = find_cases(document, reading.blocks, facts.get("company", ""))
        passages = [p for case in cases for p in split_case(document, case, reading.blocks)]
        return Entry(document, cases, tuple(passages))

    def glossary(self) -> list[list[str]]:
        """Return the groups of names in the folder's `glossary.json`, none where there is no file.

        Raises DocumentError, naming the group, where it is not a list of lists of names.
        """
        path = self.folder / GLOSSARY
        try:
            groups: Any = json.loads(path.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise DocumentError(
                f"{GLOSSARY}: cannot be read ({error}); mend or remove it"
            ) from error
        if not isinstance(groups, list):
            raise DocumentError(f'{GLOSSARY}: not a list; write [["WeRide", "文远知行"]]')
        for number, group in enumerate(groups, 1):
            names = group if isinstance(group, list) else []
            if len(names) < 2 or not all(isinstance(n, str) and n.strip() for n in names):
                raise DocumentError(
                    f"{GLOSSARY}: group {number} is not a list of two or more names"
                )
        return groups

    def _locate(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        whole = "\0" not in name and parts and not name.startswith("/") and ".." not in parts
        if not whole or any(part.startswith(".") for part in parts) or not _is_document(parts[-1]):
            raise NotFoundError(f"{name[:80]!r}: no document's name")
        path = self.folder.joinpath(*parts)
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise NotFoundError(f"{name[:80]!r}: leads out of {self.folder}")
        return path


def _is_document(file: str) -> bool:
    stem, suffix = os.path.splitext(file)  # noqa: PTH122 - a name, not a path
    return suffix.lower() in READERS and not file.startswith(".") and stem.lower() != "readme"


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > _LARGEST:
            raise DocumentError(
                f"{name}: {size // 2**20} MiB, more than {_LARGEST // 2**20}; split the file"
            )
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{name}: cannot be read ({error.strerror}); check the file") from error


def _read_sidecar(path: Path, name: str) -> dict[str, str]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DocumentError(f"{name}: cannot be read ({error.strerror}); check the file") from error
    try:
        facts: Any = json.loads(raw)
    except ValueError as error:
        raise DocumentError(f"{name}: not JSON ({error}); mend or remove it") from error
    if not isinstance(facts, dict):
        raise DocumentError(f'{name}: not a JSON object; write {{"title": ...}}')
    for key, value in facts.items():
        if key not in FIELDS:
            raise DocumentError(f"{name}: unknown key {key[:40]!r}; use {', '.join(FIELDS)}")
        if not isinstance(value, str):
            raise DocumentError(f"{name}: {key} is not a text; write it in quotation marks")
    _check_facts(facts, name)
    return facts


def _check_facts(facts: dict[str, str], name: str) -> None:
    published = facts.get("published")
    if published:
        try:
            dt.date.fromisoformat(published)
        except ValueError as error:
            raise DocumentError(
                f"{name}: published {published[:40]!r} is no date; write it as 2024-02-23"
            ) from error
    url = facts.get("url")
    if url and not url.startswith(("https://", "http://")):
        raise DocumentError(f"{name}: url {url[:40]!r} is no web address; begin it with https://")
