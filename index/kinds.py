"""What kind of answer a question asks for, and which sentences hold one of that kind.

Tables of question words and of signs of an answer, in English, Chinese, German, Spanish, French
and a few words of others. They only weigh sentences against each other, so what is missing here
costs a little quality and nothing else.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_Pattern = re.Pattern[str]


def compile_words(words: str, signs: str = "") -> _Pattern:
    """Return a pattern of whole words, `_` for a blank in one, or of signs anywhere.

    For texts in small letters: told to ignore case, it takes twice as long.
    """
    whole = "|".join(words.split()).replace("_", " ")
    return re.compile("|".join([rf"\b(?:{whole})\b", *signs.split()]))


_WHO = compile_words(
    "who whom whose wer wem wen wessen quién quiénes qui chi quem",
    "谁 哪位 何人 誰 누구 кто",
)
_WHERE = compile_words(
    "where (?:what|which)_(?:city|country|state|place|town|region|continent|province|village)"
    " wo woher wohin welche[mnrs]?_(?:stadt|land|ort|staat|region) dónde adónde"
    " qué_(?:ciudad|país|estado|lugar|región) où quelle?_(?:ville|pays|région) onde dove waar",
    "哪里 哪儿 何处 何地 什么地方 哪个?(?:国家|城市|地方|地区|省|市|县|区|国|州) 什么(?:国家|城市)"
    " 位于 どこ 어디 где",
)
_WHEN = compile_words(
    "when (?:what|which)_(?:year|date|month|day|century|decade) wann"
    " welche[mnrs]?_(?:jahr|jahre|jahrhundert|monat|tag|datum) cuándo"
    " qué_(?:año|fecha|mes|día|siglo) quand quelle_(?:année|date) quando wanneer",
    "何时 什么时[候间期] 哪一?[年天日月] 哪个?(?:月|年代|世纪|朝代|时期) 几[月号日] 何年 什么年代"
    " いつ 언제 когда",
)
_HOW_MANY = compile_words(
    "how_(?:many|much|long|often|old|far|large|big|high|tall|deep|wide|fast|heavy)"
    " what_(?:percentage|percent|number|amount|population|age|share|proportion)"
    " wie_(?:viele?|lange|oft|alt|weit|groß|hoch|tief|schnell) wieviele? cuánt[oa]s? combien"
    " quant[oaie]s? hoeveel",
    "多少 第?几[个家次名人位项座支种条级部张岁层届集代间艘首所场天] 多[久长大高远重深宽快]"
    " いくつ 몇 сколько",
)
# What is asked for after "what is" and in Chinese before "how much": else it is only mentioned.
_SUMS = (
    "(?:revenues?|turnover|profits?|earnings|salary|salaries|wages?|budget|prices?|costs?|income"
    "|fees?|gdp|exchange_rate|market_(?:value|cap))"
)
_HOW_MUCH_MONEY = compile_words(
    f"what_(?:is|was|were|are)_(?:[^?]{{1,40}}_)?{_SUMS} what_(?:did|does|do)_[^?]{{1,40}}_cost"
    " how_much_(?:[^?]{1,40}_)?(?:money|costs?|spen[dt]|pa(?:y|id)|earn(?:ed)?|invest(?:ed)?|worth)"
    " was_koste(?:t|n|te|ten) wie_(?:viel_geld|teuer|hoch_(?:ist|war|sind|waren)_(?:der_umsatz"
    "|der_gewinn|der_preis|das_gehalt|die_kosten))"
    " cuánto_(?:dinero|cuesta|cuestan|costó)"
    " cuál_(?:es|fue)_(?:[^?]{1,40}_)?(?:precio|coste|salario)"
    " combien_coûtent? combien_d.argent quel_(?:est|était)_le_(?:chiffre_d.affaires|prix|coût)",
    "多少[钱元]"
    " (?:收入|营收|营业额|利润|股价|价格|造价|投资|成本|费用|工资|预算|市值)[^，。？]{0,8}多少"
    " выручка сколько\\sстоит",
)
_WHY = compile_words(
    "why what_(?:causes?|caused|reason) warum weshalb wieso por_qué pourquoi perché por_que waarom",
    "为什么 为何 为甚么 原因 なぜ 왜 почему",
)

_SIGN = "[一二三四五六七八九十百千万亿两]"
_NUMBER = re.compile(
    rf"\d+(?:[.,]\d+)*|(?<!{_SIGN}){_SIGN}+"
    r"(?=[年月日个家次名人位项座支种万亿余多岁条级部张层届集代间所场天公米吨])"
)
_NUMBER_WORD = compile_words(
    "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty"
    " hundreds? thousands? millions? billions? dozens? half twice zwei drei vier fünf sechs sieben"
    " acht neun zehn hundert tausend millionen dos tres cuatro cinco seis siete ocho nueve diez"
    " cien mil millones deux trois quatre cinq sept huit neuf dix cent mille"
)
_DATE = compile_words(
    r"(?:1\d{3}|20\d\d) \d+(?:st|nd|rd|th)_century \d+\._jahrhundert siglo_[ivx]+"
    " january february march april june july august september october november december januar"
    " februar märz juni juli oktober dezember enero febrero marzo abril mayo junio julio agosto"
    " septiembre octubre noviembre diciembre",
    r"\d{1,4}\s?年 \d世纪 [一二三四五六七八九十]世纪 月\d+日",
)
_MONEY = re.compile(
    r"[$€£¥₹]|\b(?:us|hk)d\b|\b(?:rmb|cny|eur|gbp|jpy|usd|dollars?|euros?|pounds?|yuan|francs?|rupees?|yen"
    r"|cents?|pesos?|dólar(?:es)?|libras?|pfund|livres?)\b|[\d万亿千百余多][美欧港日英]?[元镑]|人民币"
)
# A title: the numbers in "A Hundred Companies in a Thousand Villages" count nothing.
_TITLE = re.compile(
    r"[\"“«](?:[A-Z0-9][\w'’.,()-]*|an?|the)"
    r"(?:\s(?:[A-Z0-9][\w'’.,()-]*|an?|the|in|of|and|for|to|on|at|with|by))+[\"”»]|《[^《》]{1,80}》"
)
_NAME = re.compile(r"(?<=[\w,;:–-] )[A-ZÄÖÜÁÉÍÓÚÑ][\w'’.-]+")
_REASON = compile_words(
    "because since due_to therefore reason caused? as_a_result weil da denn wegen aufgrund daher"
    " porque debido ya_que a_causa car parce perché poiché omdat",
    "因 由于 所以 为了 故",
)
_LEANS = re.compile(
    r"(?:it|its|he|she|they|his|her|their|this|these|that|those|such|er|sie|es|sein\w*|ihr\w*"
    r"|dies\w*|el|ella|este|esta|estos|estas|su|sus|il|elle|ils|ce|cette)\b|[该其他她它此这本]",
    re.IGNORECASE,
)
# Words that a sentence cannot begin with and be understood alone. "During this" does not begin so,
# and "this year" needs nothing before it.
_POINTS_BACK = re.compile(
    r"(?:it|its|he|she|they|his|her|their|these|those|this|that|such|both|er|sie|ihr\w*|sein\w*"
    r"|dies(?:e[rsmn]?)?|él|ella|ellos|ellas|ésta?|éstos|éstas|su|sus|il|elle|ils|elles|ce|ces)\b"
    r"(?! (?:year|month|week|time|is why)\b)"
    r"|[他她它][们的]?|该|此[后外次]?|这[些个种一]?|其(?![他中余])",
    re.IGNORECASE,
)
_MOST_NAMES = 3

# The signs that `find_signs` reports, in its order.
SIGNS = (
    "number asked", "number word asked", "date asked", "number at a time asked",
    "name asked of who", "name asked of where", "reason asked", "names", "number", "leans",
)  # fmt: skip


def points_back(sentence: str) -> bool:
    """Tell whether a sentence begins with a word for what was told before it."""
    return bool(_POINTS_BACK.match(sentence.lstrip()))


@dataclass(frozen=True, slots=True)
class Signs:
    """What a sentence has of an answer's signs, whatever is asked; `names` are in small letters."""

    numbers: tuple[str, ...]
    names: tuple[str, ...]
    number_word: bool
    money: bool
    date: bool
    reason: bool
    leans: bool


