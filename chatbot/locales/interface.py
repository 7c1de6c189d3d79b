"""The words of the interface, from chatbot.locales, and the choice between the languages.

Answers are not interface: their framing words come from the engine, their quotations from the
documents.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.locales import LANGUAGES, read_file, read_words
from corpus.errors import Message

TAGS: dict[str, str] = {each: read_file(each)["tag"] for each in LANGUAGES}  # for `<html lang>`
COOKIE = "casebook_language"


@dataclass(frozen=True, slots=True)
class Example:
    """A question offered to a first reader; only where the collection has `company`, if named."""

    company: str
    question: str


EXAMPLES: dict[str, tuple[Example, ...]] = {
    language: tuple(Example(**one) for one in read_file(language)["examples"])
    for language in LANGUAGES
}
WORDS = read_words("page")
ERRORS = read_words("errors")  # a sentence for every error a reader of the chat can meet, by code
PAGES = read_words("pages")  # what the pages of the collection and of its cases say besides
# What the widget says beside the words and the errors above, and what it says instead of them.
WIDGET = read_words("widget")
LOADER = read_words("loader")  # what it says on the portal's page, before its frame is there
REASONS = read_words("reasons")
EDITOR = read_words("editor")
# What is said of documents, by the English form that the errors themselves have.
MESSAGES: dict[str, dict[str, str]] = {
    each: read_file(each).get("messages", {}) for each in LANGUAGES
}
SAME_SENTENCE = {
    "corrupt_release": "release",
    "outdated_release": "release",
    "model_mismatch": "release",
    "library": "release",
    "build_locked": "release",
    "bad_request": "internal",
    "token_missing": "members",
    "token_expired": "members",
    "token_refused": "members",
}


def count(key: str, number: int, language: str) -> str:
    """Return how many there are on the editor's page, in a word that fits one of them too."""
    words = EDITOR[language]
    return words[f"{key}_one"] if number == 1 else words[key].format(count=number)


def tell(line: str, language: str) -> str:
    """Return a line about a document in a page's language; as it is where it is no Message.

    What fits no form, as a process that reads documents might say, is as it is too.
    """
    if not isinstance(line, Message) or line.form not in MESSAGES[language]:
        return line
    form = MESSAGES[language][line.form]
    try:
        return form.format(**{key: tell(value, language) for key, value in line.fields.items()})
    except LookupError:
        return line


def explain(code: str, language: str) -> str:
    """Return the sentence for an error's code; an unknown code is an inner fault."""
    sentences = ERRORS[language]
    return sentences.get(SAME_SENTENCE.get(code, code), sentences["internal"])


def choose_language(asked: str | None, cookie: str | None, accepted: str | None) -> str:
    """Return the interface language: asked for, chosen before, or what the browser accepts.

    `accepted` is an Accept-Language header; of equal weights the first counts.
    """
    for choice in (asked, cookie):
        if choice and (primary := _read_primary(choice)) in LANGUAGES:
            return primary
    best, weight = "en", 0.0
    for entry in (accepted or "")[:500].split(","):
        tag, _, parameters = entry.strip().partition(";")
        quality = _read_quality(parameters)
        if quality > weight and (primary := _read_primary(tag)) in LANGUAGES:
            best, weight = primary, quality
    return best


def _read_primary(tag: str) -> str:
    return tag.strip().lower().partition("-")[0]


def _read_quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
