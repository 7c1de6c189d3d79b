"""A release being written: records first, then vectors; what the live release holds is copied.

A document that has not changed brings its records, words and vectors along as they are; a new one
brings the vectors of those of its texts that were encoded before, also for a build that was
stopped. Texts that were not wait in a file beside the draft. So the memory and the time of a build
follow what is new, not what is there, but for the vectors and the word index, which are written
whole.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.cases import count_cases
from corpus.chunks import divide_case
from corpus.glossary import Glossary
from corpus.language.detection import detect, list_primary
from corpus.language.script import drop_unseen
from corpus.language.stems import list_stems
from corpus.passages import is_searched
from corpus.records import Entry, Passage, Sentence
from corpus.tables import spell_passages
from index.encoder.encoder import Encoder, Pieces, Progress, States, Vectors
from index.languages.rarity import hash_term
from index.storage.ann import DEPTH, SAMPLED, Reach, write_nearest
from index.storage.jsonl_table import Table, TableWriter
from index.storage.manifest import FORMAT, Manifest, list_files
from index.storage.release import (
    MARK,
    TAG,
    Numbers,
    Release,
    key_of,
    key_of_chunk,
    load_array,
    quoted_words,
)
from index.storage.states import StatesWriter, StoredStates
from index.storage.vectors import Rows, RowsWriter
from index.storage.words import write_words

# What a release tells of a case by other records, or by its glossary.
_KNOWN = {"document_id", "text", "company_en", "company_zh"}
_BATCH = 256  # texts read back and encoded between two reports of progress at the least
_CHUNK = 16_384  # rows gathered at a time: 25 MB of 384 numbers


class ReleaseWriter:
    """Writes one release into a folder; documents come in the order of their names."""

    def __init__(
        self,
        folder: Path,
        encoder: Encoder,
        live: Release | None,
        stopped: Release | None,
        names: Sequence[Sequence[str]],
    ) -> None:
        """Open the tables in `folder`; vectors are reused from releases of the same encoder.

        Those are `live`, of which documents are kept too, and `stopped`, which was not published.
        `names` are the glossary's groups, by which chunks name their company.
        """
        self._names, self._glossary = names, Glossary(names)
        self.folder = folder
        self.work = folder.with_name("work")
        for place in (folder, self.work):
            place.mkdir()
        self._encoder = encoder
        self._live = live
        self._known = _Known(live, stopped)
        kinds = ("documents", "texts", "cases", "passages")
        tables = [TableWriter(folder, kind) for kind in kinds]
        self._documents, self._texts, self._cases, self._passages = tables
        self._fresh = TableWriter(self.work, "fresh")
        self._fresh_places: dict[bytes, int] = {}
        self._bounds = {"document_cases": array("q", [0]), "case_passages": array("q", [0])}
        self._counted = 0  # cases that are no introductions
        self._rows = array("q")
        self._counts = array("q")  # sentences of each row
        self._chunk_rows = array("q", [0])  # where each chunk's rows end
        self._languages: list[NDArray[np.str_]] = []
        self._lengths = array("q")  # terms of each chunk
        self._terms: list[Numbers] = []
        self._marks: list[NDArray[np.void]] = []
        self._keys = {"chunk": bytearray(), "sentence": bytearray()}
        self._sources = {"chunk": array("q"), "sentence": array("q")}
        self.reach: Reach | None = None  # of a search in what is finished; None where all is read

    @property
    def cases(self) -> int:
        """How many cases are written, introductions left out."""
        return self._counted

    @property
    def rows(self) -> int:
        """How many passages that a search can find are written."""
        return len(self._rows)

    @property
    def texts(self) -> int:
        """How many chunks and sentences will have a vector."""
        return len(self._sources["chunk"]) + len(self._sources["sentence"])

    @property
    def fresh(self) -> int:
        """How many distinct texts have to be encoded."""
        return len(self._fresh)

    def keep(self, number: int) -> None:
        """Copy a document of the live release as it is."""
        live = self._live
        assert live is not None  # noqa: S101 - who gives a number has it from there
        tables = live.tables
        cases = tables.document_cases[number : number + 2].tolist()
        passages = tables.case_passages[cases].tolist()
        rows = np.searchsorted(tables.rows, passages).tolist()
        sentences = tables.starts[rows].tolist()
        shift = len(self._passages) - passages[0]
        self._documents.copy(tables.documents, number, number + 1)
        self._texts.copy(tables.texts, number, number + 1)
        self._cases.copy(tables.cases, *cases)
        self._counted += sum(tables.cases[case]["kind"] == "case" for case in range(*cases))
        self._passages.copy(tables.passages, *passages)
        ends = tables.case_passages[cases[0] + 1 : cases[1] + 1] + shift
        self._bounds["case_passages"].extend(ends.tolist())
        self._bounds["document_cases"].append(len(self._cases))
        self._rows.extend((tables.rows[rows[0] : rows[1]] + shift).tolist())
        self._counts.extend(np.diff(tables.starts[rows[0] : rows[1] + 1]).tolist())
        known = self._known
        chunks = np.searchsorted(live.chunk_rows, rows).tolist()
        ends = live.chunk_rows[chunks[0] + 1 : chunks[1] + 1] - rows[0] + self._chunk_rows[-1]
        self._chunk_rows.extend(ends.tolist())
        self._languages.append(live.languages_of_chunks[chunks[0] : chunks[1]])
        starts = known.term_starts[chunks[0] : chunks[1] + 1]
        self._lengths.extend(np.diff(starts).tolist())
        self._terms.append(known.terms[starts[0] : starts[-1]])
        self._marks.append(known.marks[sentences[0] : sentences[1]])
        for name, (first, last) in (("chunk", chunks), ("sentence", sentences)):
            self._keys[name] += known.keys[name][first:last].tobytes()
            shift = known.shifts[name]
            self._sources[name].extend(range(first + shift, last + shift))

    def append(self, entry: Entry) -> tuple[int, int]:
        """Write a document that is new or edited; returns its rows and those without a vector."""
        record = asdict(entry.document)
        self._texts.append(record.pop("text"))
        self._documents.append(record)
        self._counted += count_cases(entry.cases)
        held = {case.id: list[Passage]() for case in entry.cases}
        for passage in entry.passages:
            held[passage.case_id].append(passage)
        searched = {case.id: list[Passage]() for case in entry.cases}
        for case in entry.cases:
            said = asdict(case)
            self._cases.append({key: value for key, value in said.items() if key not in _KNOWN})
            for passage in held[case.id]:
                number = self._passages.append(
                    {
                        "id": passage.id,
                        "kind": passage.kind,
                        "start": passage.start,
                        "ends": [sentence.end for sentence in passage.sentences],
                    }
                )
                if is_searched(passage, case.title):
                    searched[case.id].append(passage)
                    self._rows.append(number)
            self._bounds["case_passages"].append(len(self._passages))
        self._bounds["document_cases"].append(len(self._cases))
        new = 0
        for case in entry.cases:
            passages = searched[case.id]
            for chunk in divide_case(entry.document, case, passages, self._glossary):
                rows = passages[chunk.first : chunk.last]
                read = [each.words for each in spell_passages(rows)]
                new += len(rows) * self._append_chunk([chunk.context, *read])
                for words in read:
                    self._append_sentence(words)
                self._chunk_rows.append(self._chunk_rows[-1] + len(rows))
                language = detect(" ".join(each.text for each in rows))
                whole = list_primary(entry.document.language)[0]
                told = whole if language == "und" else language
                self._languages.append(np.array([told], TAG))
                terms = [hash_term(term) for term in list_stems(chunk.words)]
                self._terms.append(np.asarray(terms, np.int64))
                self._lengths.append(len(terms))
            self._counts.extend(len(passage.sentences) for passage in passages)
            self._marks.append(mark_sentences(s for p in passages for s in p.sentences))
        return sum(map(len, searched.values())), new

    def close_records(self) -> None:
        """Complete the tables."""
        for table in (self._documents, self._texts, self._cases, self._passages, self._fresh):
            table.__exit__(None, None, None)

    def marks(self) -> tuple[NDArray[np.void], Numbers]:
        """Return the marks of all sentences, and the number of each one's case."""
        every = np.concatenate([np.empty(0, MARK), *self._marks])
        bounds = np.asarray(self._bounds["case_passages"], np.int64)
        cases = np.searchsorted(bounds, np.asarray(self._rows, np.int64), side="right") - 1
        return every, np.repeat(cases, np.asarray(self._counts, np.int64))

    def sentence_text(self, number: int) -> str:
        """Return the words of a sentence, by its place among the marks; for a few of them."""
        starts = np.cumsum([0, *self._counts])
        row = int(np.searchsorted(starts, number, side="right")) - 1
        bounds = np.asarray(self._bounds["case_passages"], np.int64)
        case = int(np.searchsorted(bounds, self._rows[row], side="right")) - 1
        owner = self.document_of(case)
        passage = Table(self.folder, "passages")[self._rows[row]]
        ends = [passage["start"], *passage["ends"]]
        at = number - int(starts[row])
        text: str = Table(self.folder, "texts")[owner]
        return quoted_words(text[ends[at] : ends[at + 1]])

    def document_of(self, case: int) -> int:
        """Return the number of the document that a case stands in."""
        bounds = np.asarray(self._bounds["document_cases"], np.int64)
        return int(np.searchsorted(bounds, case, side="right")) - 1

    def list_owners(self) -> list[int]:
        """Return the number of the document that each case and introduction stands in."""
        return [self.document_of(case) for case in range(len(self._cases))]

    def encode(self, progress: Progress) -> None:
        """Encode every text that has no vector yet; `progress` is told texts done and in all."""
        texts = Table(self.work, "fresh")
        shape = (len(texts), self._encoder.dimension)
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        self._states = StatesWriter(self.work)
        try:
            # Written, not mapped: on a full disk a mapped file kills whoever writes to it.
            with (self.work / "vectors.npy").open("wb") as file:
                np.lib.format.write_array_header_1_0(file, header)
                for first in range(0, len(texts), _BATCH):
                    last = min(first + _BATCH, len(texts))

                    def report(done: int, _: int, before: int = first) -> None:
                        progress(before + done, len(texts))

                    batch = [texts[number] for number in range(first, last)]
                    file.write(self._encode(batch, report).tobytes())
        finally:
            self._states.close()

    def _encode(self, batch: Sequence[tuple[str, Any]], report: Progress) -> Vectors:
        """Return the vectors of texts, each with its kind before it, in order.

        Their states are written, none for a sentence.
        """
        made = np.empty((len(batch), self._encoder.dimension), np.float32)
        chunks = [number for number, each in enumerate(batch) if each[0] == "chunk"]
        sentences = [number for number, each in enumerate(batch) if each[0] == "sentence"]
        states = [States.empty()] * len(batch)
        if chunks:
            pieces = [batch[number][1] for number in chunks]
            made[chunks], read = self._encoder.encode_chunks(
                pieces, lambda now, _: report(now, len(batch))
            )
            for number, each in zip(chunks, read, strict=True):
                states[number] = each
        if sentences:
            made[sentences] = self._encoder.encode_sentences(
                [batch[number][1] for number in sentences],
                lambda now, _: report(len(chunks) + now, len(batch)),
            )
        for each in states:
            self._states.append(each)
        return made

    def finish(self, edition: str) -> Manifest:
        """Write vectors, word index and the rest; returns the manifest, which is not written."""
        folder = self.folder
        (folder / "glossary.json").write_text(json.dumps(self._names, ensure_ascii=False), "utf-8")
        for name, bounds in self._bounds.items():
            np.save(folder / f"{name}.npy", np.asarray(bounds, np.int64))
        np.save(folder / "rows.npy", np.asarray(self._rows, np.int64))
        np.save(folder / "starts.npy", np.cumsum([0, *self._counts], dtype=np.int64))
        np.save(folder / "marks.npy", np.concatenate([np.empty(0, MARK), *self._marks]))
        np.save(folder / "chunk_rows.npy", np.asarray(self._chunk_rows, np.int64))
        languages = np.concatenate([np.empty(0, TAG), *self._languages])
        np.save(folder / "languages.npy", languages)
        terms = np.concatenate([np.empty(0, np.int64), *self._terms])
        starts = np.cumsum([0, *self._lengths], dtype=np.int64)
        np.save(folder / "chunk_terms.npy", terms)
        np.save(folder / "term_starts.npy", starts)
        fresh = np.load(self.work / "vectors.npy", mmap_mode="r")
        self._write_rows("chunk", fresh)
        self._write_states()
        chunks = Rows(folder / "chunks.faiss")
        self.reach = write_nearest(chunks, self._ask_sentences, DEPTH, folder)
        self._write_rows("sentence", fresh)
        write_words(terms, starts, folder / "words")
        return Manifest(
            FORMAT, edition, self._encoder.identity, self._encoder.dimension,
            len(self._documents), self.cases, len(self._passages), len(self._rows),
            len(languages), len(self._sources["sentence"]), list_files(folder),
        )  # fmt: skip

    def _ask_sentences(self) -> Vectors:
        """Return the vectors (q, w) of sentences from all over the collection, as questions."""
        numbers = np.linspace(0, len(self._sources["sentence"]) - 1, SAMPLED).astype(np.int64)
        return self._encoder.encode_queries([self.sentence_text(int(each)) for each in numbers])

    def _append_chunk(self, pieces: Pieces) -> bool:
        """Note where the vector and the states of a chunk come from; see `_append`."""
        return self._append("chunk", key_of_chunk(pieces), pieces)

    def _append_sentence(self, text: str) -> bool:
        """Note where the vector of a sentence comes from; see `_append`."""
        words = quoted_words(text)
        return self._append("sentence", key_of("sentence", words), words)

    def _append(self, name: str, key: bytes, words: str | Pieces) -> bool:
        """Note where the vector of a text comes from; tells whether it has to be encoded."""
        self._keys[name] += key
        source = self._known.find(key)
        new = source is None
        if source is None:
            place = self._fresh_places.get(key)
            if place is None:
                place = self._fresh_places[key] = self._fresh.append([name, words])
            source = self._known.count + place
        self._sources[name].append(source)
        return new

    def _write_rows(self, name: str, fresh: Vectors) -> None:
        """Write the rows of chunks or of sentences with their keys."""
        keys: NDArray[np.uint8] = np.frombuffer(self._keys[name], np.uint8).reshape(-1, 16)
        np.save(self.folder / f"{name}_keys.npy", keys)
        writer = RowsWriter(self.folder / f"{name}s.faiss", self._encoder.dimension)
        sources = np.asarray(self._sources[name], np.int64)
        for first in range(0, len(sources), _CHUNK):
            writer.append(self._known.take(sources[first : first + _CHUNK], fresh))
        writer.close()

    def _write_states(self) -> None:
        """Write the states of all chunks."""
        fresh = StoredStates(self.work)
        writer = StatesWriter(self.folder)
        for source in self._sources["chunk"]:
            known = source < self._known.count
            writer.append(
                self._known.read_states(source) if known else fresh.read(source - self._known.count)
            )
        writer.close()


