"""What is said to Casebook and asks nothing of the collection: which it is, and what is answered.

Greetings, thanks, and questions about Casebook, about what it holds, or about a company and nothing
else are known by examples, see chatbot.answers.small_talk_examples. What is said of the collection
comes from the release, as quoted case titles or as counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, cast

from chatbot.answers.small_talk_examples import (
    NONE,
    fold_words,
    is_measured,
    read_examples,
    read_joints,
    read_kinds,
    read_rests,
)
from chatbot.locales import read_words
from corpus.glossary import Glossary, match_whole
from index.searcher import Searcher

Topic = Literal["greeting", "thanks", "self", "cases", "more"]

LONGEST = 120  # characters; nothing longer is small talk

WORDS = read_words("answer")


def find_topic(question: str, get_searcher: Callable[[], Searcher]) -> Topic | None:
    """Return what a question asks of Casebook itself, or None where it asks of the collection.

    `get_searcher` is called where it takes the question's vector to tell. Raises what reading it
    does.
    """
    folded = fold_words(question)
    if folded in read_kinds():
        return find_example(question)
    if not folded or len(question) > LONGEST:
        return None
    searcher = get_searcher()
    if not is_measured(searcher.encoder):
        return None
    vector = searcher.parse(question).read().vector
    return cast(Topic | None, read_examples(searcher.encoder).find_topic(vector))


def find_example(question: str) -> Topic | None:
    """Return the topic of which a question is an example, whatever its case and punctuation."""
    kind = read_kinds().get(fold_words(question), NONE)
    return None if kind == NONE else cast(Topic, kind)


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
    if not found or fold_words(rest) in read_rests():
        return found
    if len(question) > LONGEST:
        return ()
    searcher = get_searcher()
    if not is_measured(searcher.encoder):
        return ()
    query = searcher.parse(question)
    if {glossary.unify(name).casefold() for name in query.names} - {*map(str.casefold, found)}:
        return ()  # a place, or somebody else
    vector = query.read().find_part(rest)
    return found if read_examples(searcher.encoder).asks_for_company(vector) else ()


def match_list(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for two or more of some names, one after the other as in a list."""
    one = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    joined = "|".join(map(match_whole, read_joints()))
    between = rf"\s*+(?:[,、&/]|(?:,\s*+)?(?:{joined}))\s*+"
    return re.compile(rf"(?:{one})(?:{between}(?:{one}))+", re.IGNORECASE)


def suggest(companies: Sequence[str], language: str) -> tuple[str, ...]:
    """Return questions that the collection answers, made from the companies in it."""
    words = WORDS[language]
    ones = (words["suggest_one"].format(company=company) for company in companies[:3])
    return (words["suggest_all"], *ones)
