"""The pages of documents: those of the collection, those that wait to be added, and each one."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from chatbot.publishing.document_summary import sum_up
from chatbot.web.editor.actions import Sheet
from chatbot.web.editor.facts import (
    FIELDS,
    MOST_CASES,
    Shown,
    choose_fields,
    list_case_facts,
)
from chatbot.web.editor.session import Said
from chatbot.web.editor.visit import Route, Visit
from corpus.cases import count_cases
from corpus.errors import DocumentError, NotFoundError, UsageError
from corpus.language.countries import list_countries
from corpus.metadata import CASE_FIELDS
from corpus.passages import count_searched
from corpus.records import Case, Entry, Passage

MOST_ROWS = 200  # documents of a list; the rest is counted
MOST_PASSAGES = 300  # passages of a preview
_LONGEST = 2000  # characters of a fact and of a name


def show_documents(visit: Visit) -> Response:
    """Show the forms for adding, what waits, and the documents that are looked for."""
    find = visit.ask("find").strip()
    return visit.show(
        "documents", "documents", find=find, collection=visit.actions.search(find),
        waiting=visit.session.pending.list(), most=MOST_ROWS,
    )  # fmt: skip


def take_files(visit: Visit) -> Response:
    """Keep uploads waiting, and show the first of them."""
    if not visit.form.files:
        raise UsageError(visit.actions.words["no_file"])
    pending = visit.session.pending
    said, number = visit.actions.take_files(pending, visit.form.files, visit.form.left)
    return visit.lead(f"waiting/{number}" if number else "", said)


def take_address(visit: Visit) -> Response:
    """Fetch an address, and show what came."""
    said, number = visit.actions.take_address(visit.session.pending, visit.read("address"))
    return visit.lead(f"waiting/{number}", said)


def add_all(visit: Visit) -> Response:
    """Add every document that waits."""
    pending = visit.session.pending
    return visit.lead("", visit.actions.add(pending, [each.number for each in pending.list()]))


def remove(visit: Visit) -> Response:
    """Take a document out."""
    return visit.lead("", visit.actions.remove(_read_name(visit)))


def restore(visit: Visit) -> Response:
    """Bring a document back."""
    return visit.lead("", visit.actions.restore(_read_name(visit)))


def show_waiting(visit: Visit) -> Response:
    """Show a document that waits."""
    return _show_sheet(visit, visit.actions.show_waiting(visit.session.pending, _number(visit)))


def correct_waiting(visit: Visit) -> Response:
    """Keep what was corrected of it, and show it with that."""
    if failed := _correct_waiting(visit):
        return failed
    return visit.lead(f"waiting/{_number(visit)}")


def add_waiting(visit: Visit) -> Response:
    """Keep what was corrected of it, and add it."""
    if failed := _correct_waiting(visit):
        return failed
    pending, number = visit.session.pending, _number(visit)
    said = visit.actions.add(pending, [number])
    return visit.lead(f"waiting/{number}" if said.problems else "", said)


def put_away(visit: Visit) -> Response:
    """Put a document that waits away."""
    return visit.lead("", visit.actions.put_away(visit.session.pending, _number(visit)))


def show_document(visit: Visit) -> Response:
    """Show a document of the library."""
    return _show_sheet(visit, visit.actions.show_held(visit.ask("name")[:_LONGEST]))


def correct_document(visit: Visit) -> Response:
    """Keep what was corrected of a document of the library."""
    name = visit.ask("name")[:_LONGEST]
    try:
        said = visit.actions.describe(name, *_read_facts(visit))
    except DocumentError as error:
        return _show_again(visit, visit.actions.show_held(name), error)
    return visit.lead("document", said, [("name", name)])


ROUTES: tuple[Route, ...] = (
    ("GET", "/", show_documents),
    ("POST", "/upload", take_files),
    ("POST", "/fetch", take_address),
    ("POST", "/add-all", add_all),
    ("POST", "/remove", remove),
    ("POST", "/restore", restore),
    ("GET", "/waiting/{number:int}", show_waiting),
    ("POST", "/waiting/{number:int}/correct", correct_waiting),
    ("POST", "/waiting/{number:int}/add", add_waiting),
    ("POST", "/waiting/{number:int}/away", put_away),
    ("GET", "/document", show_document),
    ("POST", "/document/correct", correct_document),
)


def _number(visit: Visit) -> int:
    return int(visit.request.path_params["number"])


def _read_name(visit: Visit) -> str:
    name = visit.read("name")
    if not 0 < len(name) <= _LONGEST:
        raise NotFoundError(visit.actions.words["no_name"])
    return name


def _read_facts(visit: Visit) -> tuple[Shown, Shown, str]:
    """Return the facts as the page showed them, as the editor left them, and whose they are.

    That is the title of a case, empty for the document.
    """
    given = {key: visit.read(key) for key in FIELDS}
    return {key: visit.read(f"was-{key}") for key in FIELDS}, given, visit.read("case")


def _correct_waiting(visit: Visit) -> Response | None:
    """Keep what was corrected of a document that waits; returns the page where that fails."""
    pending, number = visit.session.pending, _number(visit)
    try:
        visit.actions.correct_waiting(pending, number, *_read_facts(visit))
    except DocumentError as error:
        return _show_again(visit, visit.actions.show_waiting(pending, number), error)
    return None


def _show_again(visit: Visit, sheet: Sheet, error: DocumentError) -> Response:
    """Show what was typed, and what is wrong with it."""
    said = Said(visit.actions.explain(error), "trouble")
    _, typed, case = _read_facts(visit)
    return _show_sheet(visit, sheet, {case: typed}, 422, said)


def _show_sheet(
    visit: Visit, sheet: Sheet, typed: Mapping[str, Shown] | None = None, status: int = 200,
    said: Said | None = None,
) -> Response:  # fmt: skip
    """Show a document; `typed` has what stands in a form instead, by the title of its case."""
    entry, language = sheet.entry, visit.actions.language
    cases = [case for case in entry.cases if case.kind == "case"] if len(entry.cases) > 1 else []
    return visit.show(
        "document", "documents", status, said, sheet=sheet, entry=entry,
        fields=choose_fields(entry), typed=typed or {},
        left_out=sum_up(entry.left_out, visit.language), preview=_preview(entry),
        case_facts={case.title: list_case_facts(case, language) for case in cases[:MOST_CASES]},
        case_fields=CASE_FIELDS, countries=sorted(list_countries(language).values()),
        cases=count_cases(entry.cases), searched=count_searched(entry),
        sentences=sum(len(passage.sentences) for passage in entry.passages),
        waiting=visit.session.pending.list(), most=MOST_PASSAGES,
    )  # fmt: skip


def _preview(entry: Entry) -> list[tuple[Case, list[tuple[Passage, str]]]]:
    """Return each case with its passages, and for each of these the page that begins with it.

    The page is empty where it is that of the passage before. Only the first passages are there.
    """
    shown: dict[str, list[tuple[Passage, str]]] = {case.id: [] for case in entry.cases}
    before = ""
    for passage in entry.passages[:MOST_PASSAGES]:
        page = entry.document.find_page(passage.start)[1]
        shown[passage.case_id].append((passage, page if page != before else ""))
        before = page
    return [(case, shown[case.id]) for case in entry.cases if shown[case.id]]
