"""The settings, as one frozen record; the only reader of the environment.

A flag wins over the environment, the environment over the default. Every field's variable is its
name in capitals behind `CASEBOOK_`, every flag its name with hyphens.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from corpus.errors import UsageError

PREFIX = "CASEBOOK_"
HOME = Path(__file__).resolve().parents[1]  # Casebook's own folder, wherever it is called from
SHORTEST_TOKEN = 16  # characters
LLM = "llm"  # the reader that is no model's folder or name
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
_ORIGIN = re.compile(r"(https?)://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")
_OWN_PORT = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how they are served.

    `reports` is the folder of documents and `var` that of everything built. `model` is empty for
    the bundled model, else a Sentence Transformers folder or name. `reader` is empty for the
    bundled reader, else a cross-encoder's folder or name, or `llm`. `root_path` is the prefix under
    which a proxy serves Casebook: empty, or `/casebook`, with a slash before and none behind.
    `editor_token` opens the editor's page, which is closed where it is empty; it is a secret, so it
    is no part of what the record prints.

    `embed_origins` are the sites that may show the widget and call the API, as browsers write them:
    `https://portal.example`. `hosts` are the names that Casebook answers to beside localhost and
    every IP address, in lower case. `trusted_proxies` are networks whose word about a request's
    sender is believed. `members` is `open` or `required`; required, `member_key` is what the
    portal's tokens are checked with and `member_issuer` who has to have issued them; `portal` is
    empty, or the portal's page that leads a member to the address in its `next`.
    `questions_per_minute` is what one member, or one address, may ask; votes are kept for
    `vote_days`. A question asked in vain is kept for `question_days`, without who asked; not at all
    for 0.
    `milvus_uri` is empty, or where vectors are kept: a file of milvus-lite, or a server's address.
    `llm_url` is empty, or the address of an OpenAI-compatible endpoint whose `llm_model` sums up
    the quotations, and chooses them where `reader` is `llm`; `llm_key` is what it asks for, if
    anything, and stands in no `repr`.
    """

    reports: Path = Path("corpus/reports")
    var: Path = Path("var")
    model: str = ""
    reader: str = ""
    host: str = "127.0.0.1"
    port: int = 7860
    root_path: str = ""
    log_level: str = "info"
    editor_token: str = field(default="", repr=False)
    embed_origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    members: str = "open"
    member_key: str = field(default="", repr=False)
    member_issuer: str = ""
    portal: str = ""
    questions_per_minute: int = 30
    vote_days: int = 180
    question_days: int = 90
    milvus_uri: str = field(default="", repr=False)
    llm_url: str = ""
    llm_model: str = ""
    llm_key: str = field(default="", repr=False)


def variable_of(field: str) -> str:
    """Return the environment variable of a field: `root_path` gives `CASEBOOK_ROOT_PATH`."""
    return PREFIX + field.upper()


def read_settings(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings:
    """Return the settings that flags, environment and defaults give together.

    A flag that is None was not given; an empty variable counts as not set. What is given is a path
    from where Casebook is called, the defaults are those in its own folder. Raises UsageError,
    naming the variable, for a value that cannot work.
    """
    given: dict[str, str] = {}
    for each in fields(Settings):
        value = flags.get(each.name)
        if value is None:
            value = environ.get(variable_of(each.name)) or None
        if value is not None:
            given[each.name] = value.strip()
    default = Settings()
    settings = Settings(
        reports=Path(given.get("reports", HOME / default.reports)).expanduser(),
        var=Path(given.get("var", HOME / default.var)).expanduser(),
        model=given.get("model", default.model),
        reader=given.get("reader", default.reader),
        host=given.get("host", default.host),
        port=_read_port(given["port"]) if "port" in given else default.port,
        root_path=_read_root_path(given.get("root_path", default.root_path)),
        log_level=_read_log_level(given.get("log_level", default.log_level)),
        editor_token=_read_token(given.get("editor_token", default.editor_token)),
        embed_origins=_read_list(given.get("embed_origins", ""), read_origin),
        hosts=_read_list(given.get("hosts", ""), _read_host_name),
        trusted_proxies=_read_list(given.get("trusted_proxies", ""), _read_network),
        members=given.get("members", default.members).lower(),
        member_key=given.get("member_key", default.member_key),
        member_issuer=given.get("member_issuer", default.member_issuer),
        portal=_read_portal(given.get("portal", default.portal)),
        questions_per_minute=_read_rate(
            given.get("questions_per_minute", str(default.questions_per_minute))
        ),
        vote_days=_read_days(given.get("vote_days", str(default.vote_days)), "vote_days", 1),
        question_days=_read_days(
            given.get("question_days", str(default.question_days)), "question_days", 0
        ),
        milvus_uri=_read_milvus_uri(given.get("milvus_uri", default.milvus_uri)),
        llm_url=_read_llm_url(given.get("llm_url", default.llm_url)),
        llm_model=given.get("llm_model", default.llm_model),
        llm_key=_read_llm_key(given.get("llm_key", default.llm_key)),
    )
    _check_members(settings)
    _check_model(settings)
    return settings


def read_origin(value: str) -> str:
    """Return an origin as browsers write it: lower case, the scheme's own port left out.

    Raises UsageError for what is no exact origin of http or https: a path, a wildcard, `null`.
    """
    refused = UsageError(
        f"{PREFIX}EMBED_ORIGINS: {value!r} is not an origin; give scheme and host, such as "
        "https://portal.example"
    )
    match = _ORIGIN.fullmatch(value.lower())
    if not match or int(match[3] or 1) > 65535:
        raise refused
    scheme, host, port = match[1], match[2], match[3]
    if host.startswith("["):
        try:
            host = f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError as error:
            raise refused from error
    elif not _NAME.fullmatch(host):
        raise refused
    return f"{scheme}://{host}" + (f":{port}" if port and port != _OWN_PORT[scheme] else "")


def _check_members(settings: Settings) -> None:
    if settings.members not in ("open", "required"):
        raise UsageError(f"{PREFIX}MEMBERS: {settings.members!r} is neither open nor required")
    if settings.members == "open":
        return
    for name in ("member_key", "member_issuer"):
        if not getattr(settings, name):
            raise UsageError(f"{variable_of(name)}: has to be set where {PREFIX}MEMBERS=required")


def _check_model(settings: Settings) -> None:
    if bool(settings.llm_url) != bool(settings.llm_model):
        missing = "LLM_MODEL" if settings.llm_url else "LLM_URL"
        raise UsageError(f"{PREFIX}{missing} is missing: a language model needs URL and MODEL")
    if settings.reader == LLM and not settings.llm_url:
        raise UsageError(f"{PREFIX}READER: {LLM} needs {PREFIX}LLM_URL and {PREFIX}LLM_MODEL")


def _read_list(value: str, read: Callable[[str], str]) -> tuple[str, ...]:
    """Return what commas or blanks separate, each read, in order and once."""
    return tuple(dict.fromkeys(read(part) for part in re.split(r"[,\s]+", value) if part))


def _read_host_name(value: str) -> str:
    name = value.lower().rstrip(".")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{PREFIX}HOSTS: {value!r} is not a name; give one such as casebook.example, no port"
        )
    return name


