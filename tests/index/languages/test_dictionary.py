"""index.languages.dictionary: words of the other language, and a compiled form that is whole."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.language.script import simplify
from corpus.language.stems import list_stems
from index.languages.dictionary import Dictionary

ROOT = Path(__file__).parents[3]
PREPARING = "Preparing the dictionary of Chinese and English (once, about 5 seconds)"
LINES = """\
# CC-CEDICT, in small
貓 猫 [mao1] /cat/(dialect) to hide oneself/
熊 熊 [xiong2] /bear/
熊貓 熊猫 [xiong2 mao1] /panda/
大熊貓 大熊猫 [da4 xiong2 mao1] /giant panda (Ailuropoda (a bear) melanoleuca)/
路燈 路灯 [lu4 deng1] /street lamp/
檯燈 台灯 [tai2 deng1] /lamp/
兩步舞 两步舞 [liang3 bu4 wu3] /dance of two short steps/
河南 河南 [He2 nan2] /Henan province in central China, capital Zhengzhou/
東京大學 东京大学 [Dong1 jing1 Da4 xue2] /University of Tokyo, Japan/
受惠 受惠 [shou4 hui4] /benefit/favored/
小 小 [xiao3] /small; tiny, young/
卡拉OK 卡拉OK [ka3 la1 O K] /karaoke/
a line that is no entry
"""


def put(folder: Path, text: str = LINES) -> Path:
    """Write a dictionary's data."""
    path = folder / "small.txt.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models that is not there yet."""
    return tmp_path / "var" / "models"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small dictionary's data."""
    return put(tmp_path)


@pytest.fixture
def compiled(models: Path, data: Path) -> Dictionary:
    """A small dictionary, compiled among the models."""
    return Dictionary.open(models, lambda _: None, data)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    """A small dictionary to ask."""
    folder = tmp_path_factory.mktemp("small")
    return Dictionary.open(folder, lambda _: None, put(folder))


@pytest.fixture(scope="module")
def cedict(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    """The dictionary that pip carries."""
    reports: list[str] = []
    found = Dictionary.open(tmp_path_factory.mktemp("models"), reports.append)
    assert reports == [PREPARING]
    return found


def terms(text: str) -> frozenset[str]:
    """Return the terms of words, as texts are indexed by them."""
    return frozenset(list_stems(text))


def test_a_chinese_question_gets_english_words(cedict: Dictionary) -> None:
    """Each word's group has what the English texts may say, in the order of the question."""
    groups = cedict.translate("水厂 受惠 多少 人", "zh", "en")
    for group, word in zip(groups, ("water", "plant", "benefit", "amount", "people"), strict=True):
        assert terms(word) <= group
    assert terms("works") <= groups[1]


def test_an_english_question_gets_chinese_words(cedict: Dictionary) -> None:
    """Each word's group has itself and the pairs of signs of what may say it."""
    sun, lamps = cedict.translate("solar lamps", "en", "zh")
    assert terms("太阳能") | terms("solar") <= sun
    assert terms("台灯") | terms("路灯") | terms("lamps") <= lamps


def test_places_are_found_by_their_names(cedict: Dictionary) -> None:
    """A province is its name, not every town in it."""
    (henan,) = cedict.translate("Henan", "en", "zh")
    assert terms("河南") <= henan
    assert len(henan) < 30
    assert cedict.translate("河南肯尼亚", "zh", "en") == [
        terms("Henan"),
        terms("Kenya Kenyas"),
    ]


def test_common_words_give_no_group(cedict: Dictionary) -> None:
    """Grammar and the editors' words are left out, and what cases are about is not."""
    assert cedict.translate("to the of a an and or for in on with by from not", "en", "zh") == []
    for word in ("country", "county", "city", "district", "people", "water", "work", "company"):
        assert len(cedict.translate(word, "en", "zh")[0]) > 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("中國電建在肯尼亞捐贈了多少盞路燈？", "中国电建在肯尼亚捐赠了多少盏路灯？"),
        ("ＳＡＮＹ 交付了 ３２０ 台", "SANY 交付了 320 台"),
        ("什麼著名寧波乾杯", "什么着名宁波干杯"),
        ("多少人？多少人！", "多少人"),
    ],
)
def test_writing_makes_no_difference(cedict: Dictionary, one: str, other: str) -> None:
    """Traditional signs, full width and what is said twice give the same groups."""
    groups = cedict.translate(one, "zh", "en")
    assert groups == cedict.translate(other, "zh", "en")
    assert groups


