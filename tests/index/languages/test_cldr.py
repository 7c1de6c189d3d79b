"""index.languages.cldr: names put as another language has them, and questions that find by them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.glossary import Glossary, fold_signs
from corpus.library import Library
from index.build import build
from index.encoder.encoder import EncodedQuery
from index.languages import cldr
from index.languages.cldr import name_language, put_names
from index.languages.dictionary import Dictionary
from index.search.query import Query, parse
from index.storage.publish import Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder

ROOT = Path(__file__).parents[3]
LANGUAGES = (
    "ar", "de", "el", "en", "es", "fr", "he", "hi", "it", "ja", "ko", "nl", "pt", "ru", "th", "zh",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "language", "into", "wanted"),
    [
        ("Qui gouverne l’Allemagne ?", "fr", "en", "Qui gouverne l’Germany ?"),
        ("Birmanie et Côte d'Ivoire", "fr", "de", "Myanmar et Côte d'Ivoire"),
        ("エジプトの人口は？", "ja", "en", "Egypt の人口は？"),
        ("アメリカと英国", "ja", "zh", "美国 と英国"),
        ("ﾄﾞｲﾂとﾀｲ", "ja", "en", "ﾄﾞｲﾂと Thailand"),  # a voiced sign of half width is two
        ("Wer baute in Südafrika?", "de", "en", "Wer baute in South Africa?"),
        ("Wer baute in Südafrika?", "de", "zh", "Wer baute in 南非?"),
        ("Deutschlands Nachbarn", "de", "fr", "Allemagne Nachbarn"),
        ("¿Quién vive en los Países Bajos?", "es", "en", "¿Quién vive en los Netherlands?"),
        ("¿QUIÉN VIVE EN ALEMANIA?", "es", "zh", "¿QUIÉN VIVE EN 德国?"),
        ("Кто живёт в Египте и Польше?", "ru", "en", "Кто живёт в Египте и Poland?"),
        ("Кто живёт в Германии?", "ru", "zh", "Кто живёт в 德国?"),
        ("من يعيش في مصر وألمانيا؟", "ar", "en", "من يعيش في Egypt و Germany؟"),
        ("من يعيش في مصر؟", "ar", "zh", "من يعيش في 埃及؟"),
        ("מי גר בגרמניה?", "he", "en", "מי גר ב Germany?"),
        ("독일에서 누가 사는가?", "ko", "en", "Germany 에서 누가 사는가?"),
        ("紐西蘭和德國", "zh", "fr", "Nouvelle-Zélande 和 Allemagne"),  # as written in Taipei
        ("the UK, the USA and Turkey", "en", "fr",
         "the Royaume-Uni Grande-Bretagne, the États-Unis USA and Turquie"),
        ("Turquie", "fr", "en", "Türkiye Turkey"),
        ("Moscou et Londres", "fr", "en", "Moscow et London"),
        ("singapore and egypt", "en", "de", "Singapur and Ägypten"),
        ("en español o en chino", "es", "de", "en Spanisch o en Chinesisch"),
    ],
)  # fmt: skip
def test_places_are_put(text: str, language: str, into: str, wanted: str) -> None:
    """Countries, cities and languages, declined and with what is written to them."""
    assert put_names(text, language, into) == wanted


@pytest.mark.parametrize(
    ("text", "language", "into", "wanted"),
    [
        ("in March 2020", "en", "zh", "in 3月 2020"),
        ("2020年3月15日", "zh", "en", "2020年 March 15日"),
        ("２０２０年３月", "zh", "en", "２０２０年 March"),
        ("三月和十一月", "zh", "en", "March 和 November"),
        ("11月と3月", "ja", "en", "November と March"),
        ("13月, 213月, 3个月", "zh", "en", "13月, 213月, 3个月"),
        ("May it rain in May?", "en", "fr", "mai it rain in mai?"),  # the first could be a month
        ("It may march on in august dress.", "en", "zh", "It may march on in august dress."),
        ("en mayo y en marzo", "es", "en", "en May y en March"),
        ("в марте и 12 марта", "ru", "en", "в March и 12 March"),
        ("mars et Mars", "fr", "en", "March et Mars"),
    ],
)
def test_months_are_put(text: str, language: str, into: str, wanted: str) -> None:
    """By words and by numbers, and nothing that only looks like them."""
    assert put_names(text, language, into) == wanted


@pytest.mark.parametrize(
    ("text", "language", "into", "wanted"),
    [
        ("How many US dollars or euros?", "en", "zh", "How many 美元 or 欧元?"),
        ("Combien d’euros et de francs suisses ?", "fr", "de",
         "Combien d’Euro et de Schweizer Franken ?"),
        ("多少人民幣和歐元", "zh", "en", "多少 Chinese Yuan 和 Euro"),
        ("Сколько долларов США?", "ru", "en", "Сколько US Dollar?"),
        ("5 square kilometres, 3 kilometers", "en", "ja", "5 平方キロメートル, 3 キロメートル"),
        ("三公里和五千瓦时", "zh", "en", "三 kilometers 和五 kilowatt-hours"),
        ("Wie viele Tonnen?", "de", "fr", "Wie viele tonnes?"),
        ("the gold and a second or an hour", "en", "fr", "the gold and a second or an hour"),
    ],
)  # fmt: skip
def test_money_and_measures_are_put(text: str, language: str, into: str, wanted: str) -> None:
    """One and many of them, but no metals and no time."""
    assert put_names(text, language, into) == wanted


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a chad, the mali, Chinas nice riga", "en"),
        ("Malinese and Nigeriens", "en"),
        ("マリアとタイトルとチリソース", "ja"),  # Mali, Thailand, Chile
        ("المالية", "ar"),  # Mali
        ("이것이란 무엇인가?", "ko"),  # Iran
        ("चीनीमिट्टी", "hi"),  # Chinese
        ("小米和年", "zh"),  # meter, year
    ],
)
def test_parts_of_words_are_no_names(text: str, language: str) -> None:
    """Neither in words nor as words are written that are names otherwise."""
    assert put_names(text, language, "fr") == text


@pytest.mark.parametrize(
    ("language", "into"),
    [
        ("en", "en"), ("und", "en"), ("en", "und"), ("xx", "en"), ("en", "xx"), ("", "en"),
        ("en", ""), ("../en", "de"), ("en", "../de"), ("EN", "de"), ("root", "de"), ("e\0", "de"),
    ],
)  # fmt: skip
def test_what_is_not_known_changes_nothing(language: str, into: str) -> None:
    """A language that CLDR has not, its own, and none at all."""
    assert put_names("Germany in March", language, into) == "Germany in March"


@given(
    text=st.text() | st.text("aeinrstMARCHmarch ,.日本国三月3éßи"),
    name=st.sampled_from(["", "Mali", "三月", "Германии", "München", "مصر", "ドイツ"]),
    language=st.sampled_from(LANGUAGES),
    into=st.sampled_from(LANGUAGES),
)
@example(text="İ" * 9, name="", language="en", into="ja")
def test_nothing_but_names_is_changed(text: str, name: str, language: str, into: str) -> None:
    """A text without a name of its language is itself; what stands before the first one stays."""
    text += name
    folded = fold_signs(text)
    places = [folded.find(each) for each in cldr._load(language).keys if each in folded]
    put = put_names(text, language, into)
    assert put[: min(places, default=len(text))] == text[: min(places, default=len(text))]
    assert places or put == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_any_text_is_put_in_milliseconds(language: str) -> None:
    """Of the greatest length, without blanks, of names alone, of signs that no language has."""
    into = "fr" if language != "fr" else "en"
    name = cldr._list_names(language)["DE"]
    put_names(name, language, into)
    for sign in ("a", "中", "😀", "\ud800", "\u0301", "ー", f"{name} ", name, "3", "م"):
        text = (sign * 2000)[:2000]
        before = time.thread_time()
        put = put_names(text, language, into)
        assert time.thread_time() - before < 0.1
        assert name in sign or put == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_all_names(language: str) -> None:
    """Of those in which questions are told to be each has countries, months, money, measures."""
    names = cldr._list_names(language)
    assert names.keys() >= {"DE", "EG", "150", "city Europe/Paris", "money EUR", "language fr"}
    assert names.keys() >= {f"month {number}" for number in range(1, 13)}
    assert len(names.keys() & set(cldr._UNITS.split())) > 20  # not a gram of one sign


@pytest.mark.slow
def test_names_are_read_when_they_are_needed() -> None:
    """Importing what parses a question reads no language's data."""
    code = "import index.search.query\nfrom babel import localedata\nprint(localedata._cache)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{}"


