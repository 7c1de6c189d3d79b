"""From the folder of documents to a published release: read, plan, encode what is new, publish.

`plan` decides and touches nothing; `build` does. A vector is used again when the same words were
encoded by the same model, so a build writes the same bytes whether it started from nothing or from
the live release.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import DocumentError, LibraryError, NoReleaseError, ReleaseError
from corpus.library import Library
from corpus.records import Document, Entry, Passage
from index.encoder import Encoder, Progress, Vectors, ignore_progress
from index.lexical import write_lexical
from index.publish import Releases
from index.release import (
    FORMAT,
    EntryWriter,
    Manifest,
    Release,
    key_of,
    list_files,
    quoted_words,
)
from index.vectors import write_rows


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would do: names of documents by what happened to them, and texts to encode.

    `texts` counts the distinct words of passages and sentences, `to_encode` those whose vector the
    live release does not hold. `failed` maps a document that cannot be read to the reason.
    """

    added: tuple[str, ...]
    edited: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    failed: Mapping[str, str]
    cases: int
    passages: int
    texts: int
    to_encode: int

    def to_json(self) -> dict[str, Any]:
        """Return the plan as data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a build ended: the plan, the live release, and whether it is a new one."""

    plan: Plan
    release: str
    published: bool


def plan(
    entries: Sequence[Entry],
    failed: Mapping[str, str],
    live: Mapping[str, Document],
    words: Mapping[bytes, str],
    known: Mapping[bytes, object],
) -> Plan:
    """Compare what the library holds with the live release; nothing is read or written.

    `live` holds the live release's documents by name, `words` the words of every text by key, and
    `known` the keys that have a vector already.
    """
    now = {entry.document.name: entry.document for entry in entries}
    return Plan(
        added=tuple(sorted(now.keys() - live.keys())),
        edited=tuple(sorted(n for n in now.keys() & live.keys() if now[n] != live[n])),
        removed=tuple(sorted(live.keys() - now.keys() - failed.keys())),
        kept=tuple(sorted(n for n in now.keys() & live.keys() if now[n] == live[n])),
        failed=dict(sorted(failed.items())),
        cases=sum(len(entry.cases) for entry in entries),
        passages=sum(len(entry.passages) for entry in entries),
        texts=len(words),
        to_encode=len(words.keys() - known.keys()),
    )


def is_searched(entry: Entry, passage: Passage) -> bool:
    """Tell whether a passage gets a row: every one but a heading that is its case's title.

    The title stands with each hit already; as a row of its own it would take the place of what it
    announces.
    """
    if passage.kind != "heading":
        return True
    titles = {case.id: case.title for case in entry.cases}
    return passage.text.lstrip("# ") != titles[passage.case_id]


def read_library(library: Library) -> tuple[list[Entry], dict[str, str]]:
    """Read every document, by name; returns the entries and the reasons of those that failed."""
    entries, failed = [], {}
    for name in library.names():
        try:
            entries.append(library.read(name))
        except DocumentError as error:
            failed[name] = str(error)
    return entries, failed


