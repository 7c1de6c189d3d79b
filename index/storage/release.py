"""One immutable release on disk: what it holds, how it is opened, how it is checked.

    <id>/manifest.json        format, model, counts, and size and SHA-256 of every other file
         documents.jsonl      the documents without their text, by name
         texts.jsonl          their texts, in the same order
         cases.jsonl          cases without their words, in document order
         passages.jsonl       spans of passages and of their sentences, in document order
         document_cases.npy   (d + 1,) int64: where each document's cases begin in cases.jsonl
         case_passages.npy    (c + 1,) int64: where each case's passages begin in passages.jsonl
         rows.npy             (n,) int64: the passage of each row that a search can find
         starts.npy           (n + 1,) int64: where each row's sentences begin in sentences.faiss
         chunk_rows.npy       (k + 1,) int64: where each chunk's rows begin
         languages.npy        (k,) TAG: the language of each chunk
         chunks.faiss         (k, w) float32 unit rows      chunk_keys.npy     (k, 16) uint8
         nearest.faiss, .json where there are many: lists that find the nearest of them
         sentences.faiss      (m, w) float32 unit rows      sentence_keys.npy  (m, 16) uint8
         states.npy           (t, w) int8: the sub-words of all chunks as the reader reads them
         state_scales.npy     (t, 2) float16      state_pieces.npy     (t,) uint16
         state_starts.npy     (k + 1,) int64: where each chunk's begin
         marks.npy            (m,) MARK: what each sentence says, whatever its signs and blanks
         chunk_terms.npy      int64: the numbers of every chunk's terms, one after another
         term_starts.npy      (k + 1,) int64: where each chunk's begin
         words/               the index of them, see index.storage.words
         glossary.json        names that mean the same, as the library's glossary had them

A key is the start of the SHA-256 of the words that were encoded and of what they were, a chunk or a
sentence. The id is the start of the
manifest's own SHA-256, so the same documents and model give the same id. There is no date in these
bytes: when it was published stands beside them, see index.storage.publish. Records hold no numbers
of other records, so that a build copies those of a document that has not changed as they are.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError
from corpus.files import Watched
from corpus.glossary import Glossary
from corpus.records import Case, CaseFacts, Document, Passage, Sentence
from index.encoder.encoder import Pieces, States
from index.storage.ann import AnnIndex, open_nearest
from index.storage.jsonl_table import Table
from index.storage.manifest import Manifest, check_files, check_model, check_sizes, read_manifest
from index.storage.milvus import Milvus, MilvusRows
from index.storage.states import StoredStates
from index.storage.vectors import Rows
from index.storage.words import Words

Numbers = NDArray[np.int64]
MARK = np.dtype([("hash", "<u8"), ("letters", "<u4")])
TAG = np.dtype("<U3")  # a BCP 47 primary tag
_CHARACTERS_KEPT = 4_000_000  # of documents; the rest are read again from disk


def key_of(kind: str, words: str) -> bytes:
    """Return the 16 bytes under which the vector of a chunk's or a sentence's words is found."""
    return hashlib.sha256(f"{kind}\n{words}".encode()).digest()[:16]


def key_of_chunk(pieces: Pieces) -> bytes:
    """Return the same for a chunk that is encoded in pieces."""
    return key_of("chunk", "\x1e".join(pieces))


def quoted_words(text: str) -> str:
    """Return the words of a span as they are encoded and quoted: without outer white space."""
    return text.strip()


@dataclass(frozen=True, slots=True)
class Tables:
    """The records of a release and where each one's begin; see the top of this file."""

    documents: Table
    texts: Table
    cases: Table
    passages: Table
    document_cases: Numbers
    case_passages: Numbers
    rows: Numbers
    starts: Numbers

    @classmethod
    def open(cls, folder: Path) -> Tables:
        """Open those of a folder; raises CorruptReleaseError."""
        documents, texts, cases, passages = (
            Table(folder, name) for name in ("documents", "texts", "cases", "passages")
        )
        numbers = (
            load_array(folder, name)
            for name in ("document_cases", "case_passages", "rows", "starts")
        )
        return cls(documents, texts, cases, passages, *numbers)


@dataclass(frozen=True, slots=True)
class _Held:
    """A document that is kept, and what has been read of it, at most three times its text."""

    document: Document
    cases: dict[int, Case] = field(default_factory=dict)
    passages: dict[int, Passage] = field(default_factory=dict)


