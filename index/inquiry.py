"""A question as it is put to a release: its names, what is asked of them, its reading on its way.

What is asked is the question without the names that the release holds, or all of it where nothing
else is asked. A name brings a question near to every sentence that has it; the rest tells which of
them answers.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from corpus.language import detect
from index.encoder import Encoder, Query
from index.mentions import find_names, has_name, leave_out, occurs, put_names
from index.release import Release

# Words that make a question and say nothing of its subject. In a large collection their rarity
# weighs them down; in one of thirty paragraphs "what" and "how" are as rare as a name.
_FUNCTION_WORDS = """
    what which who whom whose when where why how is are was were be been do does did can could will
    would should may might must have has had the a an of in on at for to and or with by from about
    as into than that this these those there it its their his her they he she we you i me my your
    our tell please any some many much more most not no so if then also
"""
_FUNCTION_SIGNS = """
    什么 哪些 哪个 哪家 哪里 哪几 哪一 多少 如何 怎么 怎样 为什么 为何 何时 何地 是否 请问
    谁 几 吗 呢 的 了 是 在 做
"""
_SAYS_NOTHING = re.compile(
    rf"\b(?:{'|'.join(_FUNCTION_WORDS.split())})\b(?!['’-]\w)|{'|'.join(_FUNCTION_SIGNS.split())}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question with its names as the texts have them.

    `names` are those in it, the ones in `known` from the glossary or as companies; `held` are those
    that a passage holds, `asking` is what is asked of them. `query` waits for `text` as the model
    reads it.
    """

    text: str
    names: tuple[str, ...]
    known: Collection[str]
    held: frozenset[str]
    asking: str
    query: Callable[[], Query]


def inquire(release: Release, encoder: Encoder, question: str) -> Inquiry:
    """Return a question as it is put to a release; its reading is begun and not waited for.

    Raises what `Encoder.begin_query` does.
    """
    text = put_names(release, encoder, question)
    query = functools.cache(encoder.begin_query(text))
    known = release.names
    names = find_names(text, known, detect(question))
    held = frozenset(
        name for name in names if (has_name if name in known else occurs)(release, encoder, name)
    )
    asking = find_asked(text, [name for name in names if name in held])
    return Inquiry(text, tuple(names), known, held, asking, query)


def find_asked(text: str, names: Iterable[str]) -> str:
    """Return what is asked of some names, or all of it where that is nothing.

    "What did WeRide do in Guangzhou?" asks for whatever is near the whole of it.
    """
    asked = leave_out(text, names)
    return asked if _has_words(_SAYS_NOTHING.sub(" ", asked)) else text


@functools.lru_cache(maxsize=256)  # asked twice of every question
def keep_content(question: str) -> str:
    """Return a question without the words that only make it one, or whole where nothing is left."""
    content = " ".join(_SAYS_NOTHING.sub(" ", question).split())
    return content if _has_words(content) else question


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
