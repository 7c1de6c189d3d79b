"""What people read and what they say, as data: `en.json` and `zh.json` hold every word of Casebook.

Each file has the same parts: `answer` frames an answer, `page` and `errors` are the chat's, `pages`
those of the pages beside it, `widget`, `examples` and `reasons` the widget's, `editor` the editor's
page. `messages`, in `zh.json` alone, are what errors say of documents, by the English.
`smalltalk.json` has what readers say that is no question to the collection, see
chatbot.answers.small_talk.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh")


def read_words(part: str) -> dict[str, dict[str, str]]:
    """Return the words of a part by language and by key; the same keys in every language."""
    return {language: read_file(language)[part] for language in LANGUAGES}


@functools.cache
def read_file(name: str) -> Mapping[str, Any]:
    """Return what a file of this folder holds, by its name without the ending."""
    held: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return held