class Release:
    """A release opened for reading; memory-mapped and safe to share between threads.

    Held by whoever answers with it: it stays readable after a newer one is published. What reads a
    document raises CorruptReleaseError where its text is not the one that was published.
    `companies` are those that have a case, each once, in the order of their first; `cases_of` has
    the numbers of each one's cases by what all spellings of its name have in common, and `names`
    are theirs and the glossary's. `languages` are those of the documents, in order. `said` is the
    number of sentences that say something of their own, copies left out.
    """

    def __init__(
        self,
        folder: Path,
        model: str | None = None,
        store: Milvus | None = None,
        written: bool = False,
    ) -> None:
        """Check every byte against the manifest and open the release.

        `written` is for who has just hashed what is there: sizes alone are checked then.
        With a `store`, its rows are those there. Raises CorruptReleaseError where a file is missing
        or differs, ModelMismatchError where `model`, an encoder's identity, is not the one that
        built it, and StoreError where the store does not answer.
        """
        self.folder = folder
        self.manifest = read_manifest(folder)
        self.id = self.manifest.id
        if model is not None:
            check_model(self.manifest, model)
        self._watched = _watch(folder, self.manifest)  # from before their bytes are looked at
        (check_sizes if written else check_files)(folder, self.manifest)
        self.tables = Tables.open(folder)
        self.starts = self.tables.starts
        self.chunk_rows: Numbers = load_array(folder, "chunk_rows")
        self.languages_of_chunks: NDArray[np.str_] = load_array(folder, "languages")
        self.languages: list[str] = np.unique(self.languages_of_chunks).tolist()
        try:
            self.names_alike = json.loads((folder / "glossary.json").read_bytes())
        except (OSError, ValueError) as error:
            raise CorruptReleaseError(f"release {self.id}: {error}; build again") from error
        self.glossary = Glossary(self.names_alike)
        rows = Rows(folder / "chunks.faiss")
        self.chunks: Rows | MilvusRows = rows
        self.sentences: Rows | MilvusRows = Rows(folder / "sentences.faiss")
        self.nearest: AnnIndex | Rows | MilvusRows = open_nearest(rows, folder)
        self.words = Words(folder / "words")
        self._states = StoredStates(folder)
        tables = self.tables
        self._row_cases = np.searchsorted(tables.case_passages, tables.rows, side="right") - 1
        self._chunk_cases = self._row_cases[self.chunk_rows[:-1]]
        self._kept: OrderedDict[int, _Held] = OrderedDict()
        self._held = 0  # characters of the documents kept
        self._lock = threading.Lock()
        documents = [tables.documents[number] for number in range(len(tables.documents))]
        self._document_numbers = {record["id"]: number for number, record in enumerate(documents)}
        self._digests = [record["sha256"] for record in documents]
        cases = [tables.cases[number] for number in range(len(tables.cases))]
        self._case_numbers = {case["id"]: number for number, case in enumerate(cases)}
        self.companies = list(dict.fromkeys(c["company"] for c in cases if c["company"]))
        unified = {company: self.glossary.unify(company) for company in self.companies}
        self.cases_of: dict[str, set[int]] = {name: set() for name in unified.values()}
        for number, case in enumerate(cases):
            if case["company"]:
                self.cases_of[unified[case["company"]]].add(number)
        self.names = dict.fromkeys([*self.companies, *self.glossary.names])
        self.count = len(tables.rows)
        if store is not None:
            self.chunks, self.sentences = store.open(self)
            self.nearest = self.chunks

    def find_changed(self) -> Path | None:
        """Return a file that was written to or cut short since the release was opened, or None."""
        return self._watched.find_changed()

    def documents(self) -> list[Document]:
        """Return every document, by name."""
        return [self._document(number) for number in range(len(self.tables.documents))]

    def documents_of(self, ids: Iterable[str]) -> list[Document]:
        """Return the documents of these ids, each once, by number; unknown ids give none."""
        numbers = {self._document_numbers[i] for i in ids if i in self._document_numbers}
        return [self._document(number) for number in sorted(numbers)]

    def cases(self) -> list[tuple[Case, Document]]:
        """Return every case with its document, in the order of names, then of the text."""
        return [self._case(number) for number in range(len(self.tables.cases))]

    def case(self, number: int) -> tuple[Case, Document]:
        """Return a case with its document, by its place in `cases()`."""
        return self._case(number)

    def case_number(self, case_id: str) -> int:
        """Return the place in `cases()` of a case that is in this release."""
        return self._case_numbers[case_id]

    def find_case(self, case_id: str) -> tuple[Case, Document] | None:
        """Return the case of this id with its document, or None."""
        number = self._case_numbers.get(case_id)
        return None if number is None else self._case(number)

    def case_passages(self, case: Case) -> list[Passage]:
        """Return the passages of a case, headings and captions among them, in text order."""
        number = self._case_numbers[case.id]
        first, last = self.tables.case_passages[number : number + 2].tolist()
        held = self._hold(self._owner(number))
        return [self._passage(number, case, held) for number in range(first, last)]

    def row(self, row: int) -> tuple[Passage, Case, Document]:
        """Return a passage that a search can find, its case and its document."""
        number = int(self._row_cases[row])
        held = self._hold(self._owner(number))
        case = self._read_case(number, held)
        return self._passage(int(self.tables.rows[row]), case, held), case, held.document

    def row_cases(self) -> Numbers:
        """Return the (n,) number of the case, as in `cases()`, that each row belongs to."""
        return self._row_cases

    def chunk_cases(self) -> Numbers:
        """Return the (k,) number of the case, as in `cases()`, that each chunk belongs to."""
        return self._chunk_cases

    def chunk(self, chunk: int) -> list[tuple[Passage, Case, Document]]:
        """Return what the rows of a chunk are, in text order."""
        return [self.row(row) for row in range(*self.chunk_rows[chunk : chunk + 2].tolist())]

    def read_states(self, chunk: int) -> States:
        """Return the states of a chunk's sub-words."""
        return self._states.read(chunk)

    def _document(self, number: int) -> Document:
        return self._hold(number).document

    def _hold(self, number: int) -> _Held:
        with self._lock:
            held = self._kept.get(number)
            if held is not None:
                self._kept.move_to_end(number)
                return held
        record = self.tables.documents[number]
        record |= {key: tuple(record.get(key, ())) for key in ("pages", "page_labels")}
        text = str(self.tables.texts[number])
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if not digest == record["sha256"] == self._digests[number]:
            raise CorruptReleaseError(
                f"release {self.id}, {record['name']}: the text is not the one that was published; "
                "build again"
            )
        held = _Held(Document(**record, text=text))
        with self._lock:
            if number not in self._kept:
                self._kept[number] = held
                self._held += len(held.document.text)
            while self._held > _CHARACTERS_KEPT and len(self._kept) > 1:
                self._held -= len(self._kept.popitem(last=False)[1].document.text)
        return held

    def _owner(self, case: int) -> int:
        """Return the number of the document that a case, by its own, belongs to."""
        return int(np.searchsorted(self.tables.document_cases, case, side="right")) - 1

    def _case(self, number: int) -> tuple[Case, Document]:
        held = self._hold(self._owner(number))
        return self._read_case(number, held), held.document

    def _read_case(self, number: int, held: _Held) -> Case:
        case = held.cases.get(number)
        if case is None:
            record = self.tables.cases[number]
            text = held.document.text[record["start"] : record["end"]]
            record["facts"] = CaseFacts(**record.get("facts", {}))
            for language in ("en", "zh"):
                named = self.glossary.name_in(record["company"], language)
                record[f"company_{language}"] = named
            case = held.cases[number] = Case(document_id=held.document.id, text=text, **record)
        return case

    def _passage(self, number: int, case: Case, held: _Held) -> Passage:
        passage = held.passages.get(number)
        if passage is None:
            record, text = self.tables.passages[number], held.document.text
            bounds = [record["start"], *record["ends"]]
            start, end = bounds[0], bounds[-1]
            passage = held.passages[number] = Passage(
                record["id"], held.document.id, case.id, record["kind"], start, end,
                text[start:end], tuple(Sentence(a, b, text[a:b]) for a, b in pairwise(bounds)),
            )  # fmt: skip
        return passage


def _watch(folder: Path, manifest: Manifest) -> Watched:
    try:
        return Watched(folder / name for name in manifest.files)
    except OSError as error:
        raise CorruptReleaseError(f"{error.filename}: {error.strerror}; build again") from error


def load_array(folder: Path, name: str) -> NDArray[Any]:
    """Return the array of a release's file; raises CorruptReleaseError, naming it."""
    path = folder / f"{name}.npy"
    try:
        array: NDArray[Any] = np.load(path)
    except (OSError, EOFError, ValueError) as error:
        raise CorruptReleaseError(f"{path}: {error}; build again") from error
    return array