def _parse(question: str, glossary: Glossary, dictionary: Dictionary) -> Query:
    def read() -> EncodedQuery:
        raise AssertionError("words need no vectors")

    return parse(question, ["en", "zh"], (), lambda _: False, glossary, dictionary, read)


def _list_terms(query: Query, language: str) -> set[str]:
    return {term for group, _ in query.words[language] for term in group}


def test_a_question_has_the_names_of_each_language_of_the_texts() -> None:
    """Beside its own words, and where the glossary has none."""
    glossary = Glossary([["Kemet", "埃及", "エジプト"]])
    query = _parse("エジプトとドイツの人口は？", glossary, Dictionary.empty())
    assert {"kemet", "germa", "人口"} <= _list_terms(query, "en")
    assert "egipt" not in _list_terms(query, "en")
    assert {"德国", "人口"} <= _list_terms(query, "zh")
    assert {"ドイ", "イツ"} <= _list_terms(query, "ja")


def test_a_dictionary_needs_no_names() -> None:
    """What it gives for a question is all that is asked."""

    class Known(Dictionary):
        def translate(self, text: str, language: str, into: str) -> list[frozenset[str]]:
            known = {("Where in Germany?", "en", "zh"): [frozenset(["word"])]}
            return known[text, language, into]

    query = _parse("Where in Germany?", Glossary([]), Known.empty())
    assert _list_terms(query, "zh") == {"word"}


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Qui a construit le pont en Allemagne ?", "The bridge in Germany is red.|A tea house."),
        ("エジプトの橋", "Egypt has a bridge.|Tea grows on hills."),
        ("¿Qué pasó en marzo?", "去年3月5日下了雪。|茶叶在春天采摘。"),
        ("Что в Германии?", "德国有一座桥。|茶叶在春天采摘。"),
    ],
)
def test_a_name_finds_the_text_of_another_language(
    library: Library,
    releases: Releases,
    write: Callable[[str, str], None],
    question: str,
    texts: str,
) -> None:
    """Its share of the question's words is greater than that of a text without it."""
    for name, text in zip(library.names(), texts.split("|"), strict=True):
        write(name, f"{text}\n")
    build(library, releases, FakeEncoder())
    release = Release(releases.path(releases.live()))
    query = _parse(question, Glossary([]), Dictionary.empty())
    named, other = release.words.share(query.groups(release.languages[0])).tolist()
    assert named > other


@pytest.mark.parametrize(
    ("tag", "language", "name"),
    [("zh", "en", "Chinese"), ("zh-Hant", "zh", "繁体中文"), ("x-y", "en", "x-y")],
)
def test_a_language_has_a_name_in_another(tag: str, language: str, name: str) -> None:
    """As CLDR has it; a tag that nobody knows stands for itself."""
    assert name_language(tag, language) == name
