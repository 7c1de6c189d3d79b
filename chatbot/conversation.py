"""What a follow-up is about, from the turns before it.

A question that only names another subject ("What about Nigeria?", "那文远知行呢？") asks of it what
the last whole one asked. A question that points back ("How many people benefit from it?", "它呢？")
has the last question that stood alone as its subject. Only what the reader asked is used, never
what Casebook answered, so no answer can steer a later one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from chatbot.question import clean_question
from corpus.errors import QuestionError
from corpus.glossary import Glossary, match_whole
from index.mentions import find_names

_TURNS = 10  # how far back a subject is looked for

_POINTS_BACK = re.compile(
    r"\b(it|its|they|them|their|theirs|this|these|those|he|she|him|her|his|hers|former|latter"
    r"|same|ones|others|else|too)\b"
    r"|\b(about|of|for|with|by|from|in|to|like|is|was|did|does|do) that\b|\bthat\W*$"
    r"|(?<!is )(?<!are )(?<!was )(?<!were )\bthere\b"
    r"|\bthe (project|company|plant|initiative|activity|activities|programme|program|case|firm"
    r"|donation|donations|event|area)\b"
    r"|[它他她]|[这那其此该]|上述|上面|前者|后者",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"^\s*(?:(?:and|but|or|also)\b|还有|然后|另外)", re.IGNORECASE)
_LEANS_BACK = re.compile(
    r"^\s*(so|why|how come|what about|how about|what else|any other|more"
    r"|where|when|who|how many|how much|how long|how often|for whom|by whom|since when"
    r"|那|为什么|怎么会|哪里|什么时候|何时|谁|多少|几个|多久)",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\W*(?:(?:please|can you|could you|ok(?:ay)?|yes)\W+)*"
    r"(?:(?:tell|give|show) me |give |say |any |is there |what )?"
    r"(?:(?:some |any ?)?(?:more|further)(?: (?:details?|information|about (?:it|this|that|them)))?"
    r"|(?:details?|elaborate|go on|continue|what else|anything else|else))"
    r"(?: on (?:it|this|that))?(?:,? please)?\W*"
    r"|\W*(?:请|再|能|可以)*(?:继续|接着说|详细(?:说说|介绍|一点|一些)?|具体(?:说说|一点|一些)?"
    r"|多说(?:一点|一些|说)?|还有(?:吗|呢|什么|别的吗)?|更多(?:信息|细节|内容)?)(?:吗|呢|吧)?\W*",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w'-]+|\b[A-Z]{2,}\b|\d{3,}")
_ANOTHER = re.compile(
    r"(?:(?:and|so|but|ok(?:ay)?),?\s++)?(?:what|how) about (?P<en>[^?]{1,60}?)\s*+\?*+"
    r"|(?:and|und|et|y|и|¿y)\s++(?P<other>[^?]{1,40}?)\s*+\?*+"
    r"|(?:那么?|还有)?(?P<zh>[^？?]{1,20}?)呢[？?]*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'-]+")
_ENDS_BACKWARDS = re.compile(r"\W*?[.?!。？！]")  # from the end: every sign is looked at once
_SHORT_WORDS = 4
_SHORT_CHARACTERS = 8
_LONGEST_MORE = 60  # characters


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


def clean_history(history: Sequence[Turn]) -> list[Turn]:
    """Return the turns before a question, what the reader asked in them cleaned as a question is.

    What could not be asked, as it is too long or has no words, is left out. Answers stay as they
    are: nothing is read from them.
    """
    turns = []
    for turn in history:
        if turn.role == "user":
            with suppress(QuestionError):
                turns.append(Turn("user", clean_question(turn.content)))
        else:
            turns.append(turn)
    return turns


def stands_alone(question: str) -> bool:
    """Tell whether a question can be searched without the turns before it.

    It cannot where it points back with a pronoun, goes on with "and", or leans on what came
    before: it opens like a follow-up and is short. One that names something can.
    """
    if not question.strip() or asks_for_more(question):
        return False
    if _NAMES.search(question):
        return True
    if _POINTS_BACK.search(question) or _GOES_ON.search(question):
        return False
    words = _WORD.findall(question)
    letters = sum(character.isalnum() for character in question)
    short = len(words) <= _SHORT_WORDS if question.isascii() else letters <= _SHORT_CHARACTERS
    return not (short and _LEANS_BACK.search(question))


def asks_for_more(question: str) -> bool:
    """Tell whether a question asks for nothing but more of what was answered before."""
    return len(question) <= _LONGEST_MORE and _MORE.fullmatch(question) is not None


def find_subject(question: str, history: Sequence[Turn]) -> str:
    """Return the last question before this one that stood alone, or nothing if this one does."""
    if stands_alone(question):
        return ""
    asked = [turn.content.strip() for turn in history[-_TURNS:] if turn.role == "user"]
    return next((one for one in reversed(asked) if one != question and stands_alone(one)), "")


def count_more(question: str, history: Sequence[Turn]) -> int:
    """Return how often running, up to this question, the reader has asked for more; 0 if not."""
    asked = [question, *(turn.content for turn in reversed(history) if turn.role == "user")]
    return next((n for n, one in enumerate(asked) if not asks_for_more(one)), len(asked))


def carry_over(
    question: str, history: Sequence[Turn], glossary: Glossary, companies: Sequence[str]
) -> str:
    """Return the last whole question asked of another subject, where that is all this one names.

    A company stands for the company that was asked about, any other name for a name that is none;
    where there was none, it is added. Nothing where the question says more, or nothing came before.
    """
    match = _ANOTHER.fullmatch(question.strip())
    subject = next(filter(None, match.groups()), "").strip() if match else ""
    asked = [turn.content.strip() for turn in history[-_TURNS:] if turn.role == "user"]
    whole = next((one for one in reversed(asked) if is_whole(one)), "")
    if not subject or not whole:
        return ""
    own = [glossary.translate(company).strip() for company in companies]
    names = find_names(f"of {glossary.translate(subject)}", own)
    if not names:
        return ""
    named = glossary.translate(whole)
    alike = [name for name in find_names(named, own) if (name in own) == (names[0] in own)]
    if not alike:
        return f"{named} {names[0]}"
    return re.sub(match_whole(alike[-1]), lambda _: names[0], named)


def join_questions(subject: str, question: str) -> str:
    """Return a question after the one it follows, each a sentence of its own."""
    ended = _ENDS_BACKWARDS.match(subject[::-1])
    stop = " " if ended else ". "  # or the first word of the next would be a name
    return f"{subject}{stop}{question}" if subject else question


def is_whole(question: str) -> bool:
    """Tell whether a question stands alone and asks more than after another subject."""
    return stands_alone(question) and not _ANOTHER.fullmatch(question.strip())
