"""The verbs: results on stdout, everything else on stderr, exit 0, 1 (failed) or 2 (bad usage).

What they work with is made of the settings by chatbot.composition.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache, partial
from typing import NoReturn

from chatbot import VERSION, composition
from chatbot.commands.evaluation import add_verb
from chatbot.commands.publishing import add_verbs, publish
from chatbot.commands.worklist import add_worklist
from chatbot.engine import Engine
from chatbot.evaluation.regression_questions import GateReport
from chatbot.locales import LANGUAGES
from chatbot.publishing.publisher import Publisher
from chatbot.settings import Settings, read_settings, variable_of
from chatbot.terminal import Terminated, count, ending_at_sigterm, print_json, say, writing
from corpus.errors import (
    CasebookError,
    GateError,
    NoReleaseError,
    OutdatedReleaseError,
    ReleaseError,
    UsageError,
)
from index.encoder.encoder import Encoder
from index.encoder.shared_encoder import SharedEncoder
from index.storage.manifest import check_model, read_manifest

# Secrets have no flag: who sees the machine's processes would read them.
_FLAGS = {
    "reports": "folder of documents (default corpus/reports)",
    "var": "folder for everything built (default var)",
    "model": "a Sentence Transformers name or folder (default the bundled model)",
    "reader": "a cross-encoder's name or folder, or llm (default the bundled reader)",
    "host": "address to serve on (default 127.0.0.1)",
    "port": "port to serve on (default 7860)",
    "root_path": "path under which a proxy serves Casebook (default none)",
    "log_level": "debug, info, warning, error or critical (default info)",
    "embed_origins": "sites that may show the widget, as https://portal.example (default none)",
    "hosts": "names to answer to, beside localhost and addresses (default what proxies pass on)",
    "trusted_proxies": "addresses or networks of proxies to believe (default none)",
    "members": "open, or required to ask for the portal's tokens (default open)",
    "member_issuer": "who issues the tokens: their `iss`",
    "questions_per_minute": "what one member or address may ask (default 30)",
    "vote_days": "days that readers' votes are kept (default 180)",
    "question_days": "days that what was asked in vain is kept (default 90; 0 keeps none)",
    "milvus_uri": "Milvus server, or file ending in .db, that keeps the vectors (default none)",
    "llm_url": "OpenAI-compatible endpoint whose model sums up the quotations (default none)",
    "llm_model": "name of that model (default none)",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; prints one line for every error it knows."""
    arguments = _make_parser().parse_args(argv)
    run: Callable[[Settings, argparse.Namespace], int] = arguments.run
    as_json: bool = arguments.json
    try:
        with writing(), ending_at_sigterm():
            given = {name: getattr(arguments, name) for name in _FLAGS}
            settings = read_settings(given, os.environ)
            _set_up_logging(settings)
            return run(settings, arguments)
    except CasebookError as error:
        if as_json:
            told: dict[str, object] = {"error": {"code": error.code, "message": str(error)}}
            if isinstance(error, GateError) and isinstance(error.report, GateReport):
                told["gate"] = error.report.to_json()
            print_json(told)
        say(f"casebook: {error}")
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:  # `casebook search ... | head`
        return 1
    except OSError as error:  # no room, no rights, in whatever folder
        place = f"{error.filename}: " if error.filename else ""
        say(f"casebook: {place}{error.strerror or error}; check its rights, and the disk's room")
        return 1
    except KeyboardInterrupt:
        say("casebook: stopped")
        return 130
    except Terminated:
        say("casebook: stopped")
        return 143


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and where help is, and exit with 2."""
        say(f"casebook: {message} (see `./casebook --help`)")
        sys.exit(2)


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="casebook",
        description="Ask the CCCME collection of green-development cases; without a verb, serve.",
    )
    parser.add_argument("--version", action="version", version=f"Casebook {VERSION}")
    parser.set_defaults(run=_serve)
    verbs = parser.add_subparsers(metavar="VERB", title="verbs")

    def add(name: str, run: Callable[[Settings, argparse.Namespace], int], text: str) -> _Parser:
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(run=run)
        return verb

    add("serve", _serve, "Serve the web chat and the API, building first if nothing is live.")
    add("mcp", _serve_mcp, "Serve a client of the Model Context Protocol at stdin and stdout.")
    ask = add("ask", _ask, "Answer a question with quotations from the live release.")
    ask.add_argument("question", nargs="+")
    ask.add_argument(
        "--company", action="append", help="only cases of this company; may be repeated"
    )
    ask.add_argument("--language", choices=LANGUAGES, help="language of the framing words")
    search = add("search", _search, "Print the passages nearest to a question.")
    search.add_argument("question", nargs="+")
    search.add_argument("-k", type=int, default=10, help="how many, 1 to 100 (default 10)")
    add_verbs(lambda name, run, text: add(name, _with_publisher(run), text))
    add_worklist(add, composition.make_publisher)
    add_verb(add, composition.make_releases, composition.load_encoder, composition.choose_reader)
    add("status", _status, "Print what is live.")
    forget = add("forget", _forget, "Delete the votes of a member.")
    forget.add_argument("member", help="as the portal's tokens call them, or the log's opaque id")
    _add_settings(parser, None)
    for verb in verbs.choices.values():
        # A flag before the verb must survive the verb's own parsing, whose defaults would reset it.
        _add_settings(verb, argparse.SUPPRESS)
    return parser


def _add_settings(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Tell a parser what every verb takes, below what it has of its own."""
    unset = False if default is None else default
    parser.add_argument(
        "--json", action="store_true", default=unset, help="print the result as JSON"
    )
    parser.usage = f"{parser.format_usage().removeprefix('usage: ').strip()} [SETTING ...]"
    group = parser.add_argument_group("settings, the same for every verb")
    for name, text in _FLAGS.items():
        flag, told = "--" + name.replace("_", "-"), f"{text}; {variable_of(name)}"
        group.add_argument(flag, dest=name, metavar="VALUE", default=default, help=told)


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    from chatbot.server import serve

    releases = composition.make_releases(settings)

    @cache
    def load() -> Encoder:
        return SharedEncoder(composition.load_encoder(settings))

    # the engine's is the publisher's too
    read = cache(partial(composition.choose_reader, settings))
    publisher = Publisher(composition.make_library(settings), releases, load, read)

    def prepare() -> None:
        try:
            check_model(read_manifest(releases.path(releases.live())), load().identity)
        except OutdatedReleaseError as error:
            say(f"Building the index anew, once: {error}")
            publish(publisher)
        except NoReleaseError:
            if not releases.all():
                say("Building the index: nothing is published yet")
                publish(publisher)
        except ReleaseError:  # the engine serves another and says so
            pass

    engine = composition.make_engine(settings, releases, load, read)
    return serve(engine, settings, prepare, say, publisher)


