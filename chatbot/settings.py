"""The settings, as one frozen record; the only reader of the environment.

A flag wins over the environment, the environment over the default. Every field's variable is its
name in capitals behind `CASEBOOK_`, every flag its name with hyphens.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from corpus.errors import UsageError

PREFIX = "CASEBOOK_"
SHORTEST_TOKEN = 16  # characters


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and how they are served.

    `reports` is the folder of documents and `var` that of everything built. `model` is empty for
    the bundled model, else a Sentence Transformers folder or name. `root_path` is the prefix under
    which a proxy serves Casebook: empty, or `/casebook`, with a slash before and none behind.
    `editor_token` opens the editor's page, which is closed where it is empty; it is a secret, so it
    is no part of what the record prints.
    """

    reports: Path = Path("corpus/reports")
    var: Path = Path("var")
    model: str = ""
    host: str = "127.0.0.1"
    port: int = 7860
    root_path: str = ""
    log_level: str = "info"
    editor_token: str = field(default="", repr=False)


def variable_of(field: str) -> str:
    """Return the environment variable of a field: `root_path` gives `CASEBOOK_ROOT_PATH`."""
    return PREFIX + field.upper()


def read_settings(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings:
    """Return the settings that flags, environment and defaults give together.

    A flag that is None was not given; an empty variable counts as not set. Raises UsageError,
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
    return Settings(
        reports=Path(given.get("reports", default.reports)).expanduser(),
        var=Path(given.get("var", default.var)).expanduser(),
        model=given.get("model", default.model),
        host=given.get("host", default.host),
        port=_read_port(given["port"]) if "port" in given else default.port,
        root_path=_read_root_path(given.get("root_path", default.root_path)),
        log_level=_read_log_level(given.get("log_level", default.log_level)),
        editor_token=_read_token(given.get("editor_token", default.editor_token)),
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
