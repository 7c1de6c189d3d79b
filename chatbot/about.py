"""Greetings and questions about Casebook itself: which they are, and the words to answer them.

Recognised by a few patterns over the whole question, in English and Chinese, so that a question
about the cases is never taken for one. The sentences here are Casebook's own; what they say of the
collection comes from the release, as quoted case titles or as counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

Topic = Literal["greeting", "thanks", "self", "cases"]

_HELLO = (
    r"(hi|hello|hey|hiya|greetings|good (morning|afternoon|evening|day))( there| casebook)?"
    r"|(你|您|大家)好[啊呀]?|哈[喽啰]|嗨|早上好|下午好|晚上好|在吗"
)
_THANKS = (
    r"(ok(ay)?,? )?(thanks|thank you|thx|cheers)( a lot| very much| so much)?|bye|goodbye"
    r"|(非常|太)?(谢谢|感谢|多谢)[你您了啦]?|再见|拜拜"
)
_SELF = (
    r"(what|how) (can|do|could) (you|casebook|it) (do|help|work|answer)( for me| me| with)?"
    r"|(who|what) (are you|is casebook|is this( (site|page|chatbot|bot|assistant))?)"
    r"|what (can|could|should|may) i ask( you| here)?( about)?"
    r"|how (do|can|should) i use (you|this|casebook|it)"
    r"|help( me)?|how does (this|it|casebook) work"
    r"|what is (in|inside) (the|this) (collection|report|casebook)"
    r"|what do you know|tell me about (yourself|casebook)|can you help( me)?"
    r"|(你|您|这个|casebook)?(能|可以|会)(做|干|帮我做|回答)(什么|些什么|哪些问题|什么问题)(呢)?"
    r"|(你|您)(是|叫)(谁|什么|什么名字)|我(可以|能|该)(问|怎么问)(你|您)?(什么|些什么|哪些问题)?"
    r"|怎么(用|使用)(你|这个|casebook)?|帮助|(这|casebook)是(什么|做什么的|干什么的)"
)
_LONGEST = 120  # characters; nothing longer is small talk, and the patterns stay cheap
_REST = rf"[\w ]{{0,{_LONGEST}}}"  # of a question
_MANY = "companies|firms|enterprises|members|cases|case studies"
_HOLD = "have|cover|contain|include|hold|know"
_HOLD_ZH = "有|收录了?|包含了?|包括了?|涵盖了?|涉及了?|覆盖了?|介绍了?"
_WHERE_ZH = "报告里|报告中|案例集里|案例集中|这里|一共|总共|目前|都"
_CASES = (
    rf"(which|what|list)( all)?( the)?( other)? ({_MANY}|company|firm|enterprise|case)( are| is)?"
    rf"( covered| included| there| in(cluded in)? (the|this|your){_REST}| do you ({_HOLD})"
    rf"| does (it|the (collection|report)) ({_HOLD})){{0,2}}"
    rf"|(which|what) ({_MANY}) (does|do) (the|this|your|you|casebook){_REST} ({_HOLD})( about)?"
    rf"|how many ({_MANY})( are( there| covered| included)?| do you ({_HOLD})"
    rf"| does (it|the {_REST}) ({_HOLD})){{0,2}}( in (the|this|your) {_REST})?"
    rf"|(list|show)( me)?( all)?( the| your)? ({_MANY})"
    rf"|({_WHERE_ZH}|{_HOLD_ZH}){{0,4}}(哪些|哪几家|哪几个|多少家?|多少个|几家|几个|什么)"
    rf"(公司|企业|案例|会员|会员企业)(的?案例)?(被?({_HOLD_ZH}))?(在内)?"
    r"|(列出|显示)(所有|全部)?(的)?(公司|企业|案例)"
)
_TOPICS: tuple[tuple[Topic, str], ...] = (
    ("greeting", _HELLO),
    ("thanks", _THANKS),
    ("self", _SELF),
    ("cases", _CASES),
)
_OPENING = "and |so |ok(?:ay)?,? |please |请问|请|那么?"
_PATTERNS = tuple(
    (topic, re.compile(rf"(?:{_OPENING})?(?:{words})(?: please)?[\s.!?,。！？，~～]*", re.I))
    for topic, words in _TOPICS
)
_TELLS = re.compile(
    r"\b(introduce|describe|explain|show|doing|done|case|cases|company)\b"
    r"|做|介绍|一下|告诉我|讲讲|说说|情况|案例|公司|有关|关于|请",
    re.IGNORECASE,
)
# What stands between the names of a list.
_AND = r"\b(?:and|or|vs\.?|versus|with|und|et|y)\b"
_AND_ZH = "和|与|跟|以?及|同|还是"
_JOINING = re.compile(f"{_AND}|{_AND_ZH}", re.IGNORECASE)

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "greeting": "Hello. Ask me about the green-development cases of CCCME members.",
        "thanks": "You are welcome. Ask another question whenever you like.",
        "self": (
            "I answer questions about the CCCME collection of green-development cases, in English "
            "or Chinese. Every answer is made of sentences quoted word for word from the "
            "collection, each with a link to its place. Where it does not say, I say so."
        ),
        "cases": "The collection holds {cases} cases from {companies} companies:",
        "cases_plain": "The collection holds {cases} cases:",
        "holds": "It holds these cases:",
        "absent": "The collection does not answer this.",
        "near": "The collection does not say this outright. The nearest passages:",
        "near_nowhere": (
            "The collection does not say this outright. {nowhere} The nearest passages:"
        ),
        "no_more": "The collection has no more on this.",
        "nowhere": "None of its texts names {names}.",
        "not_of": "No answer was found on {names}.",
        "nearest": "The cases nearest to the question are listed below.",
        "nearest_of": "The nearest cases, of {companies}, are listed below.",
        "and": ", ",
        "introduction": "Introduction",
        "suggest_all": "Which companies are covered?",
        "suggest_one": "What did {company} do?",
    },
    "zh": {
        "greeting": "您好！欢迎询问机电商会会员企业绿色发展案例的相关问题。",
        "thanks": "不客气，欢迎继续提问。",
        "self": (
            "我用中文或英文回答关于机电商会会员企业绿色发展案例集的问题。"
            "每个回答都由案例集原文的句子组成，逐字引用并附出处链接；案例集没有说到的，我会直接说明。"
        ),
        "cases": "案例集收录了 {companies} 家企业的 {cases} 个案例：",
        "cases_plain": "案例集收录了 {cases} 个案例：",
        "holds": "收录的案例如下：",
        "absent": "案例集中没有找到这个问题的答案。",
        "near": "案例集没有直接说明这一点，以下是最接近的原文：",
        "near_nowhere": "案例集没有直接说明这一点。{nowhere}以下是最接近的原文：",
        "no_more": "案例集中没有更多相关内容。",
        "nowhere": "其中没有提到 {names}。",
        "not_of": "没有找到关于 {names} 的答案。",
        "nearest": "下面列出与问题最接近的案例。",
        "nearest_of": "下面列出与问题最接近的案例（{companies}）。",
        "and": "、",
        "introduction": "引言",
        "suggest_all": "收录了哪些公司？",
        "suggest_one": "{company} 做了什么？",
    },
}


def find_topic(question: str) -> Topic | None:
    """Return what a question asks of Casebook itself, or None where it asks of the collection."""
    words = question.strip()
    if len(words) > _LONGEST:
        return None
    for topic, pattern in _PATTERNS:
        if pattern.fullmatch(words):
            return topic
    return None


def find_companies(content: str, companies: Sequence[str]) -> tuple[str, ...]:
    """Return the companies that a question is about and nothing else, or none.

    `content` is the question without the words that only make it a question.
    """
    left = _TELLS.sub(" ", content).casefold()
    found: dict[int, str] = {}
    for company in sorted(companies, key=len, reverse=True):
        at = left.find(company.casefold())
        if at >= 0:
            found[at] = company
            left = left.replace(company.casefold(), " " * len(company))
    nothing = not any(sign.isalnum() for sign in _JOINING.sub(" ", left))
    return tuple(found[at] for at in sorted(found)) if nothing else ()


def match_list(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for two or more of some names, one after the other as in a list."""
    one = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    between = rf"\s*+(?:[,、&/]|(?:,\s*+)?{_AND}|{_AND_ZH})\s*+"
    return re.compile(rf"(?:{one})(?:{between}(?:{one}))+")


def suggest(companies: Sequence[str], language: str) -> tuple[str, ...]:
    """Return questions that the collection answers, made from the companies in it."""
    words = WORDS[language]
    ones = (words["suggest_one"].format(company=company) for company in companies[:3])
    return (words["suggest_all"], *ones)