def _read_network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError as error:
        raise UsageError(
            f"{PREFIX}TRUSTED_PROXIES: {value!r} is neither an IP address nor a network such as "
            "10.0.0.0/24"
        ) from error


def _read_days(value: str, name: str, least: int) -> int:
    if value.isascii() and value.isdigit() and len(value) < 5 and least <= int(value) <= 3650:
        return int(value)
    raise UsageError(
        f"{variable_of(name)}: {value!r} is no such number; give one from {least} to 3650"
    )


def _read_rate(value: str) -> int:
    if value.isascii() and value.isdigit() and 1 <= int(value) <= 1000:
        return int(value)
    raise UsageError(
        f"{PREFIX}QUESTIONS_PER_MINUTE: {value!r} is no such number; give one from 1 to 1000"
    )


def _read_port(value: str) -> int:
    if value.isascii() and value.isdigit() and 0 <= int(value) <= 65535:
        return int(value)
    raise UsageError(f"{PREFIX}PORT: {value!r} is not a port; give a number from 0 to 65535")


def _read_root_path(value: str) -> str:
    path = value.rstrip("/")
    if path and (not path.startswith("/") or any(c in path for c in "?#\\ ") or "//" in path):
        raise UsageError(f"{PREFIX}ROOT_PATH: {value!r} is not a path; give one such as /casebook")
    return path


def _read_log_level(value: str) -> str:
    level = value.lower()
    names = ("debug", "info", "warning", "error", "critical")
    if level not in names or level.upper() not in logging.getLevelNamesMapping():
        raise UsageError(
            f"{PREFIX}LOG_LEVEL: {value!r} is no level; give one of {', '.join(names)}"
        )
    return level


def _read_token(value: str) -> str:
    """Return a token long enough not to be guessed; its characters are in no message."""
    if value and len(value) < SHORTEST_TOKEN:
        raise UsageError(
            f"{PREFIX}EDITOR_TOKEN: shorter than {SHORTEST_TOKEN} characters; set a longer one, "
            "such as `openssl rand -hex 16` prints, or none to close the editor's page"
        )
    return value


def _split_address(value: str) -> SplitResult:
    """Return the parts of an address, all empty where it is none."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return urlsplit("")
    return parts


def _read_portal(value: str) -> str:
    parts = _split_address(value)
    plain = value.isascii() and value.isprintable() and not any(c in value for c in " \\#@<>\"'")
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or not plain):
        raise UsageError(
            f"{PREFIX}PORTAL: {value!r} is not an address; give a page of the portal, such as "
            "https://portal.example/casebook"
        )
    return value


def _read_milvus_uri(value: str) -> str:
    if not value or (value.endswith(".db") and "://" not in value):
        return value
    parts = _split_address(value)
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
        # The value is not repeated: a password may stand in it.
        raise UsageError(
            f"{PREFIX}MILVUS_URI: give a server, such as http://127.0.0.1:19530, or a file that "
            "ends in .db"
        )
    return value


def _read_llm_url(value: str) -> str:
    if not value:
        return value
    parts = _split_address(value)
    plain = value.isascii() and value.isprintable() and not any(c in value for c in " \\?#@")
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        # The value is not repeated: a key may stand in it.
        raise UsageError(
            f"{PREFIX}LLM_URL: give an address such as http://127.0.0.1:8000/v1, without a key"
        )
    return value


def _read_llm_key(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(f"{PREFIX}LLM_KEY: a key has no blanks, and ASCII characters alone")
    return value