@pytest.mark.parametrize(
    "text", ["", " \n", "。？！…", "😀🎉👩‍👩‍👧", "\ud800", "_", "鿿" * 2000, "𲎯" * 2000]
)
def test_a_text_without_words_gives_no_groups(cedict: Dictionary, text: str) -> None:
    """Nothing, signs of other kinds, and 2,000 signs that no dictionary has."""
    assert cedict.translate(text, "zh", "en") == []


def test_other_languages_give_no_groups(small: Dictionary) -> None:
    """Only the two, and only from one into the other."""
    for pair in (("zh", "zh"), ("en", "en"), ("es", "zh"), ("zh", "de"), ("und", "en"), ("", "")):
        assert small.translate("熊猫 panda", *pair) == []


def test_the_longest_words_are_cut(small: Dictionary) -> None:
    """A long word is not its parts; what is unknown between them is left out."""
    assert small.translate("大熊猫龘熊，猫", "zh", "en") == [
        terms("giant panda giants pandas"),
        terms("bear bears"),
        terms("cat cats"),
    ]


def test_letters_and_digits_are_themselves(small: Dictionary) -> None:
    """A run of them is a group, whatever stands beside it."""
    groups = small.translate("SANY熊猫320KWh", "zh", "en")
    assert groups == [terms("sany"), terms("panda pandas"), terms("320kwh")]


def test_a_word_is_what_a_part_says_alone(small: Dictionary) -> None:
    """Parts of several words count where no part has one, and brackets never do."""
    assert small.translate("猫", "zh", "en") == [terms("cat cats")]
    assert small.translate("小", "zh", "en") == [terms("small tiny young smalls tinys youngs")]
    assert small.translate("两步舞", "zh", "en")[0] >= terms("dance of two short steps")
    assert small.translate("steps", "en", "zh") == [terms("steps")]


def test_words_beside_another_count_while_they_are_few(tmp_path: Path, models: Path) -> None:
    """With many words that mean it alone, those beside another are left out."""
    signs = [chr(0x4E00 + at) for at in range(40)]
    line = "{0} {0} [x] /{1}/\n".format
    for count, beside in ((20, True), (30, False)):
        text = "".join(line(f"猫{sign}", "pump") for sign in signs[:count])
        path = put(tmp_path, text + line("泵站", "pump station"))
        (group,) = Dictionary.open(models, lambda _: None, path).translate("pumps", "en", "zh")
        assert ("泵站" in group) is beside
        assert terms("猫一") <= group


def test_a_name_is_the_words_it_begins_with(small: Dictionary) -> None:
    """Not what it is nor where; short words in it are its own."""
    assert small.translate("河南", "zh", "en") == [terms("Henan Henans")]
    assert small.translate("东京大学", "zh", "en")[0] >= terms("University of Tokyo")
    for word in ("province", "Zhengzhou", "Japan"):
        assert small.translate(word, "en", "zh") == [terms(word)]


def test_an_english_word_without_chinese_is_itself(small: Dictionary) -> None:
    """A name, a number and Chinese signs stay what they are."""
    assert small.translate("Sany 熊猫 2024 benefits", "en", "zh") == [
        terms("sany"), terms("熊猫"), terms("2024"), terms("benefits") | terms("受惠"),
    ]  # fmt: skip


ENGLISH = {
    "大熊猫": "giant panda giants pandas",
    "熊猫": "panda pandas",
    "熊": "bear bears",
    "猫": "cat cats",
    "路灯": "street lamp streets lamps",
    "受惠": "benefit favored benefits favoreds",
    "河南": "Henan Henans",
    "小": "small tiny young smalls tinys youngs",
}


