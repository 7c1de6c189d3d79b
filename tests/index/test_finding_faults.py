"""Finding in what nobody would write: endless paragraphs, no words, thousands of documents."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.publishing.publisher import ask_of
from corpus.language.sentences import LONGEST
from corpus.library import Library
from index.build import build
from index.languages.dictionary import Dictionary
from index.searcher import Searcher
from index.storage.publish import Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder

pytestmark = pytest.mark.usefixtures("small_reader")

Publish = Callable[[dict[str, str]], Release]
LENGTH = 200_000
WIDTH = 256  # of vectors, so that texts that share no word are not near by chance
NEEDLE = "The grey heron of Quito nests high in the old water tower"
QUESTION = "Where does the grey heron of Quito nest?"


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Publish texts, by file name, with the small encoder."""

    def put(texts: dict[str, str]) -> Release:
        folder = tmp_path / "reports"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8")
        releases = Releases(tmp_path / "var" / "releases")
        build(Library(folder), releases, FakeEncoder(WIDTH))
        return Release(releases.path(releases.live()))

    return put


def _fill(words: str, stop: str) -> str:
    """Return a paragraph of half the length: the words again and again, with a count between."""
    counted = (f"{words} {number}{stop}" for number in itertools.count())
    return " ".join(itertools.islice(counted, LENGTH // 2 // len(words)))[: LENGTH // 2]


FILLED = {
    "sentences": _fill("Trains cross the red bridge every day", "."),
    "commas": _fill("trains cross the red bridge every day", ","),
    "no end": _fill("trains cross the red bridge every day", ""),
    "no blank": "trainscrosstheredbridge" * (LENGTH // 2 // 23),
    "Chinese": "火车每天经过红色的桥。" * (LENGTH // 2 // 11),
    "Chinese without an end": "火车每天经过红色的桥" * (LENGTH // 2 // 10),
    "Thai": "รถไฟข้ามสะพานสีแดงทุกวัน" * (LENGTH // 2 // 24),
    "accents": "e" + "\u0301" * (LENGTH // 2),
    "emoji": "🚂👩‍👩‍👧‍👦" * (LENGTH // 2 // 8),
}


@pytest.mark.slow
@pytest.mark.parametrize("filled", FILLED.values(), ids=FILLED)
def test_a_paragraph_without_end_is_divided_and_found(publish: Publish, filled: str) -> None:
    """Every character is in one passage, none is too long, and the middle is found."""
    release = publish({"long.txt": f"A long paragraph\n\n{filled} {NEEDLE}. {filled}\n"})
    [(case, document)] = release.cases()
    passages = [each for each in release.case_passages(case) if each.kind == "paragraph"]
    assert "".join("".join(each.text for each in passages).split()) == "".join(
        document.text.removeprefix("A long paragraph").split()
    )
    assert max(len(sentence.text) for each in passages for sentence in each.sentences) <= LONGEST
    assert max(len(each.text) for each in passages) < 3 * LONGEST
    before = time.thread_time()
    best = Searcher(release, FakeEncoder(WIDTH)).search(QUESTION, 5)[0].passage
    assert "heron" in best.text
    answered = ask_of(release, FakeEncoder(WIDTH))(QUESTION).answer
    assert all(citation.quote in document.text for citation in answered.citations)
    assert time.thread_time() - before < 10


WORDLESS = {
    "signs": "!!! ??? --- ***\n\n@@@ ### $$$ %%%\n",
    "digits": "12 = 34 + 56\n\n1234567 = 89; 0.5 = 77; 1999, 2000, 2001.\n",
    "emoji": "😀😀😀\n\n🚀🚀 🌍🌍🌍 👩‍👩‍👧‍👦 🇨🇳\n",
    "one sign": "水\n\n水\n",
    "Thai": "สะพาน\n\nสะพานสีแดงสร้างโดยชาวบ้านในปี๒๕๔๒และรถไฟเก้าขบวนข้ามทุกวัน\n",
    "Khmer": "ស្ពាន\n\nស្ពានក្រហមត្រូវបានសាងសង់ដោយប្រជាជនក្នុងឆ្នាំ១៩៩៩\n",
    "Tibetan": "ཟམ་པ\n\nཟམ་པ་དམར་པོ་མི་མང་གིས་བཟོས་པ་རེད།\n",
    "another plane": "𠮷野家\n\n𠮷野家𠮷野家\n",
}
QUESTIONS = (QUESTION, "桥是谁建的？", "ใครสร้างสะพานสีแดง", "នរណាសាងសង់ស្ពានក្រហម", "1234567?", "🚀 a")


@pytest.mark.parametrize("text", WORDLESS.values(), ids=WORDLESS)
def test_a_document_without_words_is_asked(publish: Publish, text: str) -> None:
    """Alone it answers nothing that it does not say, and beside another it is not in the way."""
    alone = publish({"strange.txt": text})
    for question in QUESTIONS:
        answered = ask_of(alone, FakeEncoder(WIDTH))(question).answer
        assert all(citation.quote in text for citation in answered.citations)
    assert not ask_of(alone, FakeEncoder(WIDTH))(QUESTION).answer.found
    both = publish({"strange.txt": text, "heron.txt": f"The heron\n\n{NEEDLE}.\n"})
    best = Searcher(both, FakeEncoder(WIDTH)).search(QUESTION, 2)[0]
    assert best.document.name == "heron.txt"


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (WORDLESS["digits"], "What is 1234567?"),
        (WORDLESS["Thai"], "ใครสร้างสะพานสีแดง"),
        (WORDLESS["Khmer"], "ស្ពានក្រហមត្រូវបានសាងសង់"),
        (WORDLESS["Tibetan"], "ཟམ་པ་དམར་པོ"),
        (WORDLESS["another plane"], "𠮷野家在哪里？"),
    ],
)
def test_what_has_no_words_is_found_by_its_signs(
    publish: Publish, text: str, question: str
) -> None:
    """Before a document that has none of them."""
    release = publish({"strange.txt": text, "heron.txt": f"The heron\n\n{NEEDLE}.\n"})
    best = Searcher(release, FakeEncoder(WIDTH)).search(question, 2)[0]
    assert best.document.name == "strange.txt"


def _name_towns() -> Iterator[str]:
    """Yield names no two of which begin alike."""
    consonants, vowels = "bdfghjlmnr", "aeiou"
    for letters in itertools.product(consonants, vowels, consonants, vowels, consonants):
        yield "".join(letters).capitalize()


@pytest.mark.slow
def test_thousands_of_documents_are_asked_as_fast(publish: Publish) -> None:
    """The right one of ten times as many is handed over first, in a few times the time at most."""
    towns = list(itertools.islice(_name_towns(), 3000))
    spent = []
    for count in (300, 3000):
        release = publish(
            {
                f"{number:04}.txt": f"The bridge of {town} carries {number + 10} trains a day.\n"
                for number, town in enumerate(towns[:count])
            }
        )
        assert len(release.documents()) == count
        searcher = Searcher(release, FakeEncoder(WIDTH))
        searcher.search("What does a bridge carry?", 5)
        times = []
        for number in range(0, count, count // 20):
            question = f"How many trains does the bridge of {towns[number]} carry?"
            before = time.thread_time()
            searcher.search(question, 5)
            times.append(time.thread_time() - before)
            best = searcher.find(searcher.parse(question), 5)[0]
            assert best.document.name == f"{number:04}.txt"
        spent.append(statistics.median(times))
    assert spent[1] < 5 * spent[0] + 0.01


@pytest.mark.parametrize("glossary", [None, "[]", '[["Quito", "基多"]]'])
def test_nothing_is_known_beside_the_texts(publish: Publish, glossary: str | None) -> None:
    """Without a glossary or with an empty one, and without a dictionary, what is asked is found."""
    texts = {"heron.txt": f"The heron\n\n{NEEDLE}.\n", "tea.txt": "茶\n\n茶叶在春天采摘。\n"}
    release = publish(texts if glossary is None else {**texts, "glossary.json": glossary})
    encoder = FakeEncoder(WIDTH)
    assert encoder.dictionary.identity == Dictionary.empty().identity
    searcher = Searcher(release, encoder)
    for question, name in ((QUESTION, "heron.txt"), ("茶叶什么时候采摘？", "tea.txt")):
        assert searcher.search(question, 2)[0].document.name == name
    for question in ("基多的鹭在哪里？", "When is tea picked?", "¿Dónde anida?", "?!"):
        assert len(searcher.search(question, 5)) == 2
