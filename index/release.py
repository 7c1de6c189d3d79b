"""One immutable release on disk: what it holds, how it is opened, how it is checked.

    <id>/manifest.json      format, model, counts, and size and SHA-256 of every other file
         documents.jsonl    the documents with their whole text
         cases.jsonl        spans of cases; `document` is a number in the table above, `passages`
                            the first and one past the last of its passages in the table below
         passages.jsonl     spans of passages and of their sentences, in document order
         rows.npy           (n, 2) int64: the passage and the case of each row of passages.faiss
         starts.npy         (n + 1,) int64: where each row's sentences begin in sentences.faiss
         passages.faiss     (n, d) float32 unit rows        passage_keys.npy   (n, 16) uint8
         sentences.faiss    (m, d) float32 unit rows        sentence_keys.npy  (m, 16) uint8
         mean.npy           (d,) float32: the mean of the rows of sentences.faiss
         lexical/           BM25 over sub-words, n rows
         glossary.json      names that mean the same, as the library's glossary had them

A key is the start of the SHA-256 of the words that were encoded. The id is the start of the
manifest's own SHA-256, so the same documents and model give the same id. There is no date in these
bytes: the manifest's file time is the release's date.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError, ModelMismatchError
from corpus.glossary import Glossary
from corpus.records import Case, Document, Entry, Passage, Sentence
from index.lexical import Lexical
from index.model_folder import fingerprint_file
from index.table import Table, TableWriter
from index.vectors import Rows

FORMAT = 1
MANIFEST = "manifest.json"
_DOCUMENTS_KEPT = 32  # documents parsed and kept; the rest are read again from disk


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release says of itself; `files` maps a name to its size and SHA-256."""

    format: int
    model: str
    dimension: int
    documents: int
    cases: int
    passages: int
    rows: int
    sentences: int
    files: dict[str, tuple[int, str]]

    def to_bytes(self) -> bytes:
        """Return the manifest as it stands on disk; equal manifests give equal bytes."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()

    @property
    def id(self) -> str:
        """The release's id: 12 hexadecimal digits of the manifest's SHA-256."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:12]


def key_of(words: str) -> bytes:
    """Return the 16 bytes under which the vector of these words is found again."""
    return hashlib.sha256(words.encode("utf-8")).digest()[:16]


def quoted_words(text: str) -> str:
    """Return the words of a span as they are encoded and quoted: without outer white space."""
    return text.strip()


class EntryWriter:
    """Writes entries into the three tables of a draft, one entry at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the tables in `folder`."""
        self._documents = TableWriter(folder, "documents")
        self._cases = TableWriter(folder, "cases")
        self._passages = TableWriter(folder, "passages")
        self.passages = 0
        self.places: list[tuple[int, int]] = []  # of each passage: its number and its case's

    def append(self, entry: Entry) -> None:
        """Write one document, its cases and its passages."""
        document = self._documents.append(asdict(entry.document))
        numbers = {}
        for case in entry.cases:
            held = [n for n, passage in enumerate(entry.passages) if passage.case_id == case.id]
            numbers[case.id] = self._cases.append(
                {
                    "document": document,
                    "id": case.id,
                    "kind": case.kind,
                    "title": case.title,
                    "company": case.company,
                    "start": case.start,
                    "end": case.end,
                    "passages": [self.passages + held[0], self.passages + held[-1] + 1],
                }
            )
        for passage in entry.passages:
            self.places.append((self.passages, numbers[passage.case_id]))
            self.passages = 1 + self._passages.append(
                {
                    "document": document,
                    "case": numbers[passage.case_id],
                    "id": passage.id,
                    "kind": passage.kind,
                    "start": passage.start,
                    "ends": [sentence.end for sentence in passage.sentences],
                }
            )

    def close(self) -> None:
        """Complete the tables."""
        for table in (self._documents, self._cases, self._passages):
            table.__exit__(None, None, None)


