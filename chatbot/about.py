"""What is said to Casebook and asks nothing of the collection: which it is, and what is answered.

Greetings, thanks, and questions about Casebook or about what it holds are known by examples, which
`locales/smalltalk.json` has by topic and language, beside others (`none`) that are questions to the
collection. A text is of a topic where it is one of the examples, or where its vector is near to one
and nearer than to any of `none`. The same tells whether a company is all that a question asks for.
What is said of the collection comes from the release, as quoted case titles or as counts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Literal, TypeVar

import numpy as np

from chatbot.locales import read_file, read_words
from corpus.glossary import Glossary, match_whole
from corpus.stems import fold
from index.encoder import Encoder, Vectors
from index.model_folder import NAME
from index.search.searcher import Searcher

Topic = Literal["greeting", "thanks", "self", "cases", "more"]
TOPICS: tuple[Topic, ...] = ("greeting", "thanks", "self", "cases", "more")
Kind = TypeVar("Kind", bound=str)

LONGEST = 120  # characters; nothing longer is small talk
# How near to an example of a kind the vector of a text is, and how much nearer than to any of
# `none`. Many questions are nearly one for the list of cases, or for more. Measured for the aligned
# vectors of the bundled model; benchmarks/LOG.md has the figures.
NEAR = {
    "greeting": 0.55, "thanks": 0.55, "self": 0.55, "cases": 0.7, "more": 0.7, "company": 0.55,
}  # fmt: skip
NEARER = 0.08
_COMPANY = "{company}"
_NAMED = "Acme"  # stands for the companies of the examples where these are read

WORDS = read_words("answer")


def find_topic(question: str, get_searcher: Callable[[], Searcher]) -> Topic | None:
    """Return what a question asks of Casebook itself, or None where it asks of the collection.

    `get_searcher` is called where that takes the question's vector. Raises what reading it does.
    """
    topics, folded = _read_topics(), _fold(question)
    if folded in topics:
        return topics[folded]
    if not folded or len(question) > LONGEST:
        return None
    searcher = get_searcher()
    if not _is_measured(searcher.encoder):
        return None
    near = encode_topics(searcher.encoder)
    return near.find(searcher.parse(question).read().vector)


def find_example(question: str) -> Topic | None:
    """Return the topic of which a question is an example, whatever its case and punctuation."""
    return _read_topics().get(_fold(question))


def find_companies(
    question: str,
    companies: Iterable[str],
    glossary: Glossary,
    get_searcher: Callable[[], Searcher],
) -> tuple[str, ...]:
    """Return the companies that a question is about and nothing else, or none.

    `companies` are spelled as the glossary puts them, but for the case. `get_searcher` is called
    where it takes the question's vector to tell. Raises what reading it does.
    """
    text = glossary.translate(question)
    folded = text.casefold()
    named = {name.casefold(): name for name in companies if name.casefold() in folded}
    if not named:
        return ()
    one = re.compile("|".join(map(match_whole, sorted(named, key=len, reverse=True))), re.I)
    met = (named.get(match[0].casefold()) for match in one.finditer(text))
    found = tuple(dict.fromkeys(filter(None, met)))
    rest = one.sub(" ", match_list(named).sub(" ", text))
    if not found or _fold(rest) in _read_tells():
        return found
    if len(question) > LONGEST:
        return ()
    searcher = get_searcher()
    if not _is_measured(searcher.encoder):
        return ()
    vector = searcher.parse(question).read().find_part(rest)
    return found if _encode_tells(searcher.encoder).find(vector) == "company" else ()


def match_list(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for two or more of some names, one after the other as in a list."""
    one = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    joined = "|".join(map(match_whole, _read_joints()))
    between = rf"\s*+(?:[,、&/]|(?:,\s*+)?(?:{joined}))\s*+"
    return re.compile(rf"(?:{one})(?:{between}(?:{one}))+", re.IGNORECASE)


