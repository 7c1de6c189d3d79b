"""The pages of publishing and of releases: what will change, how far it is, and the way back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from chatbot.evaluation.gate_report import cut, join_expected
from chatbot.locales.interface import EDITOR
from chatbot.publishing.publish_job import State
from chatbot.web.editor.visit import Route, Visit
from corpus.errors import CasebookError

EVERY = 0.25  # seconds between two looks at publishing


def show_publishing(visit: Visit) -> Response:
    """Show what publishing would change, if that is asked; how far it is; or how it ended."""
    state, actions = visit.shared.job.state, visit.actions
    asked = "plan" in visit.request.query_params and not state.working
    plan = actions.publisher.plan() if asked else None
    unpublished, known, unread = {}, 0, ""
    if not asked and not state.working:
        try:
            unpublished = actions.list_unpublished()
            known = len(actions.publisher.questions())
        except CasebookError as error:
            unread = actions.explain(error)
    line = state.line
    if state.code == "internal":
        line = actions.words["internal"].format(request=state.request_id)
    return visit.show(
        "publish", "publish", state=state, plan=plan, line=line, cut=cut, known=known,
        unpublished=unpublished, unread=unread, join_expected=join_expected,
        progress=describe_progress(state, visit.language),
    )  # fmt: skip


def start(visit: Visit) -> Response:
    """Begin to publish."""
    visit.shared.job.start(accept=visit.read("accept") == "yes")
    return visit.lead("publish")


def stop(visit: Visit) -> Response:
    """Have it end before anything is published."""
    visit.shared.job.stop()
    return visit.lead("publish")


def follow(visit: Visit) -> Response:
    """Return events: `progress` with how far it is, and `end` where it ended."""

    async def tell() -> AsyncIterator[str]:
        last = ""
        while (state := visit.shared.job.state).working:
            told = json.dumps(describe_progress(state, visit.language))
            if told != last:
                yield f"event: progress\ndata: {told}\n\n"
            last = told
            await asyncio.sleep(EVERY)
        yield "event: end\ndata:\n\n"

    unbuffered = {"X-Accel-Buffering": "no"}  # as nginx hears it
    return StreamingResponse(tell(), media_type="text/event-stream", headers=unbuffered)


def show_releases(visit: Visit) -> Response:
    """Show every release."""
    return visit.show("releases", "releases", releases=visit.actions.publisher.releases())


def rollback(visit: Visit) -> Response:
    """Make a release live."""
    return visit.lead("releases", visit.actions.rollback(visit.read("release")))


def verify(visit: Visit) -> Response:
    """Check every release."""
    return visit.lead("releases", visit.actions.verify())


def prune(visit: Visit) -> Response:
    """Delete old releases."""
    return visit.lead("releases", visit.actions.prune(visit.read("keep")))


ROUTES: tuple[Route, ...] = (
    ("GET", "/publish", show_publishing),
    ("POST", "/publish/start", start),
    ("POST", "/publish/stop", stop),
    ("GET", "/publish/progress", follow),
    ("GET", "/releases", show_releases),
    ("POST", "/releases/rollback", rollback),
    ("POST", "/releases/verify", verify),
    ("POST", "/releases/prune", prune),
)


def describe_progress(state: State, language: str) -> dict[str, str | int]:
    """Return how far publishing is: the phase in words, what is done of what, and the pace.

    `total` is 0 where nothing can be counted.
    """
    words = EDITOR[language]
    writing = state.phase == "encoding" and state.done >= state.total
    if not state.working or state.phase == "reading" or writing:
        phase = words["phase_writing" if writing else "phase_reading"]
        return {"phase": phase, "done": 0, "total": 0, "pace": ""}
    unit = words["texts" if state.phase == "encoding" else "questions"]
    parts = [unit.format(done=state.done, total=state.total)]
    if state.done and state.seconds > 0:
        pace = state.done / state.seconds
        rest = round((state.total - state.done) / pace)
        span = words["seconds"].format(count=rest)
        if rest >= 120:
            span = words["minutes"].format(count=round(rest / 60))
        parts += [words["rate"].format(rate=f"{pace:.1f}"), words["left"].format(left=span)]
    return {
        "phase": words[f"phase_{state.phase}"], "done": state.done, "total": state.total,
        "pace": " · ".join(parts),
    }  # fmt: skip
