"""Markdown: the words of the page, HTML in it read as browsers show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.readers import read_bytes
from corpus.records import Extraction, LeftOut


def read(text: str) -> Extraction:
    """Return the reading of a Markdown text."""
    return read_bytes(text.encode(), "a.md")


def show(text: str) -> list[tuple[str, str]]:
    """Return kind and words of each block of a Markdown text."""
    reading = read(text)
    return [(block.kind, reading.text[block.start : block.end]) for block in reading.blocks]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("<table><tr><td>a</td><td>50 MW</td></tr></table>", ["a | 50 MW"]),
        ("<p>Words of a paragraph.</p>", ["Words of a paragraph."]),
        ('<div align="center">\n\nCentred words.\n\n</div>', ["Centred words."]),
        ("<center>Centred words.</center>", ["Centred words."]),
        ("<details><summary>More</summary>\n\nInside.\n\n</details>", ["More", "Inside."]),
        ("It is <b>bold</b> and 120<sup>1</sup> H<sub>2</sub>O.", ["It is bold and 120¹ H₂O."]),
        ("One<br>two.", ["One\ntwo."]),
        ("- one\n- two\n\n3. three\n4. four", ["- one", "- two", "3. three", "4. four"]),
        ("| a | b |\n|---|---|\n| c | d<br>e |", ["a | b", "c | d e"]),
        ("It is 120[^1] MW.\n\n[^1]: In *2021*.", ["It is 120¹ MW.", "¹ In 2021."]),
        ("So[^b], and 5[^a][^b].\n\n[^a]: One.\n[^b]: Two\nlines.\n\nOn.",
         ["So¹, and 5² ¹.", "² One.", "¹ Two lines.", "On."]),
        ("See[^1].\n[^1]: https://a.example", ["See¹.", "¹ https://a.example"]),
        ("No `[^1]`, no [^2].\n\n    [^2]: Code.\n\n[^1]: A note.",
         ["No [^1], no [^2].", "[^2]: Code.", "¹ A note."]),
        ("> [^q]: Quoted.\n\nHere[^q]", ["¹ Quoted.", "Here¹"]),
        ("![A plant](a.png)", ["A plant"]),
        ("[Lund](https://a.example) is *here*.", ["Lund is here."]),
        ("Wrapped words\nof one line.", ["Wrapped words of one line."]),
        ("```\ncode  here\n```", ["code here"]),
        ("<table><tr><td>a <table><tr><td>b</td></tr></table></td><td>c</td></tr></table>",
         ["b", "a | c"]),
    ],
)  # fmt: skip
def test_what_a_page_shows_is_read(text: str, blocks: list[str]) -> None:
    """All words once, in blocks as they stand on the page."""
    assert [words for _, words in show(f"# A title\n\n{text}")[1:]] == blocks


def test_what_is_hidden_or_struck_is_named() -> None:
    """With its words."""
    reading = read('Here ~~not~~ and <span style="display:none">nor</span>.<script>x</script>')
    assert reading.text == "Here and ."
    assert set(reading.left_out) == {
        LeftOut("hidden", "struck passage", "not"),
        LeftOut("hidden", "hidden passage", "nor"),
    }


def test_front_matter_gives_facts_as_far_as_it_says_them() -> None:
    """A month too; what is no date is none."""
    front = "---\ntitle: Wells\ndate: {}\ncompany: Acme\n---\n\nWords of it.\n"
    assert read(front.format("2022-06")).published == "2022-06"
    assert read(front.format("2022-06-01T10:00:00Z")).published == "2022-06-01"
    assert read(front.format("soon")).published == ""
    assert (read(front).title, read(front).company) == ("Wells", "Acme")


@given(st.text("<>/abtdr# \n|-*&;1[^]:", max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever tags are open or crossed."""
    try:
        assert read(f"x {text}").blocks
    except DocumentError:
        assert not any(sign.isalnum() for sign in text.replace("x", ""))


def test_an_unseen_mark_before_a_heading_hides_no_heading() -> None:
    """As files that were put together from others have it."""
    reading = read_bytes("# One\n\nText.\n\n\ufeff# Two\n\nMore.".encode(), "a.md")
    heads = [reading.text[b.start : b.end] for b in reading.blocks if b.kind == "heading"]
    assert heads == ["One", "Two"]
