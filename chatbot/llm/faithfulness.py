"""Whether a quotation bears what a sentence says of it, across languages.

A sentence that a model wrote is held against the one quotation it cites: its numbers with units and
bounds, dates and names must stand there, it must deny what the quotation denies and nothing else,
and it must be near in meaning by the collection's own encoder. Each check errs towards striking.

What it cannot tell: two words of one meaning's range exchanged (built, planned), a name written in
Chinese signs that neither the glossary knows nor its signs betray, who did what to whom.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.llm.quantity import Quantity, fold, read_quantities
from corpus.glossary import Glossary
from corpus.language.detection import detect
from index.encoder.encoder import Encoder

LANGUAGES = ("en", "zh", "es")  # of sentences that can be checked
READS = (*LANGUAGES, "de")  # of quotations that they can be checked against
# The cosine from which a sentence is near its quotation, and how much nearer than to it a sentence
# may be to another quotation of the answer; benchmarks/LOG.md has the pairs they were measured on.
NEAR = 0.87
SLACK = 0.01

_LATIN = re.compile(r"[A-Za-zÀ-ÿ]+")
# Words that may open a sentence of a model's own; any other must stand in the quotation.
_OPENERS = frozenset(
    re.findall(
        r"\S+",
        "the a an in on at by for from of to with this that these those it its they their there he"
        " she as after before since during through thanks around about approximately roughly some"
        " over more less nearly almost up both all each every other another and but also moreover"
        " additionally furthermore further together among according overall"
        " el la los las un una unos unas en por para de del con su sus este esta estos estas ese"
        " esa según tras desde durante además también entre cerca más aproximadamente ambos todo"
        " todos cada al se",
    )
)
_DENIES = re.compile(
    r"\b(?:not(?! only)|no(?!\.? ?\d| solo| sólo| less than)|never|none|nobody|nothing|neither|nor"
    r"|without|cannot|\w+n['’]t|fail(?:s|ed|ing)?|lack(?:s|ed|ing)?|unable|unlikely|hardly|barely"
    r"|refus\w+|den(?:y|ies|ied)|reject\w*|cancel\w*"
    r"|nunca|jamás|sin|ningun[oa]?s?|ningún|nada|nadie|tampoco|ni"
    r"|nicht(?! nur)|kein\w*|nie|niemals|ohne|weder)\b"
    r"|不(?!断|仅|但|同|少|错|论|管|久|过|止|锈|间断|可或缺|懈|遗余力|只|低于)|没|未(?!来)"
    r"|无(?!论|人|线|锡|数|偿|障碍|私|缝|微不至|比|疑)|非(?!洲|常|凡|政府|遗)|勿|拒绝|否认|失败|取消",
    re.IGNORECASE,
)
_RISES = re.compile(
    r"\b(?:increas|improv|ris(?:e|es|en|ing)\b|rose\b|grow|grew\b|rais|boost|higher|aument|mejor"
    r"|crec|steig|stieg|erhöh|verbesser|wachs|wuchs)|增|提高|提升|上升|升高|改善|扩大",
    re.IGNORECASE,
)
_FALLS = re.compile(
    r"\b(?:decreas|reduc|f[ae]ll(?:s|en|ing)?\b|declin|drop|lower|cut(?:s|ting)?\b|worsen|lost\b"
    r"|loss|disminu|baj[aóo]|caíd|cay|sink|sank|verringer|senk)|减|降|下跌|恶化|损失|缩小",
    re.IGNORECASE,
)
# Signs that write foreign names in Chinese; three in a row are one.
_SOUNDS = re.compile(
    "[阿埃艾奥巴贝比彼宾波伯勃布查达戴丹德登迪蒂丁顿杜敦俄厄恩尔法凡菲费芬弗福甘冈哥戈格根哈汉赫胡霍基吉加贾"
    "杰卡凯坎康科克肯库夸拉莱兰朗勒雷里利莉卢鲁路伦罗洛马迈曼芒梅蒙米姆莫默穆纳奈南内尼涅努诺欧帕潘庞佩彭皮"
    "珀普齐奇乔琼萨塞桑森沙瑟莎舍圣什史斯舒丝苏索塔泰坦汤唐特提图托瓦万旺韦维温沃乌西希锡辛雅亚延耶叶伊因英尤"
    "约泽扎詹兹佐]{3,}"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A quotation and the names that stand over it: its case's and its company's."""

    quote: str
    names: str


