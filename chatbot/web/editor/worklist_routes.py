"""The page of what readers missed: each item done, exported, or on its way to a known question."""

from __future__ import annotations

import json
from collections.abc import Sequence

from starlette.responses import Response

from chatbot.publishing.worklist import Item
from chatbot.web.editor.session import Said
from chatbot.web.editor.visit import Route, Visit
from corpus.errors import CasebookError

MOST_ROWS = 100  # items of each kind; the rest is counted
_MOST_QUOTED = 20  # votes for whose quotation the live release is asked


def show_worklist(visit: Visit) -> Response:
    """Show every item, by kind."""
    items = visit.shared.worklist.read()
    kinds = {kind: [each for each in items if each.kind == kind]
             for kind in ("unanswered", "vote", "unsure")}  # fmt: skip
    quotes = _find_quotes(visit, kinds["vote"][:_MOST_QUOTED])
    return visit.show("worklist", "worklist", kinds=kinds, quotes=quotes, most=MOST_ROWS)


def finish(visit: Visit) -> Response:
    """Take an item off the list."""
    item = visit.shared.worklist.finish(visit.read("item"))
    words = visit.actions.words
    return visit.lead("worklist", Said(words["item_done"].format(question=item.question)))


def export(visit: Visit) -> Response:
    """Return every item as a line of JSON."""
    lines = [
        json.dumps(each.to_json(), ensure_ascii=False) for each in visit.shared.worklist.read()
    ]
    saved = {"Content-Disposition": 'attachment; filename="worklist.jsonl"'}
    body = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    return Response(body, media_type="application/x-ndjson", headers=saved)


ROUTES: tuple[Route, ...] = (
    ("GET", "/worklist", show_worklist),
    ("POST", "/worklist/done", finish),
    ("GET", "/worklist/export", export),
)


def _find_quotes(visit: Visit, votes: Sequence[Item]) -> dict[str, str]:
    """Return, by a vote's id, what stands now under the number that it means."""
    quotes: dict[str, str] = {}
    for vote in votes:
        if vote.citation:
            try:
                cited = visit.actions.engine.ask(vote.question).citations
            except CasebookError:  # one that cannot be asked now
                continue
            found = [each.quote for each in cited if each.number == vote.citation]
            quotes |= {vote.id: found[0]} if found else {}
    return quotes
