"""Every word of the interface, in English and Chinese, and the choice between the two.

Answers are not interface: their framing words come from the engine, their quotations from the
documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
TAGS: dict[str, str] = {"en": "en", "zh": "zh-CN"}  # for `<html lang>`
COOKIE = "casebook_language"


@dataclass(frozen=True, slots=True)
class Example:
    """A question offered to a first reader; only where the collection has `company`, if named."""

    company: str
    question: str


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "en": (
        Example("CAMCE", "How many people benefit from the Padma Water Plant?"),
        Example("WeRide", "What did WeRide carry into the lockdown area in Guangzhou?"),
        Example("POWERCHINA", "Where did POWERCHINA donate solar lights?"),
        Example("", "Which companies are covered?"),
    ),
    "zh": (
        Example("CAMCE", "帕德玛水厂项目惠及多少人？"),
        Example("WeRide", "文远知行在广州疫情封控区运送了什么？"),
        Example("POWERCHINA", "中国电建在哪里捐赠了太阳能灯？"),
        Example("", "收录了哪些公司？"),
    ),
}

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Casebook",
        "tagline": "Green-development cases of CCCME members, in their own words",
        "description": (
            "Ask about the green-development cases of CCCME members. Every answer is quoted word "
            "for word, with a link to its place."
        ),
        "skip": "Skip to the question",
        "language": "Language",
        "no_script": "Casebook needs JavaScript for its chat. The cases can be read without it.",
        # the first view
        "welcome": "What would you like to know?",
        "welcome_more": (
            "Ask in English or Chinese. Every answer is quoted word for word from the collection "
            "and shows where it stands. What the collection does not say, Casebook does not say."
        ),
        "examples": "For example",
        # the composer
        "question": "Your question",
        "placeholder": "Ask about the cases…",
        "ask": "Ask",
        "stop": "Stop",
        "fresh": "New conversation",
        "company": "Company",
        "all_companies": "All companies",
        "too_long": "{count} of 2000 characters: please shorten the question.",
        "hint": "Enter asks, Shift + Enter starts a new line",
        # the conversation
        "conversation": "Conversation",
        "you_asked": "You asked",
        "only": "Only {company}",
        "searching": "Searching the collection…",
        "warming": "Loading the language model; the first answer takes a little longer…",
        "writing": "A language model is summarising these quotations…",
        "stopped": "Stopped.",
        "answered": "Answer, {count} quoted",
        "answered_none": "Answer",
        "copy": "Copy",
        "copied": "Copied",
        "copy_failed": "Copying was refused",
        "retry": "Ask again",
        "source_of": "Source {number}",
        "sources": "Sources",
        "nearest": "Nearest cases",
        "suggestions": "You could ask",
        "absent": "Not in the collection",
        "near": "Not said outright",
        "caption": "Photo caption",
        "heading": "Case heading",
        "open_case": "Read in the case",
        "new_tab": "opens in a new tab",
        "to_quote": "Back to the quotation",
        # the page of a case
        "back": "Ask about the cases",
        "case": "Case",
        "introduction": "Introduction",
        "published": "Published",
        "page": "Page",
        "source": "Source",
        "original": "Original",
        "file": "File",
        "photo": "Photo",
        "marked": "The quoted words are marked.",
        "not_marked": "The words of this link are not in this case.",
        "case_missing": "There is no such case",
        "case_missing_more": "It may have been renamed or removed. Ask for it instead.",
        "page_failed": "This case cannot be shown now",
        "page_failed_more": "Please try again in a moment.",
        "request": "Request",
        "members_only": "Casebook is for members",
        "members_only_more": "Please open it from the member portal.",
        "members_again": "This way in has expired. Please open it from the member portal again.",
    },
    "zh": {
        "title": "Casebook 案例集",
        "tagline": "机电商会会员企业绿色发展案例，原文作答",
        "description": "询问机电商会会员企业的绿色发展案例。每个回答都逐字引用原文，并附出处链接。",
        "skip": "跳到提问框",
        "language": "语言",
        "no_script": "聊天功能需要启用 JavaScript。案例页面无需 JavaScript 即可阅读。",
        "welcome": "您想了解什么？",
        "welcome_more": (
            "可用中文或英文提问。每个回答都逐字引用案例集原文，并标明出处。"
            "案例集没有说到的，这里不会编造。"
        ),
        "examples": "例如",
        "question": "您的问题",
        "placeholder": "输入与案例有关的问题…",
        "ask": "提问",
        "stop": "停止",
        "fresh": "新对话",
        "company": "企业",
        "all_companies": "全部企业",
        "too_long": "已输入 {count} 字，上限 2000 字，请缩短问题。",
        "hint": "按 Enter 提问，按 Shift + Enter 换行",
        "conversation": "对话",
        "you_asked": "您的提问",
        "only": "仅限 {company}",
        "searching": "正在检索案例集…",
        "warming": "正在加载语言模型，首个回答需要多等片刻…",
        "writing": "语言模型正在概述以下引文…",
        "stopped": "已停止。",
        "answered": "回答，附 {count} 处出处",
        "answered_none": "回答",
        "copy": "复制",
        "copied": "已复制",
        "copy_failed": "无法复制",
        "retry": "重新提问",
        "source_of": "出处 {number}",
        "sources": "出处",
        "nearest": "相近的案例",
        "suggestions": "您可以这样问",
        "absent": "案例集中没有",
        "near": "没有直接说明",
        "caption": "图片说明",
        "heading": "案例标题",
        "open_case": "在案例中阅读",
        "new_tab": "在新标签页打开",
        "to_quote": "返回引文",
        "back": "询问案例集",
        "case": "案例",
        "introduction": "引言",
        "published": "发布日期",
        "page": "页码",
        "source": "来源",
        "original": "原文",
        "file": "文件",
        "photo": "图片",
        "marked": "引用的文字已标出。",
        "not_marked": "链接所指的文字不在本案例中。",
        "case_missing": "没有这个案例",
        "case_missing_more": "案例可能已更名或移除，您可以直接提问查找。",
        "page_failed": "暂时无法显示这个案例",
        "page_failed_more": "请稍后再试。",
        "request": "请求编号",
        "members_only": "案例集仅供会员使用",
        "members_only_more": "请从会员门户打开。",
        "members_again": "此入口已失效，请从会员门户重新打开。",
    },
}

# One sentence for every error a reader of the chat can meet, by its code.
ERRORS: dict[str, dict[str, str]] = {
    "en": {
        "bad_question": "That question has no words to search for. Please type it in any language.",
        "too_long": "That question is longer than 2000 characters. Please shorten it.",
        "bad_filter": "That company is no longer in the collection. Please choose another.",
        "no_release": "The collection has not been published yet. Please come back a little later.",
        "release": "The collection cannot be opened now. Please come back a little later.",
        "model": "The language model cannot be loaded now. Please come back a little later.",
        "members": "Only members may ask. Please open Casebook from the member portal again.",
        "limited": "That is more than may be asked at once. Please wait a minute and ask again.",
        "busy": "Many people are asking just now. Please ask again in a few seconds.",
        "lost": "The connection to Casebook was lost. Please check it and ask again.",
        "slow": "The answer is taking too long. Please ask again.",
        "internal": "Something went wrong inside Casebook. Please ask again.",
    },
    "zh": {
        "bad_question": "这个问题里没有可以检索的文字，请用任意语言重新输入。",
        "too_long": "问题超过 2000 字，请缩短后再提问。",
        "bad_filter": "案例集中已没有这家企业，请另选一家。",
        "no_release": "案例集尚未发布，请稍后再来。",
        "release": "暂时无法打开案例集，请稍后再来。",
        "model": "暂时无法加载语言模型，请稍后再来。",
        "members": "仅限会员提问，请从会员门户重新打开。",
        "limited": "提问过于频繁，请稍等一分钟再提问。",
        "busy": "当前提问的人较多，请过几秒重新提问。",
        "lost": "与 Casebook 的连接中断，请检查网络后重新提问。",
        "slow": "等待回答的时间过长，请重新提问。",
        "internal": "Casebook 内部出错，请重新提问。",
    },
}
# What the widget says beside the words and the errors above, and what it says instead of them.
REASONS: dict[str, dict[str, str]] = {
    "en": {
        "offline": "Casebook cannot be reached now. Please check the connection and ask again.",
        "token_missing": "Only members may ask. Please sign in to this site, then ask again.",
        "token_expired": "Your sign-in has run out. Please reload this page, or sign in again.",
        "token_refused": "Casebook does not accept this site's sign-in. Please tell its webmaster.",
    },
    "zh": {
        "offline": "暂时无法连接案例集，请检查网络后重新提问。",
        "token_missing": "仅限会员提问，请先登录本站再提问。",
        "token_expired": "登录已过期，请刷新页面或重新登录。",
        "token_refused": "案例集不接受本站的登录凭证，请告知网站管理员。",
    },
}
WIDGET: dict[str, dict[str, str]] = {
    "en": {
        "reason": "Reason: {code}",
        "wait": "Ask again in {count} s",
        "promise": "Answers are quoted word for word from the cases, each with its source.",
        "close": "Close",
        "still": "Still searching. This takes longer than usual.",
        "helps": "Does this help?",
        "fits": "Does this quotation fit?",
        "yes": "Yes",
        "no": "No",
        "comment": "Anything to add? (optional)",
        "send": "Send",
        "thanks": "Thank you.",
        "vote_lost": "That did not arrive. Please try again.",
        "on_page": "Page {number}",
    },
    "zh": {
        "reason": "原因：{code}",
        "wait": "{count} 秒后可重新提问",
        "promise": "每个回答都逐字引用案例原文，并标明出处。",
        "close": "关闭",
        "still": "仍在检索，比平时久一些。",
        "helps": "这对您有帮助吗？",
        "fits": "这段引文切题吗？",
        "yes": "是",
        "no": "否",
        "comment": "还想补充什么？（选填）",
        "send": "发送",
        "thanks": "感谢您的反馈。",
        "vote_lost": "未能送达，请重试。",
        "on_page": "第 {number} 页",
    },
}
SAME_SENTENCE = {
    "corrupt_release": "release",
    "outdated_release": "release",
    "model_mismatch": "release",
    "library": "release",
    "build_locked": "release",
    "bad_request": "internal",
    "token_missing": "members",
    "token_expired": "members",
    "token_refused": "members",
}


def explain(code: str, language: str) -> str:
    """Return the sentence for an error's code; an unknown code is an inner fault."""
    sentences = ERRORS[language]
    return sentences.get(SAME_SENTENCE.get(code, code), sentences["internal"])


def choose_language(asked: str | None, cookie: str | None, accepted: str | None) -> Language:
    """Return the interface language: asked for, chosen before, or what the browser accepts.

    `accepted` is an Accept-Language header; of equal weights the first counts.
    """
    for choice in (asked, cookie):
        if choice:
            primary = choice.strip().lower().split("-")[0]
            if primary == "en" or primary == "zh":
                return "en" if primary == "en" else "zh"
    best: Language = "en"
    weight = 0.0
    for entry in (accepted or "")[:500].split(","):
        tag, _, parameters = entry.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        quality = _read_quality(parameters)
        if quality <= weight:
            continue
        if primary == "en" or primary == "zh":
            best, weight = ("en" if primary == "en" else "zh"), quality
    return best


def _read_quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
