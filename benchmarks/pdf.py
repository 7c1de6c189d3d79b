"""PDFs read: the same articles laid out in several ways, by Casebook's reader and by others'.

`python -m benchmarks.pdf squad2-half.en.json cmrc2018-dev.zh.json` takes the paragraphs of some
articles, has Chromium lay them out, and counts what comes back: sentences that stand whole in the
text, white space aside, and for Casebook paragraphs that are one block again, each on its page.
The others are not needed by Casebook; each has an environment of its own below `--work`.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.environments import make_environment
from corpus.language.sentences import sentence_spans
from corpus.readers.pdf import read_pdf

PARAGRAPHS = 42  # of each file, of its longest articles
OF_ARTICLE = 14  # of them
HEADER = "Collected cases of green development"
FOOTER = "Chamber of the examples, volume 7, page "
PEERS = ("pypdf", "pdfminer.six", "pdfplumber", "pymupdf")
# Runs in a peer's environment: the names of its PDFs in, their texts and seconds out.
EXTRACT = """
import json, sys, time
name, *paths = sys.argv[1:]
def read(path):
    if name == "pypdf":
        from pypdf import PdfReader
        return "\\n".join(page.extract_text() for page in PdfReader(path).pages)
    if name == "pdfminer.six":
        from pdfminer.high_level import extract_text
        return extract_text(path)
    if name == "pdfplumber":
        import pdfplumber
        with pdfplumber.open(path) as pdf:
            return "\\n".join(page.extract_text() for page in pdf.pages)
    import pymupdf
    with pymupdf.open(path) as pdf:
        return "\\n".join(page.get_text() for page in pdf)
read(paths[0])
found = []
for path in paths:
    start = time.perf_counter()
    found.append((read(path), time.perf_counter() - start))
print(json.dumps(found))
"""
STYLE = """
body { margin: 0; font: 11pt/1.45 "Liberation Serif", "Noto Serif CJK SC", "Noto Sans CJK SC"; }
h1 { font-size: 17pt; } h2 { font-size: 13pt; } p { margin: 0 0 .7em; text-align: justify; }
figure { margin: 0 0 1em; border: 1px solid; padding: 40pt 4pt 4pt; break-inside: avoid; }
figcaption { font-size: 9pt; } td, th { border: 1px solid; padding: 2pt 6pt; font-weight: normal; }
table { border-collapse: collapse; margin-bottom: 1em; }
"""
LAYOUTS = {
    "one column": "p { orphans: 1; widows: 1; }",
    "one column, indented, hyphens": "p { text-indent: 2em; margin: 0; }",
    "two columns, hyphens": "main { columns: 2; } p { font-size: 10pt; }",
    "two columns, ragged": "main { columns: 2; } p { text-align: left; margin: 0 0 1em; }",
    "tables and figures": "",
}


def main() -> None:
    """Lay out, read, count, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, help="question sets in SQuAD's format")
    parser.add_argument("--work", type=Path, default=Path("var/benchmarks/pdf"))
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    made = list(_lay_out(arguments.files, arguments.work))
    rows = {"Casebook": _read_ours([path for _, _, path, _ in made])}
    for name in arguments.peers:
        rows[name] = _read_theirs(name, [path for _, _, path, _ in made], arguments.work)
    print("| file | layout | " + " | ".join(rows) + " | paragraphs | rows, repeated |")
    print("|---" * (len(rows) + 4) + "|")
    for number, (file, layout, path, paragraphs) in enumerate(made):
        cells = [_count_sentences(paragraphs, read[number][0]) for read in rows.values()]
        whole = _count_paragraphs(paragraphs, path)
        print(f"| {file} | {layout} | {' | '.join(cells)} | {whole} |")
    pages = sum(len(read_pdf(path.read_bytes(), path.name).pages) for _, _, path, _ in made)
    spent = [f"{1000 * sum(s for _, s in read) / pages:.1f}" for read in rows.values()]
    print(f"| | ms a page | {' | '.join(spent)} | | |")


