"""Labelled questions asked of a release, and what became of them as figures.

A quotation is right where it holds an answer whole, in its place; a question is answered rightly
where some quotation of an answer is right, or where there is no answer and the release has none.
What is merely shown as nearest is no answer: it counts as refused. What is measured, by group of
questions:

    all             right; p50 and p95 of an answer's milliseconds
    answerable      R@1, R@5, MRR@10, nDCG@10 of what answers; how often the first quotation of an
                    answer and any is right; how often the first (top) and any (shown) is, of an
                    answer or of what is nearest; citation precision, the share of an answer's
                    quotations that are right; citation recall, the share of answered questions
                    with one that is; how many are refused
    answered        right: how many of them, whatever their group; how far the confidence is from
                    that share (ECE)
    impossible      how many are refused; the AUROC of the confidence of answerable ones against
    off-collection  these; and how far the confidence is from the share that is answerable (ECE)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chatbot.answers.answer import Outcome
from chatbot.answers.answering import answer
from chatbot.evaluation.labels import Group, Label, Unit, find_kind
from chatbot.evaluation.measures import (
    Bin,
    Figure,
    Rows,
    Values,
    auroc,
    calibration_error,
    estimate,
    estimate_share,
    ndcg,
    recall_within,
    reciprocal_rank,
    reliability,
)
from index.encoder.encoder import Encoder, Progress, ignore_progress
from index.reader.protocol import Reader
from index.searcher import Searcher
from index.storage.release import Release

DEPTH = 10
_PASSAGES = 2 * DEPTH  # searched, as a paragraph may be more than one
UNANSWERABLE: tuple[Group, ...] = ("impossible", "off-collection")

Figures = dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a question.

    `relevant` says of the first DEPTH things found which of them answer, `right` of each quotation
    in their order whether it is right, of an answer or of what is nearest. `relevant` is empty
    unless `label` is answerable.
    """

    label: Label
    relevant: tuple[bool, ...]
    outcome: Outcome
    right: tuple[bool, ...]
    confidence: float
    milliseconds: float

    @property
    def answered(self) -> tuple[bool, ...]:
        """`right` of an answer; nothing of what is merely near."""
        return self.right if self.found else ()

    @property
    def found(self) -> bool:
        """Whether the question was answered, rightly or not."""
        return self.outcome == "answer"

    @property
    def is_right(self) -> bool:
        """Whether the question was answered rightly."""
        return any(self.answered) if self.label.group == "answerable" else not self.found


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of an evaluation; a figure of nothing is left out.

    `groups` are those that the top of this file lists, with their figures; `languages` and `kinds`
    of questions the most telling figures of each. `bins` has the reliability of the confidence: for
    `answered`, against what was right; for each group that cannot be answered, over it and the
    answerable ones together, against what is answerable.
    """

    questions: int
    groups: dict[str, Figures]
    languages: dict[str, Figures]
    kinds: dict[str, Figures]
    bins: dict[str, list[Bin]]

    def to_json(self) -> dict[str, Any]:
        """Return the report as data; what cannot be told is None."""
        data = asdict(self)
        for bins in data["bins"].values():
            for each in bins:
                each.update({k: None for k, v in each.items() if math.isnan(v)})
        return data


def ask(
    labels: Sequence[Label],
    release: Release,
    encoder: Encoder,
    unit: Unit,
    progress: Progress = ignore_progress,
    reader: Reader | None = None,
) -> list[Mark]:
    """Ask a release every question, in order; `progress` is told questions done and in all.

    Milliseconds are those of the answer alone: what it is ranked by is searched for afterwards.
    Without a reader, the one that fits the encoder reads.
    """
    searcher = Searcher(release, encoder, reader)
    marks = []
    for number, label in enumerate(labels, 1):
        made = answer(release, lambda: searcher, label.question)
        relevant: tuple[bool, ...] = ()
        if label.group == "answerable":
            hits = searcher.search(label.question, _PASSAGES)
            units = list(dict.fromkeys(unit(hit) for hit in hits))[:DEPTH]
            relevant = tuple(each in label.relevant for each in units)
            relevant += (False,) * (DEPTH - len(relevant))
        right = tuple(label.is_held_by(citation) for citation in made.citations)
        marks.append(Mark(label, relevant, made.outcome, right, made.confidence, made.elapsed_ms))
        progress(number, len(labels))
    return marks


def summarise(marks: Sequence[Mark]) -> Report:
    """Return the figures of an evaluation."""
    by_group = {
        group: [mark for mark in marks if mark.label.group == group]
        for group in ("answerable", *UNANSWERABLE)
    }
    answerable = by_group["answerable"]
    answered = [mark for mark in marks if mark.found]
    groups = {
        "all": _measure_all(marks),
        "answerable": _measure_answerable(answerable),
        "answered": _measure_answered(answered),
    }
    bins: dict[str, list[Bin]] = {}
    if answered:
        bins["answered"] = reliability(*_claim_right(answered))
    for group in UNANSWERABLE:
        groups[group] = _measure_unanswerable(by_group[group], answerable)
        if by_group[group] and answerable:
            bins[group] = reliability(*_claim(answerable, by_group[group]))
    return Report(
        len(marks),
        {group: figures for group, figures in groups.items() if figures},
        _split(marks, lambda mark: mark.label.language),
        _split(marks, lambda mark: find_kind(mark.label.question)),
        bins,
    )


def confidences(marks: Sequence[Mark], group: Group) -> Values:
    """Return the confidences of a group's questions, (n,) float64."""
    return _column(mark.confidence for mark in marks if mark.label.group == group)


