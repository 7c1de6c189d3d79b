"""The folder is listed and read; what cannot be read says so in one line."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from corpus.errors import DocumentError, LibraryError, NotFoundError
from corpus.library import Library
from corpus.metadata import FIELDS

REPORTS = Path(__file__).parents[2] / "corpus" / "reports"
ARTICLE = "cccme-2024-02-23-fulfillment-of-social-responsibilities.txt"
TEXT = "My report\n\nIt says this of the plant, which is large.\n"


def put(folder: Path, name: str, text: str = TEXT, **facts: object) -> Path:
    """Write a document, and a sidecar where there are facts for one."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if facts:
        path.with_name(path.name + ".json").write_text(json.dumps(facts), encoding="utf-8")
    return path


def refuse(folder: Path, name: str) -> str:
    """Return the message of the DocumentError that reading a document raises."""
    with pytest.raises(DocumentError) as caught:
        Library(folder).read(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_shipped_article_has_its_facts_and_cases() -> None:
    """The sidecar's facts stand in the document, and the introduction and four cases below it."""
    library = Library(REPORTS)
    assert library.names() == (ARTICLE,)
    entry = library.read(ARTICLE)
    document, cases = entry.document, entry.cases
    assert document.title == (
        "Cases on Green Development of CCCME Members: Fulfillment of Social Responsibilities"
    )
    assert "China Chamber of Commerce for Import and Export" in document.publisher
    assert "中国机电产品进出口商会" in document.source
    assert (document.published, document.language, document.url) == ("2024-02-23", "en", "")
    assert document.rights
    assert document.text == (REPORTS / ARTICLE).read_text(encoding="utf-8")
    assert [(case.kind, case.company) for case in cases] == [
        ("introduction", ""),
        ("case", "WeRide"),
        ("case", "CAMCE"),
        ("case", "POWERCHINA"),
        ("case", "POWERCHINA"),
    ]
    assert cases[1].title == (
        "WeRide: Empowering the Fight Against COVID-19 and Educational Public Welfare with the"
        " Power of Science and Technology"
    )
    assert {passage.case_id for passage in entry.passages} == {case.id for case in cases}
    assert not [p for p in entry.passages if "Publish Time" in p.text or "Sign into" in p.text]


def test_the_shipped_glossary_is_read() -> None:
    """The glossary is a list of groups of names; a folder without one has none."""
    assert ["WeRide", "文远知行"] in Library(REPORTS).glossary()
    assert Library(REPORTS.parent / "readers").glossary() == []


def test_names_are_sorted_paths_of_documents(tmp_path: Path) -> None:
    """Folders below are entered; hidden files, sidecars, READMEs and other formats are left out."""
    for name in ("b.txt", "a/c.TXT", "a/b/d.txt", "水厂.txt", ".hidden.txt", ".git/e.txt"):
        put(tmp_path, name)
    for name in ("README.txt", "a/readme.zh.txt", "x.txt.json", "questions.jsonl", "x.doc", "txt"):
        put(tmp_path, name)
    assert Library(tmp_path).names() == ("a/b/d.txt", "a/c.TXT", "b.txt", "水厂.txt")
    assert Library(tmp_path).read("a/c.TXT").document.name == "a/c.TXT"


def test_an_empty_folder_has_no_names_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    """No documents is an answer; no folder is broken."""
    assert Library(tmp_path).names() == ()
    for place in (tmp_path / "none", put(tmp_path, "a.txt")):
        with pytest.raises(LibraryError, match="no such folder"):
            Library(place).names()


def test_three_hundred_documents_are_read(tmp_path: Path) -> None:
    """Each plain file is one document of one case with an id of its own."""
    for number in range(300):
        put(tmp_path, f"{number % 7}/{number}.txt", f"Report {number}\n\nIt says {number}.\n")
    library = Library(tmp_path)
    entries = [library.read(name) for name in library.names()]
    assert len({entry.document.id for entry in entries}) == 300
    assert len({case.id for entry in entries for case in entry.cases}) == 300
    assert len({p.id for entry in entries for p in entry.passages}) == 600
    assert all(e.document.title == f"Report {Path(e.document.name).stem}" for e in entries)


def test_a_plain_text_works_without_a_sidecar(tmp_path: Path) -> None:
    """Title, language and hash come from the text; the id comes from the name."""
    put(tmp_path, "a/plant.txt")
    entry = Library(tmp_path).read("a/plant.txt")
    document = entry.document
    assert document.id == hashlib.sha256(b"a/plant.txt").hexdigest()[:12]
    assert document.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (document.title, document.language, document.text) == ("My report", "en", TEXT)
    assert (document.publisher, document.source, document.published, document.url) == ("",) * 4
    assert [(case.kind, case.title) for case in entry.cases] == [("case", "My report")]


def test_a_title_falls_back_to_the_file_name(tmp_path: Path) -> None:
    """A text without a heading is called by its file's name without the suffix."""
    put(tmp_path, "water.plant.txt", "It says this.")
    entry = Library(tmp_path).read("water.plant.txt")
    assert entry.document.title == entry.cases[0].title == "water.plant"


def test_a_sidecar_wins_over_the_text(tmp_path: Path) -> None:
    """Every key of a sidecar ends in the document, company in its one case."""
    facts = {
        "title": "标题",
        "publisher": "Pub",
        "source": "Src",
        "published": "2020-02-29",
        "language": "zh",
        "url": "https://example.org/a?b=c",
        "rights": "Theirs",
    }
    said = {
        "sector": "Transport",
        "country": "CN+FR",
        "title_en": "Buses",
        "title_zh": "巴士",
        "summary_en": "They drive.",
        "summary_zh": "行驶。",
    }
    put(tmp_path, "a.txt", **facts, **said, company="WeRide")
    entry = Library(tmp_path).read("a.txt")
    assert {key: getattr(entry.document, key) for key in facts} == facts
    assert asdict(entry.cases[0].facts) == said
    assert set(FIELDS) == {*facts, *said, "company", "cases"}
    assert (entry.cases[0].title, entry.cases[0].company) == ("标题", "WeRide")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ('{"titel": "x"}', "unknown key 'titel'; use title,"),
        ('{"title": 5}', "title is not one line of text"),
        ('{"title": null}', "title is not one line of text"),
        ('{"title": "a\\nb"}', "title is not one line of text"),
        ('{"title": "\\ud800"}', "title is not one line of text"),
        ('{"\\ud800": "x"}', "unknown key"),
        ('{"published": "2024-02-31"}', "published '2024-02-31' is not a date"),
        ('{"published": "20240223"}', "published '20240223' is not a date"),
        ('{"language": "English"}', "language 'English' is not a language"),
        ('{"url": "javascript:alert(1)"}', "is not a web address"),
        ('{"sector": "%s"}' % ("s" * 81), "sector has 81 characters; 80 are the most"),
        ('{"country": "Atlantis"}', "country 'Atlantis' is not one of up to 20 countries"),
        ('{"country": "ZZ"}', "country 'ZZ' is not one of"),
        ('{"cases": []}', "cases is not an object of cases by title"),
        ('{"cases": {"A": "x"}}', "A is not a JSON object"),
        ('{"cases": {"A": {"company": "x"}}}', "A: unknown key 'company'; use sector,"),
        ('{"cases": {"\\ud800": {"sector": 5}}}', "sector is not one line of text"),
        ('["title"]', "not a JSON object"),
        ("{title}", "not JSON"),
        ("", "not JSON"),
        ("[" * 200_000, "not JSON"),
    ],
)
def test_a_bad_sidecar_names_itself_and_the_key(tmp_path: Path, facts: str, words: str) -> None:
    """An unknown key, a wrong type or a wrong form is an error of the sidecar, in one line."""
    put(tmp_path, "a.txt")
    (tmp_path / "a.txt.json").write_text(facts, encoding="utf-8")
    message = refuse(tmp_path, "a.txt")
    assert message.startswith("a.txt.json: ")
    assert words in message
    message.encode("utf-8")


