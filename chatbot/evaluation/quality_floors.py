"""Floors under figures, those of the shipped questions first: what was reached has to be kept.

A file says of which data the floors are, by SHA-256, and the lowest value that each measure may
have. Floors of other data say nothing: they have to be set anew. Raising never lowers.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot.evaluation.evaluation import Report
from corpus.errors import DocumentError, GateError
from corpus.files import write_file
from corpus.library import QUESTIONS
from index.storage.release import Release

FLOORS = Path(__file__).with_suffix(".json")
_MEASURES = {
    "all": ("right",),
    "answerable": (
        "R@1", "R@5", "MRR@10", "nDCG@10", "first quotation", "any quotation",
        "citation precision", "citation recall",
    ),
    "off-collection": ("refused", "AUROC"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Floors:
    """The lowest values, by group and measure, and the SHA-256 of each file they were measured on.

    Values are rounded down to three places.
    """

    data: Mapping[str, str]
    measures: Mapping[str, float]


def measure(report: Report, questions: Path, release: Release) -> Floors:
    """Return what a report reaches, as floors; `questions` is the file that was asked."""
    data = {QUESTIONS: hashlib.sha256(questions.read_bytes()).hexdigest()}
    data |= {document.name: document.file_sha256 for document in release.documents()}
    reached = {
        f"{group}: {name}": round_down(report.groups[group][name].value)
        for group, names in _MEASURES.items()
        for name in names
        if name in report.groups.get(group, {})
    }
    return Floors(data, reached)


def round_down(value: float) -> float:
    """Return a figure as a floor that it does not fall below itself."""
    return math.floor(value * 1000 + 1e-9) / 1000


def read_floors(path: Path) -> Floors:
    """Read a file of floors; raises DocumentError where it is none."""
    try:
        fields = json.loads(path.read_bytes())
        floors = Floors(dict(fields["data"]), {k: float(v) for k, v in fields["measures"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DocumentError(
            f"{path.name}: not a file of floors ({error}); set them with --raise-floors"
        ) from error
    return floors


def check_floors(floors: Floors, reached: Floors) -> None:
    """Raise GateError where a measure is below its floor, or the floors are of other data."""
    changed = [name for name in {**floors.data, **reached.data}
               if floors.data.get(name) != reached.data.get(name)]  # fmt: skip
    if changed:
        raise GateError(
            f"the floors are of other data ({', '.join(sorted(changed))} changed): look at what "
            "changed, and set them with --raise-floors"
        )
    below = _find_below(floors, reached)
    if below:
        raise GateError(f"below the floor: {'; '.join(below)}; mend what made answers worse")


def raise_floors(path: Path, reached: Floors, lower: bool = False) -> Floors:
    """Write what is reached as the new floors and return them.

    Raises GateError, and writes nothing, where that lowers one, also on other data, unless `lower`.
    """
    floors = read_floors(path) if path.exists() else Floors({}, {})
    below = _find_below(floors, reached)
    if below and not lower:
        raise GateError(
            f"this would lower {'; '.join(below)}: mend what made answers worse, "
            "or lower them with --lower"
        )
    write_file(path, (json.dumps(asdict(reached), indent=1, ensure_ascii=False) + "\n").encode())
    return reached


def _find_below(floors: Floors, reached: Floors) -> list[str]:
    """Return a line for each measure under its floor; one that is not measured is under it."""
    found = {name: reached.measures.get(name, -math.inf) for name in floors.measures}
    return [
        f"{name} {found[name]:.3f}, floor {floor:.3f}"
        for name, floor in floors.measures.items()
        if not found[name] >= floor
    ]
