"""What Casebook said, as readable files that are kept and compared with what it says now.

It is asked of the shipped report and of a small library of two languages with a table and a case
that is told in both (`golden/library`); the small encoder and the small reader answer, so that
every machine has the same answers. A change that means to change what is said writes the files
anew, by the command that a failure tells, and shows in its diff what became of them.

Left out is what differs from run to run or from machine to machine: times, versions, folders, what
is made at random, and the digits of a figure behind the first. An id is told by its number in the
file, so that it shows where the same one comes again. JSON is indented; a page has a tag a line.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import httpx

from chatbot.web.widget.assets import drop_comments, make_loader

FOLDER = Path(__file__).parent / "golden"
ROOT = FOLDER.parent.parent
COMMAND = "python -m pytest tests/house/test_golden_*.py --golden-write"
LIBRARIES = {"report": ROOT / "corpus" / "reports", "mixed": FOLDER / "library"}
QUESTIONS = {
    "report": (
        "How many people benefit from the Padma Water Plant?",
        "What did WeRide do in Guangzhou?",
        "帕德玛水厂惠及多少人？",
        "苹果派怎么做？",  # nearest
        "Who is king of Norway?",  # absent
        "Which companies are covered?",
    ),
    "mixed": (
        "When was the plant opened by the mayor?",  # a page
        "How many litres of diesel were burned in 2022?",  # a row of a table
        "风电场每年为多少户家庭供电？",
        "How many fishermen have learned it so far?",  # told in both languages
        "至今已有多少名渔民学会？",
        "Will robots dream of electric sheep?",  # nearest
        "苹果派怎么做？",
        "Did Zeppelin fly over Zanzibar?",  # absent
        "收录了哪些公司？",
        "Tell me about Brill",
        "hello",
        "谢谢",
    ),
}
_ID = re.compile(r"(?<![\w.])[0-9a-f]{12,64}\b")  # of figures alone too, once in 2,000
_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:\+00:00|Z)?"), "<time>"),
    (re.compile(r'("elapsed_ms": ?)[\d.]{1,24}'), r"\1<time>"),
    (re.compile(r'("p\d\d ms": \{)[^{}]{0,200}'), r"\1<times>"),
    (re.compile(r"(\bp\d\d ms) {1,24}\d[^\n]{0,60}"), r"\1 <times>"),
    (re.compile(r'(Casebook |"version": ")\d{1,3}\.\d{1,3}\.\d{1,3}'), r"\1<version>"),
    (re.compile(r"\(choose from [^()]{0,400}\)"), "(choose from <these>)"),
    (re.compile(r"again in \d{1,5} seconds"), "again in <some> seconds"),
    (re.compile(r"(\d\.\d)\d{2,20}(?:e-\d\d)?"), r"\1"),
    (re.compile(r"\d(?:\.\d{1,20})?e-\d\d"), "0.0"),
)
# Said of the transport, or new with each answer.
_LEFT_OUT = frozenset({"date", "server", "x-request-id", "content-length", "transfer-encoding"})
# The same for many: told once, at the end.
_POLICIES = frozenset({
    "x-content-type-options", "permissions-policy", "cross-origin-opener-policy",
    "referrer-policy", "content-security-policy", "x-frame-options",
})  # fmt: skip
_TOKEN = re.compile(r"(casebook[a-z_-]{0,30}=)[^;]{16,999}")


class Transcript:
    """One golden file in the making."""

    def __init__(self, folders: Mapping[str, Path] | None = None) -> None:
        """Take folders by what they are called in the file."""
        self._folders = {str(path): f"<{name}>" for name, path in (folders or {}).items()}
        self._text = ""
        self._policies: list[tuple[str, ...]] = []

    def add(self, title: str, *parts: str) -> None:
        """Add what came of something, below a line that says what it was."""
        body = "\n".join(part.rstrip("\n") for part in parts if part)
        self._text += f"{'#' * 8} {title[:100]}\n{body}\n\n"

    def add_response(self, title: str, response: httpx.Response, body: str = "") -> None:
        """Add status, headers and body, which another text may stand for."""
        lines = [f"{response.status_code} {response.reason_phrase}"]
        policies: list[str] = []
        for name, value in response.headers.items():
            if name not in _LEFT_OUT:
                line = f"{name}: {_hide_token(value)}"
                (policies if name in _POLICIES else lines).append(line)
        lines.append(f"policies: <{self._number(tuple(policies))}>")
        self.add(title, *lines, body or spell(response))

    def render(self) -> str:
        """Return the file."""
        text = self._text
        for number, policies in enumerate(self._policies, 1):
            text += "\n".join([f"{'#' * 8} policies <{number}>", *policies, "\n"])
        for path, name in self._folders.items():
            text = text.replace(path, name)
        for pattern, mask in _MASKS:
            text = pattern.sub(mask, text)
        numbers: dict[str, int] = {}
        return _ID.sub(lambda found: f"<id {numbers.setdefault(found[0], len(numbers) + 1)}>", text)

    def check(self, name: str, write: bool) -> None:
        """Compare the file with the one that is kept, or keep it; raises AssertionError."""
        path, now = FOLDER / name, self.render()
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(now, "utf-8")
            return
        before = path.read_text("utf-8") if path.exists() else ""
        if now != before:
            lines = difflib.unified_diff(
                before.splitlines(), now.splitlines(), "kept", "now", "", ""
            )
            shown = "\n".join(line[:200] for line in list(lines)[:80])
            raise AssertionError(
                f"tests/golden/{name} is not what is said now; where that is meant, `{COMMAND}` "
                f"writes it anew:\n{shown}"
            )

    def _number(self, policies: tuple[str, ...]) -> int:
        if policies not in self._policies:
            self._policies.append(policies)
        return self._policies.index(policies) + 1


def _hide_token(value: str) -> str:
    return _TOKEN.sub(r"\1<token>", value)


@functools.cache
def _read_ours() -> dict[bytes, str]:
    """Return the names of the files that are sent as they are, and the loader's, by content."""
    sent = [path for kind in ("js", "css", "svg") for path in (ROOT / "chatbot").rglob(f"*.{kind}")]
    named = {drop_comments(path.read_bytes()): path.name for path in sent}
    named |= {path.read_bytes(): path.name for path in sent}
    return named | {make_loader().encode(): "loader.js"}


def spell(response: httpx.Response) -> str:
    """Return a body to be read: JSON indented, a page a tag a line, a file of ours by its name."""
    body = response.content
    kind = response.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        return json.dumps(response.json(), ensure_ascii=False, indent=1)
    if body in _read_ours():
        return f"<the bytes of {_read_ours()[body]}>"
    if kind == "text/html":
        return break_tags(response.text)
    if kind == "application/octet-stream":
        return f"<{len(body)} bytes>"
    return response.text


def break_tags(html: str) -> str:
    """Return a page with a tag a line; a line that it breaks inside of words ends in `↵`."""
    lines = html.replace("><", ">\n<").split("\n")
    between = [a[-1:] == ">" and b[:1] == "<" for a, b in pairwise(lines)]
    return "".join(
        line + ("\n" if bare else "↵\n") for line, bare in zip(lines, [*between, True], strict=True)
    ).removesuffix("\n")


Keep = Callable[[Transcript, str], None]