def find_fault(
    sentence: str, cited: int, sources: Sequence[Source], glossary: Glossary, encoder: Encoder
) -> str:
    """Return what `sources[cited]` does not bear of a sentence, or nothing where it bears it all.

    The fault is one of `language`, `number`, `order`, `name`, `denial`, `direction`, `meaning` and
    `citation`, the first of which is found; the cheap checks come first.
    """
    source = sources[cited]
    said, quote = fold(sentence), fold(source.quote)
    languages = detect(said), detect(quote)
    speaks, reads = (tag if tag != "und" else "en" for tag in languages)
    if speaks not in LANGUAGES or reads not in READS:
        return "language"
    numbers, known = read_quantities(said, speaks), read_quantities(quote, reads)
    if not all(any(one.supports(number) for one in known) for number in numbers):
        return "number"
    if not _in_order(numbers, known):
        return "order"
    if _find_strange(_blank(said, numbers), f"{quote} {fold(source.names)}", glossary):
        return "name"
    if bool(_DENIES.search(said)) != bool(_DENIES.search(quote)):
        return "denial"
    if _turns(said, quote):
        return "direction"
    compared = [sentence, *(each.quote for each in sources)]
    rows = encoder.encode_alike([glossary.translate(text) for text in compared])
    nearness = rows[1:] @ rows[0]  # (n,) float32 cosines
    if nearness[cited] < NEAR:
        return "meaning"
    return "citation" if nearness.max() > nearness[cited] + SLACK else ""


def _in_order(numbers: Sequence[Quantity], known: Sequence[Quantity]) -> bool:
    """Tell whether the numbers come in the quotation's order, so that none changed its place.

    Languages order the parts of a date differently, so years and days are looked at by themselves.
    """
    for part in ("count", "year", "calendar"):
        own = [each for each in known if _part_of(each) == part]
        at = 0
        for number in numbers:
            if _part_of(number) != part:
                continue
            while at < len(own) and not own[at].supports(number):
                at += 1
            if at == len(own):
                return False
    return True


def _part_of(number: Quantity) -> str:
    if number.unit.startswith("calendar"):
        return "calendar"
    return "year" if not number.unit and 1000 <= max(number.values) <= 2999 else "count"


def _blank(text: str, numbers: Sequence[Quantity]) -> str:
    for number in numbers:
        text = text[: number.start] + " " * (number.end - number.start) + text[number.end :]
    return text


def _find_strange(sentence: str, source: str, glossary: Glossary) -> str:
    """Return a name of the sentence that is not in the source, or nothing."""
    said, known = glossary.translate(sentence), glossary.translate(source)
    words = {word.casefold() for word in _LATIN.findall(known)}
    for place, match in enumerate(_LATIN.finditer(said)):
        word = match[0].casefold()
        if match[0].islower() or word in words or word.removesuffix("s") in words:
            continue
        opens = place == 0 and not any(c.isalnum() for c in said[: match.start()])
        if not (opens and word in _OPENERS) and word != "s":
            return match[0]
    return next((run for run in _SOUNDS.findall(said) if run not in known), "")


def _turns(sentence: str, quote: str) -> bool:
    """Tell whether the sentence says that something rises where the quotation says it falls."""
    return any(
        there.search(sentence) and not there.search(quote) and back.search(quote)
        for there, back in ((_RISES, _FALLS), (_FALLS, _RISES))
    )