def build(
    library: Library,
    releases: Releases,
    encoder: Encoder,
    full: bool = False,
    announce: Callable[[Plan], None] = lambda _: None,
    progress: Progress = ignore_progress,
) -> Outcome:
    """Publish a release of what the library holds now, unless the live one already is that.

    `announce` is given the plan before anything is encoded, `progress` texts done and in all.
    With `full`, no vector is used again. A document that cannot be read is left out and named in
    the plan; raises DocumentError where the live release holds it, LibraryError where nothing can
    be read at all, and BuildLockedError where another build is at work.
    """
    with releases.draft() as draft:
        entries, failed = read_library(library)
        live = None if full else _open_live(releases, encoder.identity)
        published = _open_live(releases, None) if live is None else live
        held = {d.name: d for d in published.documents()} if published else {}
        for name in failed.keys() & held.keys():
            raise DocumentError(
                f"{failed[name]} (the live release holds it: mend the file, or take it away)"
            )
        if not entries:
            why = next(iter(failed.values()), "no document that Casebook reads is in it")
            raise LibraryError(f"{library.folder}: nothing to build from: {why}")
        passages = [p for entry in entries for p in entry.passages if is_searched(entry, p)]
        if not passages:
            raise LibraryError(f"{library.folder}: no document has anything but titles in it")
        words = {key_of(text): text for passage in passages for text in _texts(passage)}
        known = _known_rows(live)
        made = plan(entries, failed, held, words, known)
        announce(made)
        missing = [key for key in words if key not in known]
        rows = encoder.encode_passages([words[key] for key in missing], progress)
        known.update(zip(missing, rows, strict=True))
        glossary = library.glossary()
        (draft / "glossary.json").write_text(json.dumps(glossary, ensure_ascii=False), "utf-8")
        manifest = _write(draft, entries, passages, known, encoder)
        if published and published.id == manifest.id and releases.live() == manifest.id:
            return Outcome(made, manifest.id, published=False)
        return Outcome(made, releases.publish(draft, manifest), published=True)


def _open_live(releases: Releases, model: str | None) -> Release | None:
    try:
        return Release(releases.path(releases.live()), model)
    except NoReleaseError:
        return None
    except ReleaseError:  # damaged, or another model's: nothing of it can be used again
        return None


def _texts(passage: Passage) -> list[str]:
    spans = [passage.text, *(sentence.text for sentence in passage.sentences)]
    return [quoted_words(span) for span in spans]


def _known_rows(live: Release | None) -> dict[bytes, Vectors]:
    known: dict[bytes, Vectors] = {}
    if live is None:
        return known
    for name, rows in (("passage", live.passages), ("sentence", live.sentences)):
        keys = np.load(live.folder / f"{name}_keys.npy")
        vectors = rows.take(np.arange(rows.count))
        known.update((key.tobytes(), row) for key, row in zip(keys, vectors, strict=True))
    return known


def _write(
    draft: Path,
    entries: Sequence[Entry],
    passages: Sequence[Passage],
    vectors: Mapping[bytes, Vectors],
    encoder: Encoder,
) -> Manifest:
    writer = EntryWriter(draft)
    for entry in entries:
        writer.append(entry)
    writer.close()
    every = [(entry, passage) for entry in entries for passage in entry.passages]
    pairs = zip(writer.places, every, strict=True)
    places = [place for place, (entry, passage) in pairs if is_searched(entry, passage)]
    np.save(draft / "rows.npy", np.asarray(places, np.int64).reshape(-1, 2))
    counts = [len(passage.sentences) for passage in passages]
    np.save(draft / "starts.npy", np.cumsum([0, *counts], dtype=np.int64))
    _write_keyed(draft, "passage", [key_of(_texts(p)[0]) for p in passages], vectors)
    sentences = [key_of(text) for p in passages for text in _texts(p)[1:]]
    rows = _write_keyed(draft, "sentence", sentences, vectors)
    np.save(draft / "mean.npy", rows.mean(axis=0, dtype=np.float64).astype(np.float32))
    write_lexical(encoder.split_subwords([p.text for p in passages]), draft / "lexical")
    return Manifest(
        FORMAT, encoder.identity, encoder.dimension, len(entries),
        sum(len(entry.cases) for entry in entries), len(every), len(passages), len(sentences),
        list_files(draft),
    )  # fmt: skip


def _write_keyed(
    draft: Path, name: str, keys: Sequence[bytes], vectors: Mapping[bytes, Vectors]
) -> Vectors:
    table: NDArray[np.uint8] = np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 16)
    np.save(draft / f"{name}_keys.npy", table)
    rows = np.stack([vectors[key] for key in keys])
    write_rows(rows, draft / f"{name}s.faiss")
    return rows
