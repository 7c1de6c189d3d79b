"""What people read and what they say, as data: every word of Casebook stands in these files.

A file named by a tag of two letters is a language of the interface, and there is nothing else to
add for one. Each has the same parts: `tag` names the language to browsers, `between` stands between
two sentences, `answer` frames an answer, `page` and `errors` are the chat's, `pages` those of the
pages beside it, `widget`, `loader`, `examples` and `reasons` the widget's, `editor` the editor's
page; beside the English, `messages` are what errors say of documents, by the English.
`smalltalk.json` has what readers say that is no question to the collection, see
chatbot.answers.small_talk.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

FOLDER = Path(__file__).parent
LANGUAGES = ("en", *sorted({path.stem for path in FOLDER.glob("[a-z][a-z].json")} - {"en"}))
if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[LANGUAGES]  # for what is asked from outside


def read_words(part: str) -> dict[str, dict[str, str]]:
    """Return the words of a part by language and by key; the same keys in every language."""
    return {language: read_file(language)[part] for language in LANGUAGES}


@functools.cache
def read_file(name: str) -> Mapping[str, Any]:
    """Return what a file of this folder holds, by its name without the ending."""
    held: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return held