@given(text=st.text("大熊猫貓路灯受惠河南小龘aZ9 ，\n"))
def test_cuts_like_the_plain_rule(small: Dictionary, text: str) -> None:
    """The longest word at each place, as a loop over a list of words finds it."""
    wanted, at = [], 0
    plain = text.replace("貓", "猫")
    while at < len(plain):
        cuts = (plain[at : at + n] for n in (3, 2, 1))
        word = next((cut for cut in cuts if cut in ENGLISH), "")
        if word:
            wanted.append(terms(ENGLISH[word]))
        elif word := "".join(takewhile("aZ9".__contains__, plain[at:])):
            wanted.append(terms(word))
        at += max(len(word), 1)
    assert small.translate(text, "zh", "en") == list(dict.fromkeys(wanted))


@given(text=st.text() | st.text("大熊猫路灯受惠河南lamps benefit 12,"))
def test_any_text_is_translated(small: Dictionary, text: str) -> None:
    """Groups are never empty and never twice; an English word's has the stem it is for."""
    chinese = small.translate(text, "zh", "en")
    assert all(chinese)
    assert len(chinese) == len(set(chinese))
    english = small.translate(text, "en", "zh")
    for group, stem in zip(english, dict.fromkeys(list_stems(simplify(text))), strict=True):
        assert stem in group


def test_compiles_once(models: Path, data: Path) -> None:
    """The first opening writes the folder and says so; later ones read it and say nothing."""
    reports: list[str] = []
    first = Dictionary.open(models, reports.append, data)
    made = _list_states(models)
    second = Dictionary.open(models, reports.append, data)
    assert reports == [PREPARING]
    assert _list_states(models) == made
    assert first.identity == second.identity
    assert first.translate("熊猫", "zh", "en") == second.translate("熊猫", "zh", "en") != []
    held = {path.name for path in models.glob("*")}
    assert held == {".lock", f"dictionary-{first.identity}"}


