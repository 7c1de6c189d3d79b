"""A question as it is put to a release, parsed once: its words in every language, its names.

Later stages use this record and parse the question no more. What is asked is the question without
the names that the release holds, or all of it where nothing else is asked. A name brings a question
near to every sentence that has it; the rest tells which of them answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from corpus.glossary import Glossary
from corpus.language.detection import detect
from corpus.language.stems import UNSPACED, list_stems
from index.encoder.encoder import EncodedQuery
from index.languages import cldr
from index.languages.dictionary import Dictionary
from index.languages.rarity import Rarity, hash_term, load_rarity
from index.search.names import find_names, leave_out
from index.storage.words import Group

# What a few keywords in Latin letters are taken for, as they have no word that tells.
_PLAIN = "en"
_MOST = 400  # groups of words of one question; a longer one says them again


@dataclass(frozen=True, slots=True)
class Query:
    """A question, whole.

    `language` is its own, English where it does not show. `stems` are those of its words, in order,
    and `weights` tells how rare each is. `names` are those in it, the ones in `known` from the
    glossary or as companies; `held` are those that occur in some passage, `asking` is the question
    without these. `words` has, by language, the groups of terms that the question's words are
    there, with their weights, and `numbers` the same by the terms' numbers. `read` waits for its
    vectors.
    """

    text: str
    language: str
    stems: tuple[str, ...]
    weights: Mapping[str, float]
    names: tuple[str, ...]
    known: Collection[str]
    held: frozenset[str]
    asking: str
    words: Mapping[str, tuple[tuple[frozenset[str], float], ...]]
    numbers: Mapping[str, tuple[Group, ...]]
    read: Callable[[], EncodedQuery]

    def groups(self, language: str) -> Sequence[Group]:
        """Return its words in a language as groups of the numbers of terms, with weights."""
        return self.numbers.get(language, self.numbers[self.language])


def parse(
    question: str,
    languages: Iterable[str],
    known: Collection[str],
    is_held: Callable[[str], bool],
    glossary: Glossary,
    dictionary: Dictionary,
    read: Callable[[], EncodedQuery],
) -> Query:
    """Return a question as it is put to texts in some languages.

    `known` are names that count as such however they are spelled, `is_held` tells which names the
    texts hold, `read` waits for its vectors.
    """
    detected, rarity = detect(question), load_rarity()
    language = _PLAIN if detected == "und" else detected
    names = find_names(question, known, language)
    held = frozenset(filter(is_held, names))
    asking = leave_out(question, filter(held.__contains__, names))
    stems = tuple(list_stems(question))
    words = {language: _group(_join_names(question, glossary), rarity)}
    for other in languages:
        if other != language:
            put = put_names(question, glossary, other)
            translated = dictionary.translate(put, language, other)
            if not translated:  # languages without a dictionary share names and numbers
                shared = list_stems(f"{put} {cldr.put_names(put, language, other)}")
                translated = [frozenset([stem]) for stem in shared]
            words[other] = _group(translated, rarity)
    return Query(
        question, language, stems, {each: rarity.weigh([each]) for each in stems},
        tuple(names), known, held, asking, words,
        {tag: tuple(_number(groups)) for tag, groups in words.items()}, read,
    )  # fmt: skip


def _join_names(question: str, glossary: Glossary) -> list[frozenset[str]]:
    """Return the stems of a question, those of a name as one group with those of names alike."""
    groups: list[frozenset[str]] = []
    named: set[str] = set()
    for name in glossary.find(question):
        unspaced = bool(UNSPACED.search(name))
        alike = [
            each for each in glossary.list_alike(name) if bool(UNSPACED.search(each)) == unspaced
        ]
        stems = frozenset(stem for each in alike for stem in list_stems(each) if len(stem) > 1)
        if len(alike) > 1 and stems:
            groups.append(stems)
            named.update(list_stems(name))
    # Each once before it becomes a group: a long question says many of its words again.
    rest = dict.fromkeys(stem for stem in list_stems(question) if stem not in named)
    return groups + [frozenset([stem]) for stem in rest]


def put_names(question: str, glossary: Glossary, language: str) -> str:
    """Return a question with the names of the glossary as a language spells them, where it does."""
    unspaced = language in ("zh", "ja", "th")
    return glossary.translate(question, lambda name: bool(UNSPACED.search(name)) == unspaced)


def _group(
    groups: Iterable[frozenset[str]], rarity: Rarity
) -> tuple[tuple[frozenset[str], float], ...]:
    """Return distinct groups with their weights, the first _MOST of them."""
    distinct = list(dict.fromkeys(filter(None, groups)))[:_MOST]
    return tuple((group, rarity.weigh(group)) for group in distinct)


def _number(groups: Iterable[tuple[frozenset[str], float]]) -> Iterable[Group]:
    for terms, weight in groups:
        yield sorted(map(hash_term, terms)), weight