def _measure_all(marks: Sequence[Mark]) -> Figures:
    times = _column(mark.milliseconds for mark in marks)
    return _known(
        {
            "right": _mean(mark.is_right for mark in marks),
            "p50 ms": estimate(lambda rows: float(np.percentile(times[rows], 50)), len(times)),
            "p95 ms": estimate(lambda rows: float(np.percentile(times[rows], 95)), len(times)),
        }
    )


def _measure_answerable(marks: Sequence[Mark]) -> Figures:
    any_right = _column(any(mark.answered) for mark in marks)
    quotations = _column(len(mark.answered) for mark in marks)
    found = _column(mark.found for mark in marks)
    return _known(
        {
            "R@1": _mean(recall_within(mark.relevant, 1) for mark in marks),
            "R@5": _mean(recall_within(mark.relevant, 5) for mark in marks),
            "MRR@10": _mean(reciprocal_rank(mark.relevant) for mark in marks),
            "nDCG@10": _mean(ndcg(mark.relevant, len(mark.label.relevant)) for mark in marks),
            "first quotation": _mean(any(mark.answered[:1]) for mark in marks),
            "any quotation": estimate_share(any_right, np.ones_like(any_right)),
            "top": _mean(any(mark.right[:1]) for mark in marks),
            "shown": _mean(any(mark.right) for mark in marks),
            "citation precision": estimate_share(
                _column(sum(mark.answered) for mark in marks), quotations
            ),
            "citation recall": estimate_share(any_right, found),
            "refused": estimate_share(1.0 - found, np.ones_like(found)),
        }
    )


def _measure_answered(marks: Sequence[Mark]) -> Figures:
    claimed, right = _claim_right(marks)
    return _known(
        {
            "right": _mean(right),
            "ECE": estimate(
                lambda rows: calibration_error(claimed[rows], right[rows]), len(claimed)
            ),
        }
    )


def _measure_unanswerable(marks: Sequence[Mark], answerable: Sequence[Mark]) -> Figures:
    if not marks:
        return {}
    claimed, true = _claim(answerable, marks)

    def separate(rows: Rows) -> float:
        drawn, held = claimed[rows], true[rows] > 0
        return auroc(drawn[held], drawn[~held])

    figures = {"refused": _mean(not mark.found for mark in marks)}
    if answerable:
        figures["AUROC"] = estimate(separate, len(claimed))
        figures["ECE"] = estimate(
            lambda rows: calibration_error(claimed[rows], true[rows]), len(claimed)
        )
    return figures


def _claim(answerable: Sequence[Mark], others: Sequence[Mark]) -> tuple[Values, Values]:
    """Return the confidence of each question and whether the release answers it, 1 or 0."""
    claimed = _column(mark.confidence for mark in (*answerable, *others))
    true = np.concatenate([np.ones(len(answerable)), np.zeros(len(others))])
    return claimed, true


def _claim_right(answered: Sequence[Mark]) -> tuple[Values, Values]:
    """Return the confidence of each answer and whether it was right, 1 or 0."""
    claimed = _column(mark.confidence for mark in answered)
    return claimed, _column(any(mark.right) for mark in answered)


def _split(marks: Sequence[Mark], key: Callable[[Mark], str]) -> dict[str, Figures]:
    """Return figures of the questions of each key, the most frequent first."""
    parts: dict[str, list[Mark]] = {}
    for mark in marks:
        parts.setdefault(key(mark), []).append(mark)
    figures = {}
    for name, part in sorted(parts.items(), key=lambda item: (-len(item[1]), item[0])):
        held = [mark for mark in part if mark.label.group == "answerable"]
        figures[name] = _known(
            {
                "right": _mean(mark.is_right for mark in part),
                "R@1": _mean(recall_within(mark.relevant, 1) for mark in held),
                "any quotation": _mean(any(mark.answered) for mark in held),
                "refused": _mean(not mark.found for mark in held),
            }
        )
    return figures


def _known(figures: Figures) -> Figures:
    return {name: figure for name, figure in figures.items() if not math.isnan(figure.value)}


def _mean(values: Iterable[float]) -> Figure:
    column = _column(values)
    return estimate_share(column, np.ones_like(column))


def _column(values: Iterable[float]) -> Values:
    return np.fromiter(values, np.float64)