@pytest.mark.parametrize(
    ("glossary", "words"),
    [
        ("{}", "not a list"),
        ('[["a", "b"], ["c"]]', "group 2"),
        ('[["a", 1]]', "group 1"),
        ('[["a", " "]]', "group 1"),
        ("[", "not JSON"),
    ],
)
def test_a_bad_glossary_is_refused(tmp_path: Path, glossary: str, words: str) -> None:
    """What is no list of groups of names is an error that names the group."""
    (tmp_path / "glossary.json").write_text(glossary, encoding="utf-8")
    with pytest.raises(DocumentError, match=words):
        Library(tmp_path).glossary()


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../a.txt", "a/../b.txt", "./a.txt", "a//b.txt", "/etc/a.txt", "a\\b.txt"),
        *("a\0.txt", ".a.txt", ".git/a.txt", "README.txt", "a.txt.json", "a.txt/", "a", "a.doc"),
    ],
)
def test_a_name_that_is_no_documents_is_not_found(tmp_path: Path, name: str) -> None:
    """Names that lead elsewhere or to no document are not opened, even where a file is there."""
    put(tmp_path, "library/a.txt")
    put(tmp_path, "a.txt")
    with pytest.raises(NotFoundError):
        Library(tmp_path / "library").read(name)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """A link is followed inside the folder only, in documents, folders and sidecars alike."""
    outside = put(tmp_path, "outside.txt")
    inside = put(tmp_path, "library/inside.txt")
    library = tmp_path / "library"
    (library / "out.txt").symlink_to(outside)
    (library / "in.txt").symlink_to(inside)
    (library / "folder").symlink_to(tmp_path)
    (library / "circle.txt").symlink_to(library / "circle.txt")
    assert Library(library).names() == ("circle.txt", "in.txt", "inside.txt", "out.txt")
    assert Library(library).read("in.txt").document.text == TEXT
    assert "out.txt: a link out of the folder; put" in refuse(library, "out.txt")
    assert "a link out of the folder" in refuse(library, "folder/outside.txt")
    assert refuse(library, "circle.txt").startswith("circle.txt: ")
    (library / "inside.txt.json").symlink_to(outside)
    assert "inside.txt.json: a link out of the folder" in refuse(library, "inside.txt")