def read_signs(sentence: str) -> Signs:
    """Return the signs that a sentence has."""
    small, counting = sentence.lower(), _TITLE.sub(" ", sentence)
    return Signs(
        tuple(_NUMBER.findall(counting)),
        tuple(name.casefold() for name in _NAME.findall(sentence)),
        bool(_NUMBER_WORD.search(counting.lower())),
        bool(_MONEY.search(small)),
        bool(_DATE.search(small)),
        bool(_REASON.search(small)),
        bool(_LEANS.match(sentence)),
    )


class Kind:
    """The kind of answer that one question asks for."""

    def __init__(self, question: str) -> None:
        """Read the question's own words; a name or a number in it is no news in a sentence."""
        small = question.lower()
        self._who, self._where, self._when, self._how_many, self._why = (
            bool(pattern.search(small)) for pattern in (_WHO, _WHERE, _WHEN, _HOW_MANY, _WHY)
        )
        self._money = bool(_HOW_MUCH_MONEY.search(small))
        self._numbers = set(_NUMBER.findall(question))
        self._words = question.casefold()

    def find_signs(self, signs: Signs) -> tuple[float, ...]:
        """Return how much each of SIGNS shows in a sentence, 0 or 1, names up to 3."""
        number = not self._numbers.issuperset(signs.numbers)
        news = [name for name in signs.names if name not in self._words]
        names = min(len(news), _MOST_NAMES)
        return (
            self._how_many and number,
            self._how_many and signs.number_word,
            self._when and signs.date,
            self._when and number,
            names if self._who else 0,
            names if self._where else 0,
            self._why and signs.reason,
            names,
            number,
            signs.leans,
        )

    def asks_to_be_told(self) -> bool:
        """Tell whether a number or a date is asked for."""
        return self._how_many or self._when

    def is_told(self, signs: Signs) -> bool:
        """Tell whether a sentence holds the number or the date that is asked for, if one is."""
        number, word, date, number_at, *_ = self.find_signs(signs)
        if self._how_many:
            return bool(number or word)
        return bool(date or number_at) if self._when else True

    def lacks_money(self, signs: Signs) -> bool:
        """Tell whether a sum of money may be asked for and a sentence names no currency."""
        return self._money and not signs.money

    def lacks_count(self, signs: Signs) -> bool:
        """Tell whether a number is asked for and a sentence holds none, in digits or in words."""
        number, word, *_ = self.find_signs(signs)
        return bool(self._how_many) and not number and not word


@functools.lru_cache(maxsize=256)  # asked three times of every question
def find_kind(question: str) -> Kind:
    """Return the kind of answer that a question asks for."""
    return Kind(question)