def _list_states(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_other_data_is_another_dictionary(compiled: Dictionary, models: Path, data: Path) -> None:
    """What was compiled from one is not taken for what another says."""
    other = put(data.parent, LINES.replace("panda", "puma"))
    found = Dictionary.open(models, lambda _: None, other)
    assert found.identity != compiled.identity
    assert found.translate("熊猫", "zh", "en") == [terms("puma pumas")]
    assert compiled.translate("熊猫", "zh", "en") == [terms("panda pandas")]


@pytest.mark.parametrize("name", ["keys", "starts", "entries", "terms"])
@pytest.mark.parametrize("damage", ["cut", "empty", "away", "longer"])
def test_damage_is_mended(
    compiled: Dictionary, models: Path, data: Path, name: str, damage: str
) -> None:
    """A part that is cut, empty, away or too long has the dictionary compiled again."""
    path = models / f"dictionary-{compiled.identity}" / f"{name}.npy"
    content = path.read_bytes()
    path.unlink()
    if damage != "away":
        path.write_bytes({"cut": content[:-9], "empty": b"", "longer": content * 2}[damage])
    _check_mended(models, data)


@pytest.mark.parametrize("about", [b"", b"[]", b"null", b"{", b"\xff", b'{"sizes": {}}'])
def test_a_damaged_description_is_mended(
    compiled: Dictionary, models: Path, data: Path, about: bytes
) -> None:
    """So has a description that is none."""
    (models / f"dictionary-{compiled.identity}" / "dictionary.json").write_bytes(about)
    _check_mended(models, data)


def test_parts_that_do_not_fit_are_mended(compiled: Dictionary, models: Path, data: Path) -> None:
    """So have numbers of terms that there are not, though every size is right."""
    path = models / f"dictionary-{compiled.identity}" / "entries.npy"
    entries = np.load(path)
    np.save(path, entries + np.uint32(1000))
    _check_mended(models, data)


def _check_mended(models: Path, data: Path) -> None:
    reports: list[str] = []
    for _ in range(2):
        found = Dictionary.open(models, reports.append, data)
        assert found.translate("熊猫", "zh", "en") == [terms("panda pandas")]
    assert reports == [PREPARING]
    assert len(list(models.glob("*dictionary-*"))) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "holds no words; install it again"),
        (gzip.compress(b"", mtime=0), "holds no words; install it again"),
        (gzip.compress(b"# nothing but remarks\n", mtime=0), "holds no words; install it again"),
        (gzip.compress(b"AA AA [A A] /alcoholics/\n", mtime=0), "holds no words; install it again"),
        (LINES.encode(), "is damaged; install it again"),
        (gzip.compress(LINES.encode(), mtime=0)[:-20], "is damaged; install it again"),
        (gzip.compress(LINES.encode("gb18030"), mtime=0), "is damaged; install it again"),
        (gzip.compress(LINES.encode("utf-16"), mtime=0), "is damaged; install it again"),
    ],
)
def test_without_data_it_is_empty(
    models: Path, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    """Missing, empty, cut or wrongly encoded data is told in one line, and nothing is found."""
    path = tmp_path / "data.gz"
    if content is not None:
        path.write_bytes(content)
    reports: list[str] = []
    found = Dictionary.open(models, reports.append, path)
    assert found.identity == Dictionary.empty().identity
    assert found.translate("熊猫 panda", "zh", "en") == []
    assert found.translate("熊猫 panda", "en", "zh") == []
    told = [line for line in reports if line != PREPARING]
    assert len(told) == 1
    assert told[0].startswith("No dictionary, so texts in another language are found by meaning")
    assert reason in told[0]
    assert "\n" not in told[0]
    assert not list(models.glob("*dictionary-*"))


def test_without_room_it_is_empty(models: Path, data: Path) -> None:
    """A folder that cannot be written is told in one line, too."""
    models.parent.mkdir()
    models.write_text("a file where the folder should be")
    reports: list[str] = []
    found = Dictionary.open(models, reports.append, data)
    assert found.translate("熊猫", "zh", "en") == []
    assert len(reports) == 2
    assert "cannot be written" in reports[1]


KILLED = """\
import os, sys
from pathlib import Path
Path.rename = lambda *_: os.kill(os.getpid(), 9)
from index.languages.dictionary import Dictionary
Dictionary.open(Path(sys.argv[1]), print, Path(sys.argv[2]))
"""
OPENED = """\
import sys
from pathlib import Path
from index.languages.dictionary import Dictionary
found = Dictionary.open(Path(sys.argv[1]), lambda _: None, Path(sys.argv[2]))
print(found.identity, sorted(map(sorted, found.translate("熊猫小猫", "zh", "en"))))
"""


def _start(code: str, *paths: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, paths)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_killed_process_leaves_nothing(models: Path, data: Path) -> None:
    """What it had written is taken away by the next one, which compiles anew."""
    with _start(KILLED, models, data) as process:
        process.communicate()
    assert process.returncode == -9
    (left,) = models.glob(".dictionary-*")
    assert (left / "dictionary.json").exists()
    _check_mended(models, data)


@pytest.mark.slow
def test_processes_compile_at_once(models: Path, data: Path) -> None:
    """Each of them gets the whole dictionary, and one is left."""
    running = [_start(OPENED, models, data) for _ in range(3)]
    told = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    found = Dictionary.open(models, lambda _: None, data)
    groups = sorted(map(sorted, found.translate("熊猫小猫", "zh", "en")))
    assert told == 3 * [f"{found.identity} {groups}\n"]
    assert len(groups) == 3
    assert len(list(models.glob("*dictionary-*"))) == 1


def test_an_old_reader_keeps_what_it_has_open(
    compiled: Dictionary, models: Path, data: Path
) -> None:
    """One that has the folder mapped reads on when another process mends it."""
    place = models / f"dictionary-{compiled.identity}"
    about = json.loads((place / "dictionary.json").read_bytes())
    (place / "dictionary.json").write_text(json.dumps({**about, "sizes": {}}))
    _check_mended(models, data)
    assert compiled.translate("熊猫", "zh", "en") == [terms("panda pandas")]