def test_what_is_no_readable_file_is_a_document_error(tmp_path: Path) -> None:
    """A vanished file, a folder and a pipe in a file's place are told apart in one line each."""
    (tmp_path / "folder.txt").mkdir()
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "empty.txt").touch()
    assert refuse(tmp_path, "gone.txt").startswith("gone.txt: no such file")
    assert refuse(tmp_path, "folder.txt").startswith("folder.txt: not a file")
    assert refuse(tmp_path, "pipe.txt").startswith("pipe.txt: not a file")
    assert refuse(tmp_path, "empty.txt").startswith("empty.txt: the file is empty")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_rights_is_a_document_error(tmp_path: Path) -> None:
    """A file that may not be read is named with the reason."""
    put(tmp_path, "a.txt").chmod(0)
    assert "a.txt: cannot be read (Permission denied)" in refuse(tmp_path, "a.txt")


def test_a_file_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """The message shows such a name escaped, so that it can be printed."""
    name = os.fsdecode(b"caf\xe9.txt")
    put(tmp_path, name)
    assert Library(tmp_path).names() == (name,)
    message = refuse(tmp_path, name)
    assert "is not UTF-8; rename" in message
    message.encode("utf-8")


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    """A file of more than 64 MiB is not loaded."""
    with put(tmp_path, "a.txt").open("r+b") as file:
        file.truncate(300 * 2**20)
    assert refuse(tmp_path, "a.txt") == "a.txt: 300 MiB, and 64 are the most; split it"
