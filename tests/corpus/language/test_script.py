"""corpus.language.script: Chinese compared alike, and the signs that it goes by."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.language.script import PATH, simplify, simplify_signs
from index.languages.dictionary import Entry, find_data, read_entries
from training.simplified import count_votes, write

ROOT = Path(__file__).parents[3]
PAIRS = json.loads(PATH.read_bytes())
texts = st.text() | st.text(PAIRS["traditional"] + PAIRS["simplified"] + "ＡＢ１，ﾊﾟ")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("plain text, 2024", "plain text, 2024"),
        ("太陽能發電廠惠及三萬人", "太阳能发电厂惠及三万人"),
        ("太阳能发电厂惠及三万人", "太阳能发电厂惠及三万人"),
        ("中國電建在肯尼亞做了什麼", "中国电建在肯尼亚做了什么"),
        ("ＳＡＮＹ　２０２４，５％", "SANY 2024,5%"),
        ("ｶﾞ", "ガ"),
        ("宁波的什么", "宁波的什么"),
        ("寧波的什麼", "宁波的什么"),
        ("头发后来发展", "头发后来发展"),
        ("頭髮後來發展", "头发后来发展"),
        ("😀 naïve café", "😀 naïve café"),
        ("\ud800水廠", "\ud800水厂"),
    ],
)
def test_writes_alike(text: str, wanted: str) -> None:
    """Both scripts and both widths come out as simplified signs of half width."""
    assert simplify(text) == wanted


@given(texts)
def test_simplifies_once(text: str) -> None:
    """What is simplified does not change again."""
    assert simplify(simplify(text)) == simplify(text)


@given(texts)
def test_signs_keep_their_places(text: str) -> None:
    """Sign by sign, the length stays, and so does everything that is no traditional sign."""
    signs = simplify_signs(text)
    assert len(signs) == len(text)
    for old, new in zip(text, signs, strict=True):
        assert old == new or (old in PAIRS["traditional"] and new in PAIRS["simplified"])


@pytest.mark.slow
def test_the_words_of_a_dictionary_are_alike_in_both_scripts() -> None:
    """Of 120,000 words, all but two in a thousand: what is left has two signs for one."""
    entries = list(read_entries(find_data().read_bytes()))
    alike = sum(simplify(each.traditional) == simplify(each.simplified) for each in entries)
    assert alike / len(entries) > 0.998


def test_the_table_pairs_signs() -> None:
    """Each sign is there once, becomes another, and that one becomes nothing else."""
    traditional, simplified = PAIRS["traditional"], PAIRS["simplified"]
    assert len(traditional) == len(simplified) == len(set(traditional)) > 3000
    assert not set(traditional) & set(simplified)
    assert "CC-CEDICT" in PAIRS["source"]
    assert "CC BY-SA 4.0" in PAIRS["licence"]


@pytest.mark.slow
def test_the_table_is_what_the_dictionary_says() -> None:
    """Made anew, nearly every sign becomes the same; all do with the data it was made from."""
    made = count_votes(read_entries(find_data().read_bytes()))
    shipped = dict(zip(PAIRS["traditional"], PAIRS["simplified"], strict=True))
    assert len(made.items() & shipped.items()) > 0.99 * len(shipped)


def _entry(traditional: str, simplified: str) -> Entry:
    return Entry(traditional, simplified, False, "")


def test_the_most_words_decide() -> None:
    """A sign becomes what most words make of it, and stays where as many leave it."""
    entries = [_entry("乾", "干"), _entry("乾杯", "干杯"), _entry("乾坤", "乾坤")]
    assert count_votes(entries) == {"乾": "干"}
    assert count_votes([*entries, _entry("乾隆", "乾隆")]) == {}


def test_a_sign_of_the_simplified_script_stays() -> None:
    """A rare word does not change a sign that others become."""
    entries = [_entry("什麼", "什么"), _entry("這麼", "这么"), _entry("么", "幺")]
    assert count_votes(entries) == {"麼": "么", "這": "这"}


def test_what_changes_twice_changes_to_the_end() -> None:
    """A sign that becomes a traditional one becomes what that does; a circle ends."""
    assert count_votes([_entry("乹", "乾"), _entry("乾", "干")]) == {"乹": "干", "乾": "干"}
    assert count_votes([_entry("甲", "乙"), _entry("乙", "甲")]).keys() == {"甲", "乙"}


def test_writes_what_is_read(tmp_path: Path) -> None:
    """The file pairs the signs in order and tells where they are from."""
    write({"貓": "猫", "這": "这"}, tmp_path / "new" / "made.json")
    made = json.loads((tmp_path / "new" / "made.json").read_bytes())
    assert (made["traditional"], made["simplified"]) == ("貓這", "猫这")
    assert made.keys() == PAIRS.keys()


@pytest.mark.slow
def test_importing_reads_no_file() -> None:
    """The table is read when a text needs it."""
    code = (
        "from corpus.language.script import _load_table, simplify\n"
        "simplify('plain'); before = _load_table.cache_info().currsize\n"
        "simplify('貓'); print(before, _load_table.cache_info().currsize)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "1"]
