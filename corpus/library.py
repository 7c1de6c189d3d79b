"""The folder of documents: what is in it, each file read into an Entry, documents put in and out.

This module knows every file name in the folder and decides which may be opened.

    <name>              a document; `<name>.json` beside it is its sidecar
    glossary.json       names that mean the same
    questions.jsonl     questions whose answers are known
    .removed/<sha256>/  documents taken out or replaced, by the SHA-256 of their bytes
    .lock, .tmp-*       while something is written
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from corpus.cases import find_cases
from corpus.errors import DocumentError, LibraryError, Message, NotFoundError
from corpus.files import lock_folder, move_file, read_file, write_file
from corpus.language.detection import name_languages
from corpus.masthead import complete
from corpus.metadata import NOTHING, SIDECAR, Facts, is_line, read_facts, read_json, show
from corpus.names import compare_name, is_document, is_utf8
from corpus.passages import split_case
from corpus.readers import read_bytes
from corpus.records import Document, Entry, LeftOut

GLOSSARY = "glossary.json"
QUESTIONS = "questions.jsonl"
LARGEST = 64 * 2**20  # bytes of a document; of the longest report we know, about 1
_LARGEST_FACTS = 2**20  # bytes of a sidecar or a glossary
_MOST_SECTORS = 500  # offered to an editor
_REMOVED = ".removed"


@dataclass(frozen=True, slots=True)
class Offer:
    """A document on its way in: the name it would get, its bytes, what is said of it."""

    name: str
    data: bytes
    facts: Facts = NOTHING


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an offer: the name it has in the library, and what was done.

    `described` is a document whose facts alone changed. `note` is empty or one line; `entry` is the
    document as it is read now, where it was.
    """

    name: str
    action: Literal["added", "edited", "described", "unchanged"]
    note: str = ""
    entry: Entry | None = field(default=None, compare=False, repr=False)


Read = Callable[[Offer, str], Entry]  # an offer, and the SHA-256 of its sidecar or nothing


