"""Examples of what is said to Casebook, and how near a text has to be to one to be of its kind.

`locales/smalltalk.json` has them by kind and language: `none` has questions to the collection, and
`{company}` stands for any company's name. A text is of a kind where it is an example but for case,
width and punctuation, or where its vector is near to one and nearer than to any of `none`. How near
is measured for the aligned vectors of the bundled model; by another, examples alone count.
`smalltalk.npz` keeps the vectors, as reading them takes longer than loading the model;
`python -m training.smalltalk` writes it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from chatbot.locales import FOLDER, read_file
from corpus.language.stems import fold
from index.encoder.encoder import Encoder, Vectors
from index.encoder.model_folder import NAME

PATH = FOLDER / "smalltalk.npz"
KINDS = ("greeting", "thanks", "self", "cases", "more")  # what is said that names no company
NONE, COMPANY = "none", "{company}"
# How near to an example of a kind the vector of a text is, and how much nearer than to any of
# `none`. Many questions are nearly one for the list of cases, or for more of what was answered.
# benchmarks/LOG.md has the figures.
NEAR = {"greeting": 0.55, "thanks": 0.55, "self": 0.55, "cases": 0.7, "more": 0.7, "company": 0.55}
NEARER = 0.08
_NAMED = "Acme"  # stands for the companies of the examples where these are read
# What NumPy and zipfile raise over a file that is missing, damaged or of something else.
_UNREADABLE = (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error)


class Examples:
    """The vectors of the examples of an encoder, to be compared with those of its questions.

    `topics` are those of whole examples without a company; `rests` those of what is left of the
    others without it. Each has a row (d,) for an example of every kind and then for those of none.
    """

    def __init__(self, vectors: Mapping[str, Vectors]) -> None:
        """Take the rows of both, as `encode` makes them."""
        self._kinds = {name: [kind for kind, _ in _list(name)] for name in ("topics", "rests")}
        self._vectors = {name: vectors[name].astype(np.float32) for name in self._kinds}
        for name, kinds in self._kinds.items():
            if len(self._vectors[name]) != len(kinds):
                raise ValueError(f"{name}: {len(self._vectors[name])} vectors of {len(kinds)}")

    def find_topic(self, vector: Vectors) -> str | None:
        """Return the kind of what is said by a question's vector (d,), if it is of one."""
        return self._find("topics", vector)

    def asks_for_company(self, rest: Vectors) -> bool:
        """Tell by the vector (d,) of the rest of a question whether it asks for companies alone."""
        return self._find("rests", rest) is not None

    def _find(self, name: str, vector: Vectors) -> str | None:
        kinds, cosines = self._kinds[name], self._vectors[name] @ vector
        told = kinds.index(NONE)
        best = int(cosines[:told].argmax())
        near, kind = float(cosines[best]), kinds[best]
        nearer = near - float(cosines[told:].max())
        return kind if near >= NEAR[kind] and nearer >= NEARER else None


def is_measured(encoder: Encoder) -> bool:
    """Tell whether NEAR and NEARER are of an encoder's vectors."""
    return encoder.identity.startswith(NAME) and "+map-" in encoder.identity


@functools.lru_cache(maxsize=4)
def read_examples(encoder: Encoder) -> Examples:
    """Return the examples of an encoder: those that are kept, or read anew where they do not fit.

    The first takes milliseconds, the other two seconds of processor time.
    """
    try:
        with PATH.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if str(file["made"]) == describe(encoder):
                return Examples(file)
    except _UNREADABLE:
        pass
    return Examples(encode(encoder))


def encode(encoder: Encoder) -> dict[str, Vectors]:
    """Return the vectors of the examples, each read as a question is."""
    topics = encoder.read_examples([text for _, text in _list("topics")])
    texts = [text for _, text in _list("rests")]
    whole = encoder.read_examples([text.replace(COMPANY, _NAMED) for text in texts])
    rests = [read.find_part(_leave(text)) for read, text in zip(whole, texts, strict=True)]
    return {"topics": np.stack([read.vector for read in topics]), "rests": np.stack(rests)}


def describe(encoder: Encoder) -> str:
    """Return what the vectors of the examples depend on, as JSON."""
    examples = hashlib.sha256(json.dumps(read_file("smalltalk")).encode()).hexdigest()
    return json.dumps({"encoder": encoder.identity, "examples": examples})


def keep(encoder: Encoder, path: Path = PATH) -> None:
    """Write the vectors of the examples, which are read with an encoder."""
    rows = encode(encoder)
    topics, rests = rows["topics"].astype(np.float16), rows["rests"].astype(np.float16)
    np.savez_compressed(path, made=np.array(describe(encoder)), topics=topics, rests=rests)


@functools.cache
def read_kinds() -> dict[str, str]:
    """Return the kinds by their examples, folded, of those that name no company."""
    return {fold_words(text): kind for kind, text in _list("topics")}


@functools.cache
def read_rests() -> frozenset[str]:
    """Return what is left of the examples of `company` without it, folded."""
    return frozenset(fold_words(_leave(text)) for text in _list_of("company"))


@functools.cache
def read_joints() -> tuple[str, ...]:
    """Return what stands between two companies in examples."""
    parts = (text.split(COMPANY)[1:-1] for text in _list_of("company"))
    return tuple(dict.fromkeys(between.strip() for each in parts for between in each))


def fold_words(text: str) -> str:
    """Return the words of a text without case, accents, width and traditional signs."""
    return " ".join("".join(s if s.isalnum() else " " for s in fold(text)).split())


@functools.cache
def _list(name: str) -> list[tuple[str, str]]:
    """Return the examples by which whole texts are told, or the `rests` of some, with their kind.

    Those of none stand last.
    """
    if name == "topics":
        return [
            (kind, text)
            for kind in (*KINDS, NONE)
            for text in _list_of(kind)
            if COMPANY not in text
        ]  # fmt: skip
    return [
        (kind, text)
        for kind in ("company", NONE)
        for text in _list_of(kind)
        if text.count(COMPANY) == 1 and _leave(text)
    ]


def _list_of(kind: str) -> list[str]:
    return [text for each in read_file("smalltalk")[kind].values() for text in each]


def _leave(example: str) -> str:
    return " ".join(example.replace(COMPANY, " ").split())
