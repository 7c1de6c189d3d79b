"""The report of known questions, for an editor to read: quotations cut short, lines of a shell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatbot.evaluation.regression_questions import GateReport, Quoted, Setback
from chatbot.terminal import lay_out

LONGEST = 160  # characters of a quotation, and of whatever else may be long
_WORD = 24  # characters of a word that is not cut
_INDENT, _DEEPER = 9, 19  # columns


def cut(text: str, about: Sequence[str] = ()) -> str:
    """Return a text on one line, cut to LONGEST characters between words, with an ellipsis there.

    The first of the words `about` that the text holds is in what is left.
    """
    line = " ".join(text.split())
    if len(line) <= LONGEST:
        return line
    held = (words for words in (" ".join(each.split()) for each in about) if words in line)
    words = next(held, "")[:LONGEST]
    first = line.find(words)
    last = first + len(words)
    middle = first - (LONGEST - len(words)) // 2
    start = 0 if last <= LONGEST else min(middle, len(line) - LONGEST)
    end = start + LONGEST
    if start:
        start = line.find(" ", start, min(start + _WORD, first)) + 1 or start
    if end < len(line):
        blank = line.rfind(" ", max(end - _WORD, last), end + 1)
        end = blank if blank > 0 else end
    return "…" * (start > 0) + line[start:end] + "…" * (end < len(line))


def join_expected(expected: Sequence[str]) -> str:
    """Return the words of which a quotation has to hold one, cut; empty where there are none."""
    return cut(" / ".join(expected))


def list_changed(report: GateReport) -> list[str]:
    """Return the questions that are answered in other words, and neither lost, weaker nor won."""
    told = {each.question for each in (*report.lost, *report.weaker)} | {*report.won}
    return [question for question in report.changed if question not in told]


def describe_gate(report: GateReport, width: int) -> list[str]:
    """Return what known questions showed, as lines of at most `width` columns."""
    told = f"{report.right} of {report.asked} known questions are answered rightly"
    if report.right_before is not None:
        told += f" ({report.right_before} before)"
    lines = [told]
    if report.weaker or report.lost:
        lines.append(f"{report.kept} kept, {len(report.weaker)} weaker, {len(report.lost)} lost")
    for setback in report.lost:
        lines += _lay_out_setback("lost", "now", setback, width)
    for setback in report.weaker:
        lines += _lay_out_setback("weaker", "nearest", setback, width)
    for word, questions in (("won", report.won), ("changed", list_changed(report))):
        for question in questions:
            lines += lay_out(word, cut(question), _INDENT, width)
    return lines


def _lay_out_setback(word: str, label: str, setback: Setback, width: int) -> Iterator[str]:
    yield from lay_out(word, cut(setback.question), _INDENT, width)
    now = f"it cannot be asked: {cut(setback.error)}" if setback.error else "nothing is answered"
    told = [
        ("expected", join_expected(setback.expected) or "nothing: the collection does not say"),
        ("before", _show(setback.before, setback.expected)),
        (label, _show(setback.now, setback.expected) or now),
    ]
    for each, text in told:
        if text:
            yield from lay_out(" " * _INDENT + each, text, _DEEPER, width)


def _show(quoted: Quoted, expected: Sequence[str]) -> str:
    if not quoted.quote:
        return ""
    return f"“{cut(quoted.quote, expected)}” ({cut(quoted.document)})"