def _lay_out(files: Sequence[Path], work: Path) -> Iterator[tuple[str, str, Path, list[str]]]:
    """Yield file, layout, the PDF, and the paragraphs in it."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        for file in files:
            paragraphs = _list_paragraphs(file)
            language = "zh" if re.search(r"[\u4e00-\u9fff]", paragraphs[0]) else "en"
            for number, (layout, style) in enumerate(LAYOUTS.items()):
                path = work / f"{file.stem}-{number}.pdf"
                page.set_content(_make_page(paragraphs, language, style, layout))
                page.pdf(
                    path=path, format="A4", display_header_footer=True,
                    header_template=_band(HEADER), footer_template=_band(
                        f"{FOOTER}<span class=pageNumber></span>"
                    ),
                    margin={"top": "70px", "bottom": "70px", "left": "60px", "right": "60px"},
                )  # fmt: skip
                yield file.stem, layout, path, paragraphs
        browser.close()


def _list_paragraphs(file: Path) -> list[str]:
    articles = json.loads(file.read_text("utf-8"))["data"]
    long = sorted(articles, key=lambda article: -len(article["paragraphs"]))
    paragraphs = [
        " ".join(paragraph["context"].split())
        for article in long
        for paragraph in article["paragraphs"][:OF_ARTICLE]
    ]
    return paragraphs[:PARAGRAPHS]


def _make_page(paragraphs: Sequence[str], language: str, style: str, layout: str) -> str:
    figures, hyphens = "figures" in layout, "hyphens" in layout
    parts = ["<h1>The collected articles of a year</h1>"]
    for number, words in enumerate(paragraphs):
        if number % 5 == 0:
            parts.append(f"<h2>Article part {number // 5 + 1}</h2>")
        if hyphens:  # where a word may be cut; syllables are not what is measured
            words = re.sub(r"([a-z]{4})(?=[a-z]{3})", "\\1\u00ad", words)
        parts.append(f"<p>{escape(words)}</p>")
        if figures and number % 2 == 0:
            parts.append(
                f"<figure><figcaption>Figure {number}. What it shows</figcaption></figure>"
            )
        if figures and number % 4 == 1:
            rows = "".join(f"<tr><td>Row {n}<td>{n * 37}<td>{n * 11} t</tr>" for n in range(4))
            parts.append(f"<table>{rows}</table>")
    return (
        f'<!doctype html><html lang="{language}"><meta charset=utf-8><style>{STYLE}{style}</style>'
        f"<main>{''.join(parts)}</main>"
    )


def _band(words: str) -> str:
    return f"<div style='font-size:8px;width:100%;text-align:center'>{words}</div>"


Texts = list[tuple[str, float]]


def _read_ours(paths: Sequence[Path]) -> Texts:
    found = []
    for path in paths:
        start = time.perf_counter()
        text = read_pdf(path.read_bytes(), path.name).text
        found.append((text, time.perf_counter() - start))
    return found


def _read_theirs(name: str, paths: Sequence[Path], work: Path) -> Texts:
    python = make_environment(name, work)
    done = subprocess.run(
        [str(python), "-c", EXTRACT, name, *map(str, paths)], check=True, capture_output=True
    )
    found: list[Any] = json.loads(done.stdout)
    return [(text, seconds) for text, seconds in found]


def _count_sentences(paragraphs: Sequence[str], text: str) -> str:
    """Return how many sentences stand whole in a text, of how many."""
    held = _unhyphenate(text)
    spans = ((words, *span) for words in paragraphs for span in sentence_spans(words))
    sentences = [_unhyphenate(words[first:last]) for words, first, last in spans]
    return f"{sum(each in held for each in sentences)} of {len(sentences)}"


def _count_paragraphs(paragraphs: Sequence[str], path: Path) -> str:
    """Return how many paragraphs are one block, and in how many cells rows and furniture stand."""
    import pypdfium2

    reading = read_pdf(path.read_bytes(), path.name)
    blocks = {_bare(reading.text[b.start : b.end]): b.start for b in reading.blocks}
    whole = [words for words in map(_bare, paragraphs) if words in blocks]
    document = pypdfium2.PdfDocument(path)
    pages = [_bare(page.get_textpage().get_text_range()) for page in document]
    placed = 0
    for words in whole:
        page = sum(start <= blocks[words] for start in reading.pages) - 1
        placed += words[:12] in pages[page]
    rows = len(re.findall(r"^Row \d \| \d+ \| \d+ t$", reading.text, re.MULTILINE))
    repeated = sum(reading.text.count(words) for words in (HEADER, FOOTER.strip()))
    return f"{len(whole)} of {len(paragraphs)}, {placed} on their page | {rows}, {repeated}"


def _unhyphenate(text: str) -> str:
    """Return a text without white space, hyphens and ligatures, which readers treat unlike."""
    return re.sub(r"[\s\u00ad\u2010\x02\ufffe-]+", "", unicodedata.normalize("NFKC", text))


def _bare(text: str) -> str:
    """Return a text without white space."""
    return re.sub(r"\s+", "", text)


if __name__ == "__main__":
    main()