class Release:
    """A release opened for reading; memory-mapped and safe to share between threads.

    Held by whoever answers with it: it stays readable after a newer one is published. `companies`
    are those that have a case, each once, in the order of their first.
    """

    def __init__(self, folder: Path, model: str | None = None) -> None:
        """Check every byte against the manifest and open the release.

        Raises CorruptReleaseError where a file is missing or differs, and ModelMismatchError where
        `model`, an encoder's identity, is not the one that built it.
        """
        self.folder = folder
        self.manifest = read_manifest(folder)
        self.id = self.manifest.id
        if model is not None and model != self.manifest.model:
            raise ModelMismatchError(
                f"release {self.id} was built with {self.manifest.model}, not with {model}: "
                "run `python app.py build` with this model, or set CASEBOOK_MODEL back"
            )
        check_files(folder, self.manifest)
        self._documents = Table(folder, "documents")
        self._cases = Table(folder, "cases")
        self._passages = Table(folder, "passages")
        try:
            self._rows: NDArray[np.int64] = np.load(folder / "rows.npy")
            self.starts: NDArray[np.int64] = np.load(folder / "starts.npy")
            self.mean: NDArray[np.float32] = np.load(folder / "mean.npy")
            self.glossary = Glossary(json.loads((folder / "glossary.json").read_bytes()))
        except (OSError, EOFError, ValueError) as error:
            raise CorruptReleaseError(f"release {self.id}: {error}; build again") from error
        self.passages = Rows(folder / "passages.faiss")
        self.sentences = Rows(folder / "sentences.faiss")
        self.lexical = Lexical(folder / "lexical")
        self._kept: OrderedDict[int, Document] = OrderedDict()
        self._lock = threading.Lock()
        self._document_numbers = {self._documents[n]["id"]: n for n in range(len(self._documents))}
        cases = [self._cases[number] for number in range(len(self._cases))]
        self._case_numbers = {case["id"]: number for number, case in enumerate(cases)}
        self.companies = list(dict.fromkeys(c["company"] for c in cases if c["company"]))

    def documents(self) -> list[Document]:
        """Return every document, by name."""
        return [self._document(number) for number in range(len(self._documents))]

    def documents_of(self, ids: Iterable[str]) -> list[Document]:
        """Return the documents of these ids, each once, by number; unknown ids give none."""
        numbers = {self._document_numbers[i] for i in ids if i in self._document_numbers}
        return [self._document(number) for number in sorted(numbers)]

    def cases(self) -> list[tuple[Case, Document]]:
        """Return every case with its document, in the order of names, then of the text."""
        return [self._case(number) for number in range(len(self._cases))]

    def case_number(self, case_id: str) -> int:
        """Return the place in `cases()` of a case that is in this release."""
        return self._case_numbers[case_id]

    def find_case(self, case_id: str) -> tuple[Case, Document] | None:
        """Return the case of this id with its document, or None."""
        number = self._case_numbers.get(case_id)
        return None if number is None else self._case(number)

    def case_passages(self, case: Case) -> list[Passage]:
        """Return the passages of a case, headings and captions among them, in text order."""
        first, last = self._cases[self._case_numbers[case.id]]["passages"]
        return [self._passage(self._passages[number])[0] for number in range(first, last)]

    def row(self, row: int) -> tuple[Passage, Case, Document]:
        """Return what a row of `passages` encodes: the passage, its case and its document."""
        return self._passage(self._passages[int(self._rows[row, 0])])

    def row_cases(self) -> NDArray[np.int64]:
        """Return the (n,) number of the case, as in `cases()`, that each row belongs to."""
        return self._rows[:, 1]

    def _document(self, number: int) -> Document:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
        document = Document(**self._documents[number])
        with self._lock:
            self._kept[number] = document
            while len(self._kept) > _DOCUMENTS_KEPT:
                self._kept.popitem(last=False)
        return document

    def _case(self, number: int) -> tuple[Case, Document]:
        record = self._cases[number]
        document = self._document(record.pop("document"))
        del record["passages"]
        text = document.text[record["start"] : record["end"]]
        return Case(document_id=document.id, text=text, **record), document

    def _passage(self, record: dict[str, Any]) -> tuple[Passage, Case, Document]:
        case, document = self._case(record["case"])
        bounds = [record["start"], *record["ends"]]
        sentences = tuple(
            Sentence(start, end, document.text[start:end]) for start, end in pairwise(bounds)
        )
        start, end = bounds[0], bounds[-1]
        passage = Passage(
            record["id"], document.id, case.id, record["kind"], start, end,
            document.text[start:end], sentences,
        )  # fmt: skip
        return passage, case, document


def read_manifest(folder: Path) -> Manifest:
    """Read a release's manifest; raises CorruptReleaseError where it is not the folder's own."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
        fields = json.loads(data)
        fields["files"] = {name: (size, digest) for name, (size, digest) in fields["files"].items()}
        manifest = Manifest(**fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptReleaseError(f"{path}: cannot be read ({error}); build again") from error
    if hashlib.sha256(data).hexdigest()[:12] != folder.name:
        raise CorruptReleaseError(f"{path}: not the manifest of release {folder.name}; build again")
    if manifest.format != FORMAT:
        raise CorruptReleaseError(
            f"{path}: format {manifest.format}, this version reads {FORMAT}; build again"
        )
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raise CorruptReleaseError, naming the file, unless every file is as the manifest says."""
    for name, (size, digest) in manifest.files.items():
        path = folder / name
        try:
            if path.stat().st_size != size or fingerprint_file(path) != digest:
                raise CorruptReleaseError(f"{path}: differs from the manifest; build again")
        except OSError as error:
            raise CorruptReleaseError(f"{path}: {error.strerror}; build again") from error


def list_files(folder: Path) -> dict[str, tuple[int, str]]:
    """Return the size and SHA-256 of every file of a draft but the manifest, by name."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, fingerprint_file(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Sync every file of a draft to disk, then write and sync its manifest."""
    for name in manifest.files:
        sync(folder / name)
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    sync(folder / MANIFEST)
    for path in (folder / "lexical", folder):
        sync(path)


def sync(path: Path) -> None:
    """Have the disk keep a file, or a folder's entries."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
