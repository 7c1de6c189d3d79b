"""Pages and fragments of HTML: Jinja2 templates in this folder, and the one environment they have.

Whatever a template shows is escaped, by `escape`; a name it is not given is an error. A fragment is
`Markup` only where it comes from here or is said to be safe where it is made. Templates hold no
words: those come from chatbot.locales.
"""

from __future__ import annotations

import functools
import html
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from chatbot.locales.interface import PAGES, TAGS, WORDS
from corpus.language.detection import detect

FOLDER = Path(__file__).parent
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_EASY = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff&<>\"']*+")
_LINK = re.compile(r"cases/[A-Za-z0-9_-]+(#c[0-9]+-[0-9]+(-[0-9a-f]+)?)?")


def render(name: str, **values: object) -> str:
    """Return a template's HTML, by its path below this folder.

    Raises jinja2.UndefinedError where it shows what it is not given.
    """
    return str(make_environment().get_template(name).render(values))


@functools.cache
def make_environment() -> Environment:
    """Return the environment of every template; each is compiled once, when it is first asked."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    # So that `tojson` has any word in its own script, for an attribute in single quotes.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.filters.update(
        lang=mark_language, address=read_address, link=read_link, tongue=find_tongue
    )
    environment.globals.update(PAGES=PAGES, TAGS=TAGS, WORDS=WORDS)
    return environment


def escape(value: object) -> Markup:
    """Return a value as HTML that a parser turns into the same characters, one for one.

    Control characters and lone surrogates, which HTML cannot carry, become U+FFFD. A carriage
    return is written as a reference, or the parser would drop it and shift every offset behind it.
    """
    if isinstance(value, Markup):
        return value
    text = str(value)
    if _EASY.fullmatch(text):  # most of it
        return Markup(text)  # noqa: S704 - nothing to escape in it
    shown = _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return Markup(html.escape(shown).replace("\r", "&#13;"))  # noqa: S704 - escaped just here


def mark_language(text: str) -> Markup:
    """Return a `lang` attribute for foreign words, empty where their language is not clear."""
    tag = detect(text)
    return Markup("") if tag == "und" else Markup(' lang="{}"').format(TAGS.get(tag, tag))


def find_tongue(text: str) -> str:
    """Return `en` or `zh` for a text in it, `other` for one in another language, else `und`."""
    tag = detect(text)
    return tag if tag in (*TAGS, "und") else "other"


def read_address(url: str) -> str:
    """Return an `http(s)` address that may become an `href`, or nothing for any other."""
    return url if re.fullmatch(r"https?://[^\s\"'<>]+", url) else ""


def read_link(link: str, root: str) -> str:
    """Return the address of a case page, or of the application where `link` is none."""
    return f"{root}/{link if _LINK.fullmatch(link) else ''}"
