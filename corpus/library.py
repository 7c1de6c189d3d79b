"""The folder of documents: what is in it, and each file read into an Entry.

A document's facts (title, publisher, date ...) stand in a sidecar beside it, `<file name>.json`;
what the sidecar does not say is taken from the text. This module knows every file name in the
folder and decides which may be opened. It writes nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import stat
import unicodedata
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
_LARGEST_FACTS = 2**20  # bytes of a sidecar or a glossary

_FORMS = {
    "published": (re.compile(r"\d{4}-\d{2}-\d{2}"), "a date; write it as 2024-02-23"),
    "language": (re.compile(r"[a-z]{2,3}"), "a language; write it as en or zh"),
    "url": (re.compile(r"https?://[^\s/?#]\S*"), "a web address; begin it with https://"),
}


class Library:
    """The documents below one folder; nothing is read before a method asks for it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """Return the path of every document below the folder, with forward slashes, sorted.

        Hidden files and folders, sidecars, `README.*` and files of unknown format are no documents,
        and a link to a folder is not entered. Opens no file. Raises LibraryError where the folder
        is missing or cannot be read.
        """
        if not self.folder.is_dir():
            raise LibraryError(
                f"{self.folder}: no such folder; make it or set CASEBOOK_REPORTS to the documents"
            )
        names: list[str] = []
        for place, folders, files in os.walk(self.folder, onerror=_refuse_folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            above = Path(place).relative_to(self.folder)
            names.extend((above / file).as_posix() for file in files if _is_document(file))
        return tuple(sorted(names))

    def read(self, name: str) -> Entry:
        """Read one document with its cases and passages, each in text order.

        Raises NotFoundError for a name that cannot be a document of this folder, and DocumentError,
        naming file and mend, where the file or its sidecar cannot be read.
        """
        path = self._locate(name)
        shown = _show(name)
        try:
            data = self._read_bytes(path, shown, _LARGEST)
        except FileNotFoundError as error:
            raise DocumentError(f"{shown}: no such file; put it back or build again") from error
        facts = self._read_sidecar(path.with_name(path.name + SIDECAR), shown + SIDECAR)
        reading = READERS[path.suffix.lower()](data, shown)
        document = Document(
            id=hashlib.sha256(name.encode("utf-8")).hexdigest()[:12],
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
        groups = self._read_json(self.folder / GLOSSARY, GLOSSARY)
        if groups is None:
            return []
        if not isinstance(groups, list):
            raise DocumentError(f'{GLOSSARY}: not a list; write [["WeRide", "文远知行"]]')
        for number, group in enumerate(groups, 1):
            names = group if isinstance(group, list) else []
            if len(names) < 2 or not all(_is_line(name) and name.strip() for name in names):
                raise DocumentError(
                    f"{GLOSSARY}: group {number} is not a list of two or more names; mend it"
                )
        return groups

    def _locate(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        plain = bool(parts) and PurePosixPath(name).as_posix() == name and "\0" not in name
        if (
            not plain
            or any(part.startswith((".", "/")) or "\\" in part for part in parts)
            or not _is_document(parts[-1])
        ):
            raise NotFoundError(f"{_show(name[:80])!r}: no document's name; see `list`")
        if not _is_utf8(name):
            raise DocumentError(f"{_show(name)}: the file's name is not UTF-8; rename the file")
        return self.folder.joinpath(*parts)

    def _read_bytes(self, path: Path, shown: str, largest: int) -> bytes:
        """Return a file's bytes; follows no link out of the folder.

        Lets FileNotFoundError through, since a sidecar may be missing.
        """
        try:
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise DocumentError(f"{shown}: a link out of the folder; put the file itself there")
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise DocumentError(f"{shown}: not a file; take it out of the folder")
            if status.st_size > largest:
                raise DocumentError(
                    f"{shown}: {status.st_size / 2**20:.0f} MiB, and {largest // 2**20} are the"
                    " most; split it"
                )
            return path.read_bytes()
        except FileNotFoundError:
            raise
        except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
            why = getattr(error, "strerror", None) or "links in a circle"
            raise DocumentError(f"{shown}: cannot be read ({why}); check the file") from error

    def _read_json(self, path: Path, shown: str) -> Any:
        """Return what a JSON file holds, None where there is no such file."""
        try:
            return json.loads(self._read_bytes(path, shown, _LARGEST_FACTS))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            raise DocumentError(f"{shown}: not JSON ({error}); mend or remove it") from error

    def _read_sidecar(self, path: Path, shown: str) -> dict[str, str]:
        facts = self._read_json(path, shown)
        if facts is None:
            return {}
        if not isinstance(facts, dict):
            raise DocumentError(f'{shown}: not a JSON object; write {{"title": "..."}}')
        for key, value in facts.items():
            if key not in FIELDS:
                raise DocumentError(
                    f"{shown}: unknown key {_show(key[:40])!r}; use {', '.join(FIELDS)}"
                )
            if not _is_line(value):
                raise DocumentError(f"{shown}: {key} is not one line of text; write it as one")
            _check_form(key, value.strip(), shown)
        return {key: value.strip() for key, value in facts.items()}


def _refuse_folder(error: OSError) -> None:
    raise LibraryError(
        f"{_show(str(error.filename))}: cannot be read ({error.strerror}); check its rights"
    ) from error


def _is_document(file: str) -> bool:
    if file.startswith(".") or file.split(".")[0].lower() == "readme":
        return False
    return PurePosixPath(file).suffix.lower() in READERS


def _is_utf8(words: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in words)


def _is_line(value: object) -> bool:
    """Tell whether a value is a text of one line, without control characters."""
    return isinstance(value, str) and not any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value
    )


def _show(name: str) -> str:
    """Return a name as a message may hold it, whatever its bytes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _check_form(key: str, value: str, shown: str) -> None:
    """Raise DocumentError where a fact has not the form that its key asks for; empty is none."""
    if not value or key not in _FORMS:
        return
    pattern, form = _FORMS[key]
    whole = pattern.fullmatch(value) is not None
    if whole and key == "published":
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            whole = False
    if not whole:
        raise DocumentError(f"{shown}: {key} {value[:40]!r} is not {form}")
