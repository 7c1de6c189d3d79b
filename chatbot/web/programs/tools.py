"""The tools that a model's client can call: what each takes and gives, as data and as a text.

Knows nothing of the protocol that carries them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field

from chatbot.web import schemas as contract
from chatbot.web.programs.records import describe_case, describe_cases, describe_hits

if TYPE_CHECKING:
    from chatbot.web.programs.dispatcher import Dispatcher
    from chatbot.web.security.limits import Caller


class NoArguments(contract.Refusing):
    """Nothing."""


class CaseArguments(contract.Refusing):
    """Which case."""

    case_id: Annotated[str, Field(max_length=200)]


class SearchArguments(contract.SearchQuery, contract.Refusing):
    """What to search, and how many passages to return."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who calls a tool, and Casebook's address with a slash behind, empty where it has none."""

    caller: Caller
    root: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gives: the contract's record as JSON, and the same to be read."""

    data: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: `run` takes who calls and the arguments, checked, and raises as the engine does."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    result: type[BaseModel]
    run: Callable[[Asker, Any], Awaitable[Result]]


def list_tools(dispatcher: Dispatcher) -> list[Tool]:
    """Return the tools of an engine."""
    engine = dispatcher.engine

    async def ask(asker: Asker, body: contract.AskBody) -> Result:
        answer = await dispatcher.ask(asker.caller, body)
        sources = "\n".join(answer.list_sources(asker.root))
        text = f"{answer.text}\n\n{sources}" if sources else answer.text
        return Result(answer.to_json(), text)

    async def search(asker: Asker, query: SearchArguments) -> Result:
        found = describe_hits(await dispatcher.search(asker.caller, query.q, query.k))
        blocks = [
            f"{hit.rank}. {hit.passage.case} · {hit.passage.document}, "
            f"{hit.passage.start}-{hit.passage.end}\n{' '.join(hit.passage.text.split())}"
            for hit in found.hits
        ]
        return Result(found.model_dump(), "\n\n".join(blocks) or "no passage")

    async def list_cases(asker: Asker, _: NoArguments) -> Result:
        cases = describe_cases(await dispatcher.read(asker.caller, engine.cases))
        lines = [
            f"- {case.title} ({', '.join(filter(None, (case.company, case.published, case.id)))})"
            for case in cases.cases
        ]
        return Result(cases.model_dump(), "\n".join(lines) or "no case")

    async def get_case(asker: Asker, given: CaseArguments) -> Result:
        find = partial(engine.case, given.case_id)
        case = describe_case(await dispatcher.read(asker.caller, find))
        document = case.document
        facts = (case.company, document.source or document.publisher, document.published)
        link = f"{asker.root}{case.link}" if asker.root else ""
        head = "\n".join(filter(None, (case.title, " · ".join(filter(None, facts)), link)))
        return Result(case.model_dump(), "\n\n".join([head, *(p.text for p in case.passages)]))

    return [
        Tool(
            "ask",
            "Ask the collection",
            "Answer a question from the collection of green-development cases. Every sentence of "
            "the answer is a verbatim quotation with a citation. `outcome` is `answer`, `nearest` "
            "(the collection does not say it outright; its nearest passages) or `absent` (it does "
            "not say it at all): never take the last two for an answer.",
            contract.AskBody,
            contract.AnswerBody,
            ask,
        ),
        Tool(
            "search",
            "Search the collection",
            "Return the passages nearest to a question, the best first, whether they answer it or "
            "not.",
            SearchArguments,
            contract.SearchBody,
            search,
        ),
        Tool(
            "list_cases",
            "List the cases",
            "Return every case of the collection with its id, company and document, and the values "
            "that the filters of `ask` take.",
            NoArguments,
            contract.CasesBody,
            list_cases,
        ),
        Tool(
            "get_case",
            "Read a case",
            "Return one case with everything it says, by the id that the other tools give.",
            CaseArguments,
            contract.CaseBody,
            get_case,
        ),
    ]
