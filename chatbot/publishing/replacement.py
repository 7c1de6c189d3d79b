"""What changes where a document takes another's place: its facts, and what of it can be quoted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corpus.passages import is_searched
from corpus.records import Entry


@dataclass(frozen=True, slots=True)
class Replacement:
    """A document, by the `name` it has, against the one that takes its place.

    `facts` has what is said otherwise, before and after, by key; `passages` how many stay, go and
    come. `gone` and `new` are sentences, in text order; `kept` counts those that both have.
    """

    name: str
    facts: dict[str, tuple[str, str]]
    passages: tuple[int, int, int]
    kept: int
    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether anything that is quoted or said of it differs."""
        return bool(self.facts or self.gone or self.new or any(self.passages[1:]))


def compare_entries(before: Entry, after: Entry) -> Replacement:
    """Return what changes where one entry takes the other's place; white space does not count."""
    told = {key: (old, new) for key, old, new in _pair_facts(before, after) if old != new}
    sentences = [_list_sentences(entry) for entry in (before, after)]
    gone, new = (tuple(_subtract(*pair)) for pair in (sentences, sentences[::-1]))
    passages = [_list_passages(entry) for entry in (before, after)]
    went, came = (len([*_subtract(*pair)]) for pair in (passages, passages[::-1]))
    counts = (len(passages[0]) - went, went, came)
    kept = len(sentences[0]) - len(gone)
    return Replacement(before.document.name, told, counts, kept, gone, new)


def _pair_facts(before: Entry, after: Entry) -> Iterator[tuple[str, str, str]]:
    for key in ("title", "published", "language", "url"):
        yield key, getattr(before.document, key), getattr(after.document, key)
    yield "company", _join_companies(before), _join_companies(after)


def _join_companies(entry: Entry) -> str:
    return ", ".join(dict.fromkeys(case.company for case in entry.cases if case.company))


def _list_sentences(entry: Entry) -> list[str]:
    return [_even_out(each.text) for passage in entry.passages for each in passage.sentences]


def _list_passages(entry: Entry) -> list[str]:
    """Return the passages that a search can find, which is how they are counted everywhere."""
    titles = {case.id: case.title for case in entry.cases}
    found = (each for each in entry.passages if is_searched(each, titles[each.case_id]))
    return [_even_out(each.text) for each in found]


def _subtract(texts: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    """Yield the texts that the others have not, or not as often, in their order."""
    left = Counter(others)
    for text in texts:
        if left[text]:
            left[text] -= 1
        else:
            yield text


def _even_out(text: str) -> str:
    return " ".join(text.split())
