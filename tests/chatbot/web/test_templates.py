"""Templates: what they show is escaped, what they miss is an error, and no word is their own."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from jinja2 import TemplateNotFound, UndefinedError
from markupsafe import Markup

from chatbot.web.templates import FOLDER, escape, make_environment, read_address, read_link, render
from tests.chatbot.web.test_rendering import HREF, TEXT, Reader, shown

WEB = FOLDER.parent
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
# One rewrites a document of Gradio's.
MODULES = [path for path in sorted(WEB.rglob("*.py")) if path.name != "gradio_page.py"]
SHOWN = {"alt", "aria-label", "aria-description", "aria-roledescription", "label",
         "placeholder", "title"}  # fmt: skip
GIVEN = "q0"  # stands for what a template is given
HAN = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


class Words(HTMLParser):
    """Collects what a template shows of its own: its text, and attributes that are read out."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        told = {"data": "{}", "variable_begin": GIVEN}
        parts = make_environment().lex(source)
        self.feed("".join(told.get(kind, "").format(text) for _, kind, text in parts))
        self.close()

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes that people read."""
        self.found += [value for name, value in attrs if value and name in SHOWN]

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.found.append(data)

    def list_own(self) -> list[str]:
        """Return what has letters and is neither the brand's name nor a sign."""
        found = (re.sub(rf"Casebook|UTC|{GIVEN}", "", text).strip() for text in self.found)
        return [text for text in found if re.search(r"[^\W\d_]", text)]


@given(TEXT)
def test_escaped_text_is_read_back_character_for_character(text: str) -> None:
    """A parser gives back what was escaped, so offsets counted on the page are the document's."""
    assert Reader(f"<p>{escape(text)}</p>").text == shown(text)


@given(TEXT)
def test_a_template_escapes_whatever_it_shows(text: str) -> None:
    """As text, as an attribute and out of a macro, once each and not twice."""
    template = make_environment().from_string(
        "{% macro own(text) %}<b>{{ text }}</b>{% endmacro %}"
        '<p title="{{ text }}">{{ text }}{{ own(text) }}</p>'
    )
    reader = Reader(template.render(text=text))
    assert [tag for tag, _ in reader.seen] == ["p", "b"]
    assert reader.text == 2 * shown(text)
    assert str(reader.seen[0][1]["title"]) == shown(text)


def test_markup_stays_and_all_else_is_text() -> None:
    """A fragment made here is not escaped again; numbers are their digits."""
    assert escape(Markup("<b>")) == "<b>"
    assert escape(3) == "3"


@pytest.mark.parametrize("source", ["{{ any }}", "{{ some.any }}", "{{ 'a' if any }}"])
def test_what_a_template_is_not_given_is_an_error(source: str) -> None:
    """It is never an empty place on a page."""
    with pytest.raises(UndefinedError):
        make_environment().from_string(source).render(some={})


@pytest.mark.parametrize("name", ["nothing.html", "../chat.py", "/etc/passwd"])
def test_a_template_lies_in_its_folder(name: str) -> None:
    """No name leads out of it."""
    with pytest.raises(TemplateNotFound):
        render(name)


@given(TEXT)
def test_no_foreign_text_becomes_an_address(text: str) -> None:
    """A link is a case's path or a web address; anything else leads to the front page."""
    assert HREF.fullmatch(read_link(text, "/x"))
    address = read_address(text)
    assert address == "" or address.startswith(("http://", "https://"))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "http://a b", "//host"])
def test_only_web_addresses_are_linked(url: str) -> None:
    """A document's address is a link only where it is http or https."""
    assert read_address(url) == ""


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_no_words_of_its_own(name: str) -> None:
    """What people read comes from chatbot.locales, all but the name Casebook."""
    source = (FOLDER / name).read_text("utf-8")
    assert Words(source).list_own() == []
    assert not HAN.search(source)


def test_words_of_a_template_are_noticed() -> None:
    """The test above would fail."""
    source = '<p class="words">{{ one }}{# two #}{% if three %}{% endif %}<b>Casebook</b></p>'
    assert Words(source).list_own() == []
    assert Words(source + '<img alt="four">five Casebook').list_own() == ["four", "five"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_calls_foreign_text_safe(name: str) -> None:
    """Escaping is turned off nowhere: a fragment is Markup where it is made, or it is text."""
    source = (FOLDER / name).read_text("utf-8")
    assert not re.search(r"\|\s{0,9}safe\b|autoescape", source)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_module_of_the_web_has_neither_words_nor_html(path: Path) -> None:
    """Of its strings none is a tag, none Chinese; docstrings may be what they like."""
    tree = ast.parse(path.read_text("utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]
    found = [text for text in strings if HAN.search(text) or re.search(r"</?[a-z0-9]+[ >]", text)]
    assert found == []


def test_every_template_is_used() -> None:
    """Each is named by a module, or by another template; the editor's pages by their last name."""
    sources = [path.read_text("utf-8") for path in (*WEB.rglob("*.py"), *FOLDER.rglob("*.html"))]
    told = "".join(sources)
    for name in TEMPLATES:
        short = name.removeprefix("editor/").removesuffix(".html")
        assert f'"{name}"' in told or (name.startswith("editor/") and f'"{short}"' in told), name
