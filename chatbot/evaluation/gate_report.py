"""The report of known questions, for an editor to read: quotations cut short, lines of a shell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatbot.evaluation.regression_questions import Change, GateReport, Quoted, Setback
from chatbot.terminal import lay_out

LONGEST = 160  # characters of a quotation, and of whatever else may be long
_WORD = 24  # characters of a word that is not cut
_INDENT, _DEEPER = 9, 19  # columns
_SILENT = "nothing: the collection does not say"


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
    for question in report.won:
        lines += lay_out("won", cut(question), _INDENT, width)
    for change in report.changed:
        lines += _lay_out_change(change, width)
    return lines


def _lay_out_setback(word: str, label: str, setback: Setback, width: int) -> Iterator[str]:
    yield from lay_out(word, cut(setback.question), _INDENT, width)
    told = [
        ("expected", join_expected(setback.expected) or _SILENT),
        ("before", _show(setback.before, setback.expected)),
        (label, _show(setback.now, setback.expected) or _explain(setback.error)),
    ]
    yield from _lay_out_labels(told, width)


def _lay_out_change(change: Change, width: int) -> Iterator[str]:
    """Yield what was and what is quoted; what is merely near is called that."""
    before, now = (
        "near: " * (outcome == "nearest") + _show(quoted, change.expected) if quoted.quote else ""
        for quoted, outcome in zip((change.before, change.now), change.outcomes, strict=True)
    )
    yield from lay_out("changed", cut(change.question), _INDENT, width)
    verdict = "right before and now" if change.right else "not right, before or now"
    told = [
        ("expected", f"{join_expected(change.expected) or _SILENT} ({verdict})"),
        ("before", before or _explain("")),
        ("now", now or _explain(change.error)),
    ]
    yield from _lay_out_labels(told, width)


def _lay_out_labels(told: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    for label, text in told:
        if text:
            yield from lay_out(" " * _INDENT + label, text, _DEEPER, width)


def _explain(error: str) -> str:
    """Return why nothing is quoted."""
    return f"it cannot be asked: {cut(error)}" if error else "nothing is answered"


def _show(quoted: Quoted, expected: Sequence[str]) -> str:
    if not quoted.quote:
        return ""
    return f"“{cut(quoted.quote, expected)}” ({cut(quoted.document)})"