class _Known:
    """What the live release holds already, and a stopped one; nothing, where there is none.

    Their vectors are numbered from 0 to `count`: of each release chunks first, then sentences.
    """

    def __init__(self, live: Release | None, stopped: Release | None) -> None:
        self.count = 0
        self._rows: list[Rows] = []
        self._chunks: list[tuple[int, Release]] = []  # from where a release's are numbered
        self.shifts: dict[str, int] = {}
        self.keys: dict[str, NDArray[np.uint8]] = {}
        every = [np.empty((0, 16), np.uint8)]
        for release in filter(None, (live, stopped)):
            self._chunks.append((self.count, release))
            for name in ("chunk", "sentence"):
                rows = Rows(release.folder / f"{name}s.faiss")
                keys = load_array(release.folder, f"{name}_keys")
                if release is live:
                    self.keys[name], self.shifts[name] = keys, self.count
                every.append(keys)
                self._rows.append(rows)
                self.count += rows.count
        if live is not None:
            self.terms: Numbers = load_array(live.folder, "chunk_terms")
            self.term_starts: Numbers = load_array(live.folder, "term_starts")
            self.marks: NDArray[np.void] = load_array(live.folder, "marks")
        digits = np.concatenate(every)
        self._heads = digits[:, :8].copy().view("<u8")[:, 0]
        self._tails = digits[:, 8:].copy().view("<u8")[:, 0]
        self._order = np.argsort(self._heads, kind="stable")
        self._sorted = self._heads[self._order]

    def read_states(self, number: int) -> States:
        """Return the states of one of their chunks, by the number of its vector."""
        first, release = next(pair for pair in reversed(self._chunks) if pair[0] <= number)
        return release.read_states(number - first)

    def find(self, key: bytes) -> int | None:
        """Return the number of the vector of a key, the first of several, or None."""
        head, tail = (int.from_bytes(part, "little") for part in (key[:8], key[8:]))
        at = int(np.searchsorted(self._sorted, np.uint64(head)))
        while at < self.count and int(self._sorted[at]) == head:
            number = int(self._order[at])
            if int(self._tails[number]) == tail:
                return number
            at += 1
        return None

    def take(self, numbers: Numbers, fresh: Vectors) -> Vectors:
        """Return the vectors of these numbers; those from `count` on are rows of `fresh`."""
        taken = np.empty((len(numbers), fresh.shape[1]), np.float32)
        first = 0
        for rows in self._rows:
            held = (numbers >= first) & (numbers < first + rows.count)
            taken[held] = rows.take(numbers[held] - first)
            first += rows.count
        new = numbers >= self.count
        taken[new] = fresh[numbers[new] - self.count]
        return taken


def mark_sentences(sentences: Iterable[Sentence]) -> NDArray[np.void]:
    """Return the (n,) MARKs of sentences: a hash of their letters and digits, and how many.

    Case, signs, blanks and forms of one letter do not count, so the same case is known again where
    another format broke its lines elsewhere.
    """
    marks: list[tuple[int, int]] = []
    for sentence in sentences:
        folded = unicodedata.normalize("NFKC", drop_unseen(sentence.text)).casefold()
        letters = "".join(filter(str.isalnum, folded))
        digest = hashlib.blake2b(letters.encode("utf-8", "replace"), digest_size=8).digest()
        marks.append((int.from_bytes(digest, "little"), len(letters)))
    table: NDArray[Any] = np.array(marks, MARK) if marks else np.empty(0, MARK)
    return table