class Library:
    """The documents below one folder; nothing is read before a method asks for it."""

    def __init__(self, folder: Path, read: Read | None = None) -> None:
        """Name the folder, and what reads its documents, as `read_entry` does in this process.

        What strangers wrote is read by `corpus.isolation.isolated_reader`.
        """
        self.folder = folder
        self._read = read or read_entry

    def names(self) -> tuple[str, ...]:
        """Return the path of every document below the folder, with forward slashes, sorted.

        Hidden files and folders, sidecars, `README.*` and files of unknown format are no documents,
        and a link to a folder is not entered. Opens no file. Raises LibraryError where the folder
        is missing or cannot be read.
        """
        if not self.folder.is_dir():
            raise LibraryError(
                "{folder}: no such folder; make it or set CASEBOOK_REPORTS to the documents",
                folder=self.folder,
            )
        names: list[str] = []
        for place, folders, files in os.walk(self.folder, onerror=_refuse_folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            above = Path(place).relative_to(self.folder)
            names.extend((above / file).as_posix() for file in files if is_document(file))
        return tuple(sorted(names))

    def stamp(self, name: str) -> tuple[str, str]:
        """Return the SHA-256 of a document's bytes and of its sidecar's, the latter empty without.

        Raises as `read` does where a file cannot be opened.
        """
        data, said = self._open(name)
        return _digest(data), "" if said is None else _digest(said)

    def read(self, name: str) -> Entry:
        """Read one document with its cases and passages, each in text order.

        Raises NotFoundError for a name that cannot be a document of this folder, and DocumentError,
        naming file and mend, where the file or its sidecar cannot be read.
        """
        name = self._find(name)
        data, said = self._open(name)
        if said is None:
            return self._read(Offer(name, data), "")
        facts = read_facts(said, show(name) + SIDECAR)
        return self._read(Offer(name, data, facts), _digest(said))

    def preview(self, offer: Offer) -> Entry:
        """Read an offer as it would be read if it were in; raises DocumentError."""
        return self._read(offer, "")

    def facts(self, name: str) -> Facts:
        """Return what a document's sidecar says; raises as `read` does."""
        name = self._find(name)
        said = self._open(name)[1]
        return NOTHING if said is None else read_facts(said, show(name) + SIDECAR)

    def sectors(self) -> tuple[str, ...]:
        """Return the sectors that sidecars name, each once, sorted; the first 500.

        A sidecar that cannot be read names none.
        """
        found: set[str] = set()
        for name in self.names():
            path = self._locate(name)
            try:
                said = self._open_beside(path.with_name(path.name + SIDECAR), show(name) + SIDECAR)
                facts = NOTHING if said is None else read_facts(said, show(name) + SIDECAR)
            except DocumentError:  # whoever reads the document hears of it
                continue
            found |= {facts.sector, *(case.sector for case in facts.cases.values())}
        return tuple(sorted(found - {""}, key=str.casefold))[:_MOST_SECTORS]

    def glossary(self) -> list[list[str]]:
        """Return the groups of names in the folder's `glossary.json`, none where there is no file.

        Raises DocumentError, naming the group, where it is not a list of lists of names.
        """
        data = self._open_beside(self.folder / GLOSSARY, GLOSSARY)
        if data is None:
            return []
        groups = read_json(data, GLOSSARY)
        if not isinstance(groups, list):
            raise DocumentError('{name}: not a list; write [["WeRide", "文远知行"]]', name=GLOSSARY)
        for number, group in enumerate(groups, 1):
            names = group if isinstance(group, list) else []
            if len(names) < 2 or not all(is_line(name) and name.strip() for name in names):
                raise DocumentError(
                    "{name}: group {number} is not a list of two or more names; mend it",
                    name=GLOSSARY,
                    number=number,
                )
        return groups

    def add(self, offer: Offer) -> Added:
        """Put a document in, or say that it is there already; nothing is published by it.

        Other bytes under a name that is there, however it is spelled, replace it, and what they
        replace can be restored. Under a new name, bytes that are there are the same document: only
        facts that the offer gives change it. Facts that the offer leaves empty stay as the sidecar
        has them. Raises DocumentError where the offer cannot be read, LibraryError where the disk
        refuses.
        """
        facts = offer.facts
        while True:  # others may change the folder while the document is read, for it can take long
            entry = self.preview(replace(offer, facts=facts))
            with lock_folder(self.folder):
                own = self._spell(offer.name, self.names())
                twin = self._find_same(offer.data, own)
                name = twin or own
                path, there = self._locate(name), self._locate(name).exists()
                before = self.facts(name) if there else NOTHING
                if facts != offer.facts.over(before):
                    facts = offer.facts.over(before)
                    continue
                if twin is None and there:
                    self._set_aside(name, copy=True)
                if facts != before:
                    write_file(path.with_name(path.name + SIDECAR), facts.to_bytes())
                if twin is None:
                    write_file(path, offer.data)
                    return Added(name, "edited" if there else "added", entry=entry)
            note = "" if name == own else Message("the same file as {name}, which stays", name=name)
            return Added(name, "described" if facts != before else "unchanged", note, entry)

    def describe(self, name: str, facts: Facts) -> Added:
        """Set a document's facts: all of them, an empty one as the text says."""
        name = self._find(name)
        if facts == self.facts(name):
            return Added(name, "unchanged")
        self.preview(Offer(name, self._open(name)[0], facts))
        with lock_folder(self.folder):
            path = self._locate(name)
            write_file(path.with_name(path.name + SIDECAR), facts.to_bytes())
        return Added(name, "described")

    def remove(self, name: str) -> None:
        """Take a document out; raises NotFoundError where there is none of this name.

        It can be restored until `forget` is told that no release holds it.
        """
        with lock_folder(self.folder):
            name = self._find(name)
            if not self._locate(name).exists():
                raise NotFoundError("{name}: no such document; see `list`", name=show(name[:200]))
            self._set_aside(name)

    def removed(self) -> list[str]:
        """Return the names of documents that can be restored, sorted."""
        return sorted(self._aside())

    def restore(self, name: str) -> None:
        """Bring back the document that was last removed or replaced under a name.

        Raises NotFoundError where there is none, LibraryError where the name is taken by now.
        """
        with lock_folder(self.folder):
            removed = self._aside()
            name = self._spell(name, removed)
            aside = removed.get(name)
            if aside is None:
                raise NotFoundError("{name}: nothing removed has this name", name=show(name[:200]))
            path = self._locate(name)
            if path.exists():
                raise LibraryError("{name}: there is one now; remove it first", name=show(name))
            sidecar = aside.with_name(aside.name + SIDECAR)
            if sidecar.exists():
                move_file(sidecar, path.with_name(path.name + SIDECAR))
            move_file(aside, path)

    def forget(self, held: Collection[str]) -> list[str]:
        """Delete the removed documents whose file's SHA-256 is not in `held`; return their names.

        What is removed and in no release any more is gone for good then.
        """
        gone = []
        with lock_folder(self.folder):
            for folder in sorted((self.folder / _REMOVED).glob("*")):
                if folder.name not in held:
                    gone += [path.relative_to(folder).as_posix() for path in _documents(folder)]
                    shutil.rmtree(folder, ignore_errors=True)
        return sorted(gone)

    def _find_same(self, data: bytes, own: str) -> str | None:
        """Return the name of the document that has these bytes, `own` where one is there."""
        names = self.names()
        for name in (own,) if own in names else names:
            path = self.folder / name
            try:
                if path.stat().st_size == len(data) and self._open(name)[0] == data:
                    return name
            except (OSError, DocumentError):  # one that cannot be read is not the same
                continue
        return None

    def _find(self, name: str) -> str:
        """Return a document's name as the folder has it; raises as `_locate` does."""
        if self._locate(name).exists() or not self.folder.is_dir():
            return name
        return self._spell(name, self.names())

    def _spell(self, name: str, names: Collection[str]) -> str:
        """Return a name as the one of `names` that it means has it, itself where it means none."""
        if name in names:
            return name
        meant = compare_name(name)
        return next((each for each in sorted(names) if compare_name(each) == meant), name)

    def _set_aside(self, name: str, copy: bool = False) -> None:
        """Move a document and its sidecar to where `restore` finds them; `copy` leaves them too."""
        path = self._locate(name)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        place = self.folder / _REMOVED / digest / name
        said = self._open_beside(path.with_name(path.name + SIDECAR), show(name) + SIDECAR)
        if said is not None:
            write_file(place.with_name(place.name + SIDECAR), said)
        if copy:
            write_file(place, path.read_bytes())
            return
        move_file(path, place)
        place.touch()  # the last removed comes back first
        path.with_name(path.name + SIDECAR).unlink(missing_ok=True)

    def _aside(self) -> dict[str, Path]:
        """Return the last removed file of every name."""
        found: dict[str, Path] = {}
        for folder in (self.folder / _REMOVED).glob("*"):
            for path in _documents(folder):
                name = path.relative_to(folder).as_posix()
                last = found.get(name)
                if last is None or path.stat().st_mtime_ns > last.stat().st_mtime_ns:
                    found[name] = path
        return found

    def _locate(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        plain = bool(parts) and PurePosixPath(name).as_posix() == name and "\0" not in name
        if (
            not plain
            or any(part.startswith((".", "/")) or "\\" in part for part in parts)
            or not is_document(parts[-1])
        ):
            raise NotFoundError(
                "{name}: no document's name; see `list`", name=repr(show(name[:80]))
            )
        if not is_utf8(name):
            raise DocumentError(
                "{name}: the file's name is not UTF-8; rename the file", name=show(name)
            )
        return self.folder.joinpath(*parts)

    def _open(self, name: str) -> tuple[bytes, bytes | None]:
        """Return the bytes of a document and of its sidecar, None where it has none."""
        path, shown = self._locate(name), show(name)
        try:
            data = read_file(path, shown, LARGEST, self.folder)
        except FileNotFoundError as error:
            raise DocumentError(
                "{name}: no such file; put it back or build again", name=shown
            ) from error
        return data, self._open_beside(path.with_name(path.name + SIDECAR), shown + SIDECAR)

    def _open_beside(self, path: Path, shown: str) -> bytes | None:
        try:
            return read_file(path, shown, _LARGEST_FACTS, self.folder)
        except FileNotFoundError:
            return None


def read_entry(offer: Offer, facts_sha256: str = "") -> Entry:
    """Read an offer into a document with its cases and passages, as a library that held it would.

    Raises DocumentError, naming the file and the mend.
    """
    shown, facts = show(offer.name), offer.facts
    reading = complete(read_bytes(offer.data, shown), shown)
    document = Document(
        id=hashlib.sha256(offer.name.encode("utf-8")).hexdigest()[:12],
        name=offer.name,
        sha256=_digest(reading.text.encode("utf-8")),
        text=reading.text,
        title=facts.title or reading.title or PurePosixPath(offer.name).stem,
        publisher=facts.publisher,
        source=facts.source or reading.source,
        published=facts.published or reading.published,
        language=facts.language or name_languages(reading.text),
        url=facts.url or reading.url,
        rights=facts.rights,
        pages=reading.pages,
        file_sha256=_digest(offer.data),
        facts_sha256=facts_sha256,
        page_labels=reading.page_labels,
    )
    found = find_cases(document, reading.blocks, facts.company or reading.company)
    cases = tuple(
        replace(case, facts=facts.find_case(case.title, len(found) == 1))
        if case.kind == "case" else case
        for case in found
    )  # fmt: skip
    unknown = facts.cases.keys() - {case.title for case in cases}
    left_out = (*reading.left_out, *(
        LeftOut("not supported", "misnamed case", title) for title in sorted(unknown)
    ))  # fmt: skip
    passages = [p for case in cases for p in split_case(document, case, reading.blocks)]
    return Entry(document, cases, tuple(passages), left_out)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _documents(folder: Path) -> list[Path]:
    """Return the documents below a folder of removed ones."""
    return [path for path in folder.rglob("*") if path.is_file() and is_document(path.name)]


def _refuse_folder(error: OSError) -> None:
    raise LibraryError(
        "{name}: cannot be read ({reason}); check its rights",
        name=show(str(error.filename)),
        reason=error.strerror,
    ) from error