def suggest(companies: Sequence[str], language: str) -> tuple[str, ...]:
    """Return questions that the collection answers, made from the companies in it."""
    words = WORDS[language]
    ones = (words["suggest_one"].format(company=company) for company in companies[:3])
    return (words["suggest_all"], *ones)


class Examples(Generic[Kind]):
    """Examples as an encoder reads them, each of a kind, and others that are of none."""

    def __init__(self, kinds: Sequence[Kind], vectors: Vectors, others: Vectors) -> None:
        """Take the kinds of n examples, their vectors (n, d), and those (m, d) of the others."""
        self._kinds, self._vectors, self._others = kinds, vectors, others

    def find(self, vector: Vectors) -> Kind | None:
        """Return the kind of the example that a vector (d,) is near to, if it is near enough."""
        cosines = self._vectors @ vector
        best = int(np.argmax(cosines))
        near = float(cosines[best])
        nearer = near - float((self._others @ vector).max())
        kind = self._kinds[best]
        return kind if near >= NEAR[kind] and nearer >= NEARER else None


def warm(encoder: Encoder) -> None:
    """Have an encoder read the examples, once, so that no question waits for it."""
    if _is_measured(encoder):
        encode_topics(encoder)
        _encode_tells(encoder)


def _is_measured(encoder: Encoder) -> bool:
    """Tell whether NEAR and NEARER are of an encoder's vectors; by others, examples alone count."""
    return encoder.identity.startswith(NAME) and "+map-" in encoder.identity


@functools.lru_cache(maxsize=4)
def encode_topics(encoder: Encoder) -> Examples[Topic]:
    """Return the examples of topics and of `none`, as an encoder reads questions."""
    told = [(topic, one) for topic in TOPICS for one in _list_examples(topic)]
    others = [one for one in _list_examples("none") if _COMPANY not in one]
    read = encoder.read_examples([*(one for _, one in told), *others])
    vectors = np.stack([each.vector for each in read])
    return Examples([topic for topic, _ in told], *np.split(vectors, [len(told)]))


@functools.lru_cache(maxsize=4)
def _encode_tells(encoder: Encoder) -> Examples[str]:
    """Read the examples with a company as a question with one is: what is left without it."""
    told, others = (
        [one for one in _list_examples(topic) if one.count(_COMPANY) == 1 and _leave(one)]
        for topic in ("company", "none")
    )
    left = [_leave(one) for one in (*told, *others)]
    read = encoder.read_examples([one.replace(_COMPANY, _NAMED) for one in (*told, *others)])
    vectors = np.stack([each.find_part(part) for each, part in zip(read, left, strict=True)])
    return Examples(["company"] * len(told), *np.split(vectors, [len(told)]))


@functools.cache
def _read_topics() -> dict[str, Topic | None]:
    """Return the topics by their examples, folded; None for those of `none`."""
    none: dict[str, Topic | None] = {_fold(one): None for one in _list_examples("none")}
    return none | {_fold(one): topic for topic in TOPICS for one in _list_examples(topic)}


@functools.cache
def _read_tells() -> frozenset[str]:
    """Return the examples of asking for a company, folded, without it."""
    return frozenset(_fold(one.replace(_COMPANY, " ")) for one in _list_examples("company"))


@functools.cache
def _read_joints() -> tuple[str, ...]:
    """Return what stands between two companies in examples."""
    parts = (one.split(_COMPANY) for one in _list_examples("company"))
    return tuple(dict.fromkeys(each.strip() for one in parts for each in one[1:-1]))


def _list_examples(topic: str) -> list[str]:
    return [one for each in read_file("smalltalk")[topic].values() for one in each]


def _leave(example: str) -> str:
    return " ".join(example.replace(_COMPANY, " ").split())


def _fold(text: str) -> str:
    """Return the words of a text without case, accents, width and traditional signs."""
    return " ".join("".join(s if s.isalnum() else " " for s in fold(text)).split())
