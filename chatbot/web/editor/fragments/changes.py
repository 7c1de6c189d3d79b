"""What a build changes and how publishing goes, as HTML: plan, progress, known questions, the end.

Pure functions over the publisher's records; everything that comes from a document passes `escape`.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatbot.evaluation.gate_report import cut, join_expected, list_changed
from chatbot.evaluation.regression_questions import GateReport, Quoted, Setback
from chatbot.locales.interface import EDITOR
from chatbot.publishing.publish_job import State
from chatbot.web.editor.fragments.documents import MOST_LINES, render_line, render_lines
from chatbot.web.rendering import escape, language_of
from index.build_plan import Duplicate, Plan


def render_plan(plan: Plan, language: str, done: bool = False) -> str:
    """Return what a build would change, or, if `done`, what it changed."""
    words = EDITOR[language]
    rows: list[tuple[str, list[tuple[str, int]]]] = [
        ("documents", [
            ("added", len(plan.added)), ("edited", len(plan.edited)),
            ("removed", len(plan.removed)),
            *([("renamed", len(plan.renamed))] if plan.renamed else []), ("kept", len(plan.kept)),
        ]),
        ("cases", [
            ("added", len(plan.cases_added)), ("edited", len(plan.cases_edited)),
            ("removed", len(plan.cases_removed)),
        ]),
        ("passages", [
            ("kept", plan.passages_kept), ("reused", plan.passages_reused),
            ("encode", plan.passages_to_encode),
        ]),
    ]  # fmt: skip
    tiles = "".join(
        f'<div class="tile"><h4>{escape(words[f"plan_{key}"])}</h4><dl>'
        + "".join(
            f"<div><dt>{escape(words[f'plan_{word}'])}</dt><dd>{count}</dd></div>"
            for word, count in counts
        )
        + "</dl></div>"
        for key, counts in rows
    )
    nothing = "" if plan.changes or done else f"<p>{escape(words['nothing_changes'])}</p>"
    text = f'<h3 class="label">{escape(words["changed" if done else "change"])}</h3>{nothing}'
    text += f'<div class="tiles">{tiles}</div>'
    if plan.to_encode and not done:
        text += f'<p class="counts">{escape(words["plan_texts"].format(count=plan.to_encode))}</p>'
    renamed = [f"{old} → {new}" for old, new in plan.renamed.items()]
    for key, word, lines in (
        ("documents", "added", plan.added), ("documents", "edited", plan.edited),
        ("documents", "removed", plan.removed), ("documents", "renamed", renamed),
        ("cases", "added", plan.cases_added),
        ("cases", "edited", plan.cases_edited), ("cases", "removed", plan.cases_removed),
    ):  # fmt: skip
        text += render_lines(
            f"{words[f'plan_{key}']}: {words[f'plan_{word}']}", lines, word, language
        )
    text += render_lines(words["failed"], list(plan.failed.values()), "problems", language)
    return text + _render_duplicates(plan.duplicates, language)


def _render_duplicates(found: Sequence[Duplicate], language: str) -> str:
    words = EDITOR[language]
    items = "".join(
        f'<li><p><bdi class="name">{escape(each.document)}: {escape(each.case)}</bdi>'
        f" {escape(words['same_as'])}"
        f' <bdi class="name">{escape(each.other_document)}: {escape(each.other_case)}</bdi></p>'
        f"<p>{escape(_say_share(each, language))}</p>"
        f'<blockquote dir="auto">{escape(each.sample[:500])}</blockquote></li>'
        for each in found[:MOST_LINES]
    )
    title = escape(words["duplicates"])
    return f'<div class="lines duplicates"><h4>{title}</h4><ul>{items}</ul></div>' if found else ""


def _say_share(found: Duplicate, language: str) -> str:
    return EDITOR[language]["duplicate"].format(
        share=f"{found.share:.0%}", sentences=found.sentences
    )


def render_gate(report: GateReport, language: str) -> str:
    """Return what known questions showed."""
    words = EDITOR[language]
    key = "gate_right" if report.right_before is None else "gate_before"
    told = words[key].format(right=report.right, asked=report.asked, before=report.right_before)
    text = f'<h3 class="label">{escape(words["gate"])}</h3><p>{escape(told)}</p>'
    if report.weaker or report.lost:
        turns = words["gate_turns"].format(
            before=report.right_before, kept=report.kept, weaker=len(report.weaker),
            lost=len(report.lost),
        )  # fmt: skip
        text += f"<p>{escape(turns)}</p>"
    return (
        text
        + _render_setbacks("lost", "now", report.lost, language)
        + _render_setbacks("weaker", "nearest", report.weaker, language)
        + render_lines(words["gate_won"], report.won, "won", language)
        + render_lines(words["gate_changed"], list_changed(report), "changed", language)
    )


def _render_setbacks(kind: str, label: str, found: Sequence[Setback], language: str) -> str:
    """Return questions under a title, the first fifty of them; `label` says what `now` is."""
    if not found:
        return ""
    words = EDITOR[language]
    items = "".join(_render_setback(each, label, language) for each in found[:MOST_LINES])
    if len(found) > MOST_LINES:
        items += f"<li>{escape(words['more_lines'].format(count=len(found) - MOST_LINES))}</li>"
    return (
        f'<div class="lines setbacks {kind}"><h4>{escape(words[f"gate_{kind}"])}</h4>'
        f'<p class="counts">{escape(words[f"gate_{kind}_more"])}</p><ul>{items}</ul></div>'
    )


def _render_setback(setback: Setback, label: str, language: str) -> str:
    words, expected = EDITOR[language], setback.expected
    wanted = join_expected(expected) or words["gate_expected_none"]
    now = words["gate_nothing"]
    if setback.error:
        now = words["gate_error"].format(error=cut(setback.error))
    told = [
        ("expected", f"<bdi>{escape(wanted)}</bdi>"),
        ("was", _render_quoted(setback.before, expected)),
        (label, _render_quoted(setback.now, expected) or f"<bdi>{escape(now)}</bdi>"),
    ]
    rows = "".join(
        f"<div><dt>{escape(words[f'gate_{key}'])}</dt><dd>{html}</dd></div>"
        for key, html in told
        if html
    )
    question = f'<p dir="auto"{language_of(setback.question)}>{escape(cut(setback.question))}</p>'
    return f"<li>{question}<dl>{rows}</dl></li>"


def _render_quoted(quoted: Quoted, expected: Sequence[str]) -> str:
    if not quoted.quote:
        return ""
    words = cut(quoted.quote, expected)
    return (
        f'<blockquote dir="auto"{language_of(words)}>{escape(words)}</blockquote>'
        f'<bdi class="about">{escape(cut(quoted.document))}</bdi>'
    )


def render_progress(state: State, language: str) -> str:
    """Return how far publishing is; empty before and after."""
    if not state.working:
        return ""
    words = EDITOR[language]
    writing = state.phase == "encoding" and state.done >= state.total
    phase = escape(words["phase_writing" if writing else f"phase_{state.phase}"])
    measured = state.phase != "reading" and not writing
    bar = f' max="{max(1, state.total)}" value="{state.done}"' if measured else ""
    numbers = escape(_say_pace(state, language)) if measured else ""
    return (
        f'<div class="progress"><p class="phase" role="status">{phase}</p>'
        f'<progress aria-label="{phase}"{bar}></progress><p class="counts">{numbers}</p></div>'
    )


def _say_pace(state: State, language: str) -> str:
    words = EDITOR[language]
    unit = words["texts" if state.phase == "encoding" else "questions"]
    parts = [unit.format(done=state.done, total=state.total)]
    if state.done and state.seconds > 0:
        pace = state.done / state.seconds
        parts.append(words["rate"].format(rate=f"{pace:.1f}"))
        rest = round((state.total - state.done) / pace)
        span = words["seconds"].format(count=rest)
        if rest >= 120:
            span = words["minutes"].format(count=round(rest / 60))
        parts.append(words["left"].format(left=span))
    return " · ".join(parts)


def render_outcome(state: State, line: str, language: str, last: bool = False) -> str:
    """Return how publishing ended; `line` is what went wrong, in one sentence.

    `last` tells that it ended before this page was opened.
    """
    words = EDITOR[language]
    title = f'<h3 class="label">{escape(words["last"])}</h3>' if last else ""
    if state.phase == "done" and state.publication is not None:
        made = state.publication
        said = words["done" if made.published else "done_same"].format(release=made.release)
        text = render_line(said, "done")
    elif state.phase == "failed" and state.gate is not None:
        text = (
            f'<div class="stopped" role="alert"><h3>{escape(words["stopped"])}</h3>'
            f"<p>{escape(words['stopped_more'])}</p></div>"
        )
    elif state.phase == "failed":
        text = render_line(line, "trouble")
    else:
        return ""
    if state.gate is not None:
        text += render_gate(state.gate, language)
    done = state.phase == "done"
    return title + text + (render_plan(state.plan, language, done) if state.plan else "")
