"""Sentences tile their text, whatever it holds, and end where a reader would end them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.language.detection import detect, list_primary, name_languages
from corpus.language.sentences import LONGEST, LONGEST_SIGNS, sentence_spans

PIECES = st.lists(
    st.sampled_from(
        [
            *("Co., Ltd. ", "No.2 ", "U.S. ", "e.g. ", "Dr. ", "J. K. ", "1.59 ", "C?te d'Ivoire "),
            *("WeRide ", "the ", "end. ", "End! ", '"Really?" ', "(so.) ", "...", ". . . ", "[12]"),
            *("https://a.b/c?d=e ", "¿Qué? ", "am 3. Oktober ", "文远知行", "是公司。", "真的吗？"),
            *("“好！”", "第一；", "……", "《你好！世界》", "，", "、", "\n", "\r\n", "\r", "\n\n"),
            *(
                "\n- item ",
                "\n1. item ",
                "\n（1）",
                "e\u0301",
                "👩\u200d💻",
                "👍🏽",
                "\u00a0",
                "\u3000",
            ),
            *("x" * 700, "长" * 700, "a, " * 400),
        ]
    ),
    max_size=25,
).map("".join)
TEXTS = st.one_of(st.text(max_size=300), PIECES)


def split(text: str) -> list[str]:
    """Return the sentences of a text without outer white space."""
    return [text[start:end].strip() for start, end in sentence_spans(text)]


@given(TEXTS)
def test_sentences_tile_the_text(text: str) -> None:
    """The first span starts at 0, each next where the one before ends, the last ends the text."""
    spans = sentence_spans(text)
    assert [0, *(end for _, end in spans)] == [*(start for start, _ in spans), len(text)]
    assert all(start < end for start, end in spans)


@given(TEXTS)
def test_no_sentence_is_longer_than_the_cap(text: str) -> None:
    """Outer white space aside, no sentence passes 1000 characters, or 500 of Chinese."""
    for sentence in split(text):
        assert len(sentence) <= LONGEST
        signs = sum(character >= "\u2e80" for character in sentence)
        assert signs <= LONGEST_SIGNS


@given(PIECES)
def test_no_sentence_begins_inside_a_sign(text: str) -> None:
    """Combining marks, joined emoji and CR LF stay in one sentence."""
    for start, _ in sentence_spans(text)[1:]:
        assert text[start] not in "\u0301\u200d🏽"
        assert text[start - 1] != "\u200d"
        assert text[start - 1 : start + 1] != "\r\n"


@given(st.lists(st.sampled_from(["One is here.", "Is it two?", "Three!", "第四句。"]), min_size=1))
def test_plain_sentences_are_found_again(sentences: list[str]) -> None:
    """Sentences put together with blanks come apart into the same ones."""
    assert split(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentence",
    [
        'China CAMCE Engineering Co., Ltd. (hereinafter "CAMCE") built it.',
        "It was shown at Guangzhou No.2 Middle School, and No. 2 won.",
        "The U.S. Congress and U.S. Secretary J. K. Rowling met Dr. Smith of St. Louis.",
        "Donations of USD 1.59 million went to e.g. Panama and Nigeria, i.e. abroad.",
        "In C?te d'Ivoire, the Université Félix Houphou?t-Boigny (UFHB) trains youth.",
        "Mr. and Mrs. W. E. B. Du Bois read vol. XII, pp. 3 and Fig. 4 on Jan. 5, 2020.",
        "J. A. Hobson identifies it.",
        'He asked "why?" and "really!" and left ... for good.',
        "See https://example.org/a?b=c.d and www.example.org/x!y now.",
        "Prose that is hard\nwrapped at a few\r\ncolumns, 3.5 of\n3.5 million, is one.",
        "Am 3. Oktober 1990 und im 19. Jahrhundert, z. B. in Berlin, galt Nr. 5.",
        "El presidente de EE. UU. Barack Obama llegó.",
        "《你好！世界》是一本书，他（真的！）看过。",
        "文远知行Co.,Ltd.在No.2楼，收入1.59亿元。",
        "他称「金钱鼠尾；峨冠博带」，又列出（甲；乙；丙）三项。",
        "“什么？”，他问。",
        "他想了很久……然后走了。",
        "Under 11 U.S.C. § 1302 the trustee serves.",
        "See No. 5 and nos. 7 of the list.",
        "1. 名单如下。",
        "1.\n名单如下。",
        "附件 1. 名单如下。",
        "A. The plant was opened.",
    ],
)
def test_one_sentence_stays_whole(sentence: str) -> None:
    """What looks like an end and is none does not end the sentence."""
    assert split(sentence) == [sentence]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He lives in the U.S. The firm is there.", ["He lives in the U.S.", "The firm is there."]),
        ("It is WeRide Inc. However, it grew.", ["It is WeRide Inc.", "However, it grew."]),
        ("He said no. Then he left.", ["He said no.", "Then he left."]),
        ('She said "go." (He went.) They ate.', ['She said "go."', "(He went.)", "They ate."]),
        ("It took 7. He won.[3] So [1] it is.", ["It took 7.", "He won.[3]", "So [1] it is."]),
        ("¿Qué pasa? ¡Nada! Bien.", ["¿Qué pasa?", "¡Nada!", "Bien."]),
        ("1. First one. 2. Second one.", ["1. First one.", "2. Second one."]),
        ("他说：“你好。”然后走了。", ["他说：“你好。”", "然后走了。"]),
        ("真的？！是的……\n\n完", ["真的？！", "是的……", "完"]),
        ('他说:"好。"然后走。"再见。"', ['他说:"好。"', "然后走。", '"再见。"']),
        ("第一；第二。（见图。）第三", ["第一；第二。", "（见图。）", "第三"]),
        ("甲厂建成；乙厂未建；丙厂停建。", ["甲厂建成；", "乙厂未建；", "丙厂停建。"]),
        ("厂" * 60 + "；" + "站" * 25 + "。", ["厂" * 60 + "；", "站" * 25 + "。"]),
        ("其中：建厂；\n修路。", ["其中：建厂；", "修路。"]),
        ("真的吗?是的!文远知行是公司.完", ["真的吗?", "是的!", "文远知行是公司.", "完"]),
        ("Items:\n- one\n- two\n\nNext\r\n\r\nLast", ["Items:", "- one", "- two", "Next", "Last"]),
        ("做法：\n一、甲\n二、乙\n（3）丙\n④丁", ["做法：", "一、甲", "二、乙", "（3）丙", "④丁"]),
        ("One.\r\rTwo", ["One.", "Two"]),
        ("See No. 5. Then go.", ["See No. 5.", "Then go."]),
        ("It cost 30 million.¹ It runs.¹² Yes", ["It cost 30 million.¹", "It runs.¹²", "Yes"]),
        ("水厂建成。¹工程结束。", ["水厂建成。¹", "工程结束。"]),
        ("학교를 지었다. 다음 해에 끝났다.", ["학교를 지었다.", "다음 해에 끝났다."]),
    ],
)  # fmt: skip
def test_sentences_end_where_they_should(text: str, sentences: list[str]) -> None:
    """Each of these texts comes apart into exactly these sentences."""
    assert split(text) == sentences


def test_a_long_sentence_is_cut_at_a_comma() -> None:
    """A sentence of 2,600 letters is cut behind commas, into as few parts as the cap allows."""
    text = "word word word word word, " * 100
    parts = [text[start:end] for start, end in sentence_spans(text)]
    assert len(parts) == 3
    assert all(part.endswith("word, ") for part in parts)


def test_a_long_run_without_comma_or_blank_is_cut_hard() -> None:
    """Signs without any mark come apart at the cap."""
    assert [len(part) for part in split("长" * 1300)] == [500, 500, 300]


@pytest.mark.parametrize(
    "unit", ['。"', ". ", "《a？", "（a；", ".)", "\n ", "1. ", ".[a", "e\u0301"]
)
def test_hostile_runs_are_tiled(unit: str) -> None:
    """Two hundred thousand characters made to send a pattern back and forth are tiled as well."""
    text = unit * (200_000 // len(unit))
    assert sentence_spans(text)[-1][1] == len(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the main goal of the Padma Water Plant project?", "en"),
        ("WeRide 的自动驾驶小巴在广州运送了多少物资？", "zh"),
        ("帕德玛水厂项目惠及约三百万人。", "zh"),
        ("これは日本語の文章です。環境を守る。", "ja"),
        ("기업의 사회적 책임을 다한다.", "ko"),
        ("Компания построила завод.", "ru"),
        ("قامت الشركة ببناء المصنع", "ar"),
        ("¿Cuántas personas se benefician del proyecto?", "es"),
        ("Wie viele Menschen haben von dem Projekt einen Nutzen?", "de"),
        ("Combien de personnes ont accès à l'eau dans la ville ?", "fr"),
        ("POWERCHINA CAMCE WeRide", "und"),
        ("1,000 - 2.5 %", "und"),
        ("", "und"),
    ],
)
def test_the_language_is_named(text: str, language: str) -> None:
    """Script and common words name the language; names and numbers alone name none."""
    assert detect(text) == language


@given(st.text(max_size=200))
def test_any_text_has_a_language_tag(text: str) -> None:
    """Whatever the text, the answer is a tag of two or three letters."""
    assert detect(text).isalpha()
    assert len(detect(text)) in (2, 3)


@pytest.mark.parametrize(
    ("text", "tag", "primary"),
    [
        ("這座電廠於二〇二〇年建成，當地居民從此有了穩定的電力。", "zh-Hant", ["zh"]),
        ("这座电厂于2020年建成，当地居民从此有了稳定的电力。", "zh", ["zh"]),
        ("The plant was built in 2020 by ACME, and 电厂 is its name in the town.", "en", ["en"]),
        (
            "The plant was built in 2020. " * 3 + "\n" + "电厂于2020年建成，居民从此有了电力。" * 2,
            "en+zh",
            ["en", "zh"],
        ),
        ("1,000 - 2.5 %", "und", ["und"]),
    ],
)
def test_a_document_is_named_by_its_languages(text: str, tag: str, primary: list[str]) -> None:
    """Traditional Chinese has its tag, and a text in two languages both."""
    assert name_languages(text) == tag
    assert list_primary(tag) == primary
