"""Whether a quotation bears what a sentence says of it, across languages.

A sentence that a model wrote is held against the one quotation it cites: its numbers with units and
bounds, dates and names must stand there, it must deny what the quotation denies and nothing else,
and it must be near in meaning by the collection's own encoder. Each check errs towards striking.

What it cannot tell: two words of one meaning's range exchanged (built, planned), a name written in
Chinese signs that neither the glossary knows nor its signs betray, who did what to whom.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.llm.lexicon import fold, load_words, match_any
from chatbot.llm.quantity import Quantity, read_quantities
from corpus.glossary import Glossary
from corpus.language.detection import detect
from index.encoder.encoder import Encoder

LANGUAGES = ("en", "zh", "es")  # of sentences that can be checked
READS = (*LANGUAGES, "de")  # of quotations that they can be checked against
# The cosine from which a sentence is near its quotation, and how much nearer than to it a sentence
# may be to another quotation of the answer; benchmarks/LOG.md has the pairs they were measured on.
NEAR = 0.87
SLACK = 0.01

_LATIN = re.compile(r"[A-Za-zÀ-ÿ]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A quotation and the names that stand over it: its case's and its company's."""

    quote: str
    names: str


def find_fault(
    sentence: str, cited: int, sources: Sequence[Source], glossary: Glossary, encoder: Encoder
) -> str:
    """Return what `sources[cited]` does not bear of a sentence, or nothing where it bears it all.

    The fault is one of `language`, `number`, `order`, `name`, `denial`, `direction`, `meaning` and
    `citation`, the first of which is found; the cheap checks come first.
    """
    source = sources[cited]
    said, quote = fold(sentence), fold(source.quote)
    languages = detect(said), detect(quote)
    speaks, reads = (tag if tag != "und" else "en" for tag in languages)
    if speaks not in LANGUAGES or reads not in READS:
        return "language"
    numbers, known = read_quantities(said, speaks), read_quantities(quote, reads)
    if not all(any(one.supports(number) for one in known) for number in numbers):
        return "number"
    if not _in_order(numbers, known):
        return "order"
    if _find_strange(_blank(said, numbers), f"{quote} {fold(source.names)}", glossary):
        return "name"
    if _denies(said) != _denies(quote):
        return "denial"
    if _turns(said, quote):
        return "direction"
    compared = [sentence, *(each.quote for each in sources)]
    rows = encoder.encode_alike([glossary.translate(text) for text in compared])
    nearness = rows[1:] @ rows[0]  # (n,) float32 cosines
    if nearness[cited] < NEAR:
        return "meaning"
    return "citation" if nearness.max() > nearness[cited] + SLACK else ""


def _in_order(numbers: Sequence[Quantity], known: Sequence[Quantity]) -> bool:
    """Tell whether the numbers come in the quotation's order, so that none changed its place.

    Languages order the parts of a date differently, so years and days are looked at by themselves.
    """
    for part in ("count", "year", "calendar"):
        own = [each for each in known if _part_of(each) == part]
        at = 0
        for number in numbers:
            if _part_of(number) != part:
                continue
            while at < len(own) and not own[at].supports(number):
                at += 1
            if at == len(own):
                return False
    return True


def _part_of(number: Quantity) -> str:
    if number.unit.startswith("calendar"):
        return "calendar"
    return "year" if not number.unit and 1000 <= max(number.values) <= 2999 else "count"


def _blank(text: str, numbers: Sequence[Quantity]) -> str:
    for number in numbers:
        text = text[: number.start] + " " * (number.end - number.start) + text[number.end :]
    return text


def _find_strange(sentence: str, source: str, glossary: Glossary) -> str:
    """Return a name of the sentence that is not in the source, or nothing."""
    said, known = glossary.translate(sentence), glossary.translate(source)
    words = {word.casefold() for word in _LATIN.findall(known)}
    for place, match in enumerate(_LATIN.finditer(said)):
        word = match[0].casefold()
        if match[0].islower() or word in words or word.removesuffix("s") in words:
            continue
        opens = place == 0 and not any(c.isalnum() for c in said[: match.start()])
        if not (opens and word in load_words()["openers"]) and word != "s":
            return match[0]
    return next((run for run in _match_sounds().findall(said) if run not in known), "")


def _denies(text: str) -> bool:
    return bool(_match("denials").search(_match("not_denials").sub(" ", text)))


def _turns(sentence: str, quote: str) -> bool:
    """Tell whether the sentence says that something rises where the quotation says it falls."""
    rises, falls = _match("rises"), _match("falls")
    return any(
        there.search(sentence) and not there.search(quote) and back.search(quote)
        for there, back in ((rises, falls), (falls, rises))
    )


@functools.cache
def _match(kind: str) -> re.Pattern[str]:
    return match_any(load_words()[kind])


@functools.cache
def _match_sounds() -> re.Pattern[str]:
    """Return a pattern for signs that write foreign names in Chinese; three in a row are one."""
    return re.compile(f"[{load_words()['sounds']}]{{3,}}")
