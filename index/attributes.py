"""What a question asks of something, such as its speed or its founder, and whether a text tells it.

A sentence on the right company is near any question about it. One that asks for a speed is
answered by a text that has one, so here are words that ask and words or signs that tell, for what
readers ask of companies and works most. What is missing costs nothing: such a question is judged
by its meaning. The words that ask are in the languages of readers, those that tell in the languages
of texts, English, Chinese, German and Spanish; a text in another is not judged.
"""

from __future__ import annotations

import re

from corpus.stems import fold, list_stems
from index.kinds import compile_words

LANGUAGES = ("en", "zh", "de", "es")  # of texts

_LENGTH = compile_words(
    r"(?:kilo|centi|milli)?met(?:er|re|ro)s? kilomet\w+ miles? feet foot inch(?:es)? yards? millas?"
    " pies meilen? fuss",
    r"\d\s?(?:m|km|cm|mm|ft|mi)\b [米里尺]",
)
_PRESIDENT = r"president\w*(?!_xi\b)"  # whose call companies answer in their cases
# By attribute, what asks for it and what tells it; both in small letters without accents.
_ATTRIBUTES = {
    "speed": (
        compile_words(
            "how_fast speed velocidad velocidade vitesse wie_schnell",
            "geschwindigkeit 时速 多快 速度 скорост",
        ),
        compile_words(
            r"km/h kph mph m/s knots? speed\w* velocidad"
            " (?:per|an|pro|por)_(?:hour|hora|stunde|second|sekunde)",
            "geschwindigkeit 时速 速度 每小时 每秒 /小时",
        ),
    ),
    "extent": (
        compile_words(
            r"how_(?:high|tall|deep|wide|far) how_many_(?:kilomet\w+|km|miles?|met(?:er|re)s?|feet)"
            " wie_(?:tief|breit|weit) wie_viele_(?:kilo)?meter"
            r" que_(?:altura|profundidad|anchura) a_que_distancia cuantos_(?:kilomet\w+|metros)"
            r" combien_de_(?:kilomet\w+|metres)",
            r"多[高深宽远] 多少(?:公里|千米|米) сколько\s(?:километр|метр)",
        ),
        _LENGTH,
    ),
    "staff": (
        compile_words(
            r"how_many_(?:\w+_)?(?:employees|staff|workers|people_(?:work|does))"
            " wie_viele_(?:mitarbeiter|angestellte|beschaftigte|menschen_arbeiten)"
            " cuantos_(?:empleados|trabajadores) quantos_(?:funcionarios|empregados)"
            " combien_(?:d'employes|de_salaries)",
            "(?:多少|几)[名个位]?(?:员工|职工|雇员) 员工(?:人数|总数) сколько\\sсотрудников",
        ),
        compile_words(
            r"employ\w* staff workforce workers? personnel jobs? \w*mitarbeiter\w* angestellte\w*"
            r" beschaftigt\w* emplead\w+ trabajador\w* plantilla",
            "员工 职工 雇员 工人 人员",
        ),
    ),
    "founding": (
        compile_words(
            r"founded founders? was_\w+_established fund(?:o|ou|ad[oa]|adora?) grunder"
            " (?:ge)?grundete? fond(?:e|ee|a|ateur)",
            "创始 创办 创立 成立 основа[лнт] مؤسس",
        ),
        compile_words(
            r"found(?:ed|ers?|ing) establish\w* set_up incorporated started_by gegrundet"
            r" grund\w* fund(?:o|ad\w+|ar) cre(?:o|ada|ado) establec\w+",
            "创[始办立建] 成立 建立 设立 始建 组建",
        ),
    ),
    # A company's is told by no minister, who may well stand beside its works.
    "manager": (
        compile_words(
            r"ceo chief_executive chair(?:man|woman|person)_of geschaftsfuhrer\w*"
            r" vorstandsvorsitz\w*",
            r"董事长 总裁 首席执行官 总经理 老板 генеральн\w{1,5}\sдиректор المدير\sالتنفيذي",
        ),
        compile_words(
            rf"ceo chief {_PRESIDENT} chair(?:man|woman|person)? directors? managers? head_of"
            r" led_by \w*vorsitz\w* direktor\w* leiter\w* geschaftsfuhrer\w* jefe dirig\w+",
            "董事长 总裁 首席 经理 负责人",
        ),
    ),
    "leader": (
        compile_words(
            r"who_(?:leads|runs|heads|manages|chairs)"
            r" who_(?:is|was|are)_the_(?:current_)?(?:president|chair\w*|director|head|leader|boss)"
            r" wer_(?:leitet|fuhrt)"
            r" quien_(?:es|era)_(?:el|la)_(?:president|director|jef)\w* quem_e_[oa]_president\w*"
            " qui_(?:dirige|est_le_president)",
            r"首席 负责人 кто\s(?:руководит|возглавляет)",
        ),
        compile_words(
            rf"ceo chief {_PRESIDENT} chair(?:ed|man|woman|person)? directors?"
            r" head(?:ed)?_(?:of|by) leaders? led_by managers? minister\w* govern\w*"
            r" secretary command\w* king queen emperor princip\w+"
            r" \w*vorsitz\w* prasident\w* direktor\w* leiter\w* geleitet jefe lider\w* dirig\w+"
            " rey reina",
            "董事长 总裁 首席 经理 主席 总统 负责 领导 [校院局部社会]长 主任 主管",
        ),
    ),
    "seat": (
        compile_words(
            r"headquarter\w* head_office hauptsitz firmensitz (?:seinen|ihren)_sitz sede"
            " siege_social",
            "总部 штаб-квартир",
        ),
        compile_words(
            r"headquarter\w* head_office based_(?:in|at) located base \w*sitz sede ubicad\w+"
            " gelegen",
            "总部 位于 设在 本部 设于",
        ),
    ),
    "listing": (
        compile_words(
            "ipo (?:go|goes|went|going)_public stock_(?:code|price|symbol) market_cap\\w*"
            " borsengang cotiza en_bolsa",
            "上市 股票 股价 市值",
        ),
        compile_words(
            "ipo public_offering (?:went|going)_public listed stocks? shares? exchange borse\\w*"
            " bolsa acciones aktien?",
            "上市 股票 股份 股价 股东 交易所",
        ),
    ),
    "contact": (
        compile_words(
            "(?:tele)?phone_number e-?mail website postal_address fax telefonnummer"
            " numero_de_tele(?:fono|phone) correo_electronico",
            "电话号码 的电话 邮箱 网址",
        ),
        compile_words(
            r"(?:tele)?phone tel fax e-?mail www\. telefon\w* correo", r"@ https?: 电话 邮箱 网站"
        ),
    ),
    "weight": (
        compile_words(
            "how_heavy how_much_(?:does|did|do)_.{1,40}_weigh wie_schwer cuanto_pesa combien_pese",
            "多重 重量是?多少",
        ),
        compile_words(
            r"kilogram\w* tons? tonnes? grams? pounds? weigh\w* tonnen? wiegt pesa kilos?"
            r" toneladas? gramos",
            r"\d\s?(?:kg|g|lb|t)\b gewicht [吨克斤重]",
        ),
    ),
}
_ASKS = re.compile("|".join(f"(?P<{name}>{one.pattern})" for name, (one, _) in _ATTRIBUTES.items()))
_COUNTED = re.compile(
    r"\b(?:how many|wie viele|cuant[oa]s) ((?:other |different |new |more )?[^\W\d_]+)"
    r"|多少[个名家位种座台条辆]([^\W\d_]{2})"
)
_ANYTHING = frozenset(list_stems("people persons times years personen menschen personas veces"))


def lacks_attribute(question: str, text: str) -> bool:
    """Tell whether a question asks for something that a text has no word or sign of."""
    asked = _ASKS.search(fold(question))
    return asked is not None and not _ATTRIBUTES[str(asked.lastgroup)][1].search(fold(text))


def lacks_counted(question: str, text: str) -> bool:
    """Tell whether a question asks how many of what a text in the same language never names."""
    asked = _COUNTED.search(fold(question))
    if asked is None:
        return False
    stems = frozenset(list_stems(asked[1] or asked[2]))
    return not stems & _ANYTHING and stems.isdisjoint(list_stems(text))