def _serve_mcp(settings: Settings, _: argparse.Namespace) -> int:
    from chatbot.web.programs.mcp_server import serve_stdio

    serve_stdio(composition.make_engine(settings, composition.make_releases(settings)))
    return 0


def _ask(settings: Settings, arguments: argparse.Namespace) -> int:
    filters = {"company": arguments.company} if arguments.company else None
    engine = composition.open_engine(settings)
    question = " ".join(arguments.question)
    answer = engine.write(engine.ask(question, filters=filters, language=arguments.language))
    if arguments.json:
        print_json(answer.to_json())
        return 0
    print(answer.text)
    if answer.citations:
        print()
    for line in answer.list_sources():
        print(line)
    return 0


def _search(settings: Settings, arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.k <= 100:
        raise UsageError(f"-k {arguments.k}: give a number from 1 to 100")
    found = composition.open_engine(settings).search(" ".join(arguments.question), arguments.k)
    if arguments.json:
        print_json(
            {
                "release": found.release,
                "hits": [
                    {
                        "rank": hit.rank,
                        "score": hit.score,
                        "document": hit.document.name,
                        "case": hit.case.title,
                        "start": hit.passage.start,
                        "end": hit.passage.end,
                        "text": hit.passage.text,
                        "evidence": asdict(hit.evidence),
                    }
                    for hit in found.hits
                ],
            }
        )
        return 0
    for hit in found.hits:
        print(f"{hit.rank:3}  {hit.score:6.2f}  {hit.case.title}")
        print(f"     {hit.document.name}, {hit.passage.start}-{hit.passage.end}")
        print(f"     {' '.join(hit.passage.text.split())}\n")
    return 0


def _with_publisher(
    run: Callable[[Publisher, argparse.Namespace], int],
) -> Callable[[Settings, argparse.Namespace], int]:
    """Return a verb that takes settings for one that takes a publisher."""
    return lambda settings, arguments: run(composition.make_publisher(settings), arguments)


def _status(settings: Settings, arguments: argparse.Namespace) -> int:
    load = partial(composition.load_encoder, settings)
    engine = Engine(composition.make_releases(settings), load)
    status = engine.status()
    if status.live:
        status = replace(status, reader=composition.name_reader(settings, status.model))
    if arguments.json:
        print_json({**asdict(status), "version": VERSION})
    elif status.live:
        if status.refused:
            say(f"casebook: WARNING: {status.message}; `verify` says what is damaged")
        print(
            f"release {status.release}: {count(status.documents, 'document')}, "
            f"{count(status.cases, 'case')}, {count(status.passages, 'passage')}, "
            f"encoded by {status.model}, read by {status.reader}"
        )
    else:
        print(status.message)
    return 0 if status.live and not status.refused else 1


def _forget(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatbot.publishing.feedback import VoteLog
    from chatbot.web.security.members import hide_subject, read_keys
    from chatbot.web.security.shared_state import SharedState

    ids = {arguments.member}
    if settings.members == "required":
        secret = SharedState(settings.var / "ledger.sqlite").secret("sessions")
        keys = read_keys(settings.member_key, settings.member_issuer, secret)
        ids.add(hide_subject(arguments.member, keys))
    elif not re.fullmatch("[0-9a-f]{16}", arguments.member):
        raise UsageError(
            "without CASEBOOK_MEMBERS=required and the key, give the opaque id that the log has"
        )
    votes = VoteLog(settings.var, settings.vote_days)
    gone = sum(votes.forget(each) for each in ids)
    if arguments.json:
        print_json({"votes": gone})
    else:
        print(f"{count(gone, 'vote')} deleted")
    return 0


def _set_up_logging(settings: Settings) -> None:
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S%z",
    )
    logging.getLogger("casebook").setLevel(settings.log_level.upper())
