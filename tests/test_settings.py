"""chatbot.settings: flag over environment over default, and one line for what cannot work."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from chatbot.settings import Settings, read_settings, variable_of
from corpus.errors import UsageError


def test_defaults() -> None:
    """Without flags and environment, the documented defaults hold."""
    assert read_settings({}, {}) == Settings(
        Path("corpus/reports"), Path("var"), "", "127.0.0.1", 7860, "", "info", ""
    )


def test_flag_over_environment_over_default() -> None:
    """Each source wins over the next; an empty variable is not set."""
    environ = {"CASEBOOK_PORT": "9000", "CASEBOOK_HOST": "0.0.0.0", "CASEBOOK_VAR": ""}
    settings = read_settings({"port": "9001", "host": None}, environ)
    assert (settings.port, settings.host, settings.var) == (9001, "0.0.0.0", Path("var"))


def test_every_field_can_be_set() -> None:
    """Each setting has a variable, and its value arrives."""
    values = {
        "reports": "~/r", "var": "/v", "model": "m", "host": "::1", "port": "0",
        "root_path": "/casebook/", "log_level": "DEBUG",
        "editor_token": " sixteen-letters-long\n",
    }  # fmt: skip
    assert values.keys() == {field.name for field in fields(Settings)}
    settings = read_settings({}, {variable_of(name): value for name, value in values.items()})
    assert settings == Settings(
        Path("~/r").expanduser(), Path("/v"), "m", "::1", 0, "/casebook", "debug",
        "sixteen-letters-long",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("port", "http"), ("port", "65536"), ("port", "-1"), ("port", "1.5"), ("port", "٣"),
        ("root_path", "casebook"), ("root_path", "/a b"), ("root_path", "//evil"),
        ("root_path", "/a?b"), ("log_level", "loud"), ("log_level", "notset"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_work_is_named(field: str, value: str) -> None:
    """The variable, the value and the mend stand in one line."""
    with pytest.raises(UsageError, match=variable_of(field)) as caught:
        read_settings({field: value}, {})
    assert "\n" not in str(caught.value)


def test_the_editors_token_is_long_and_never_told() -> None:
    """A short one is refused without its characters; a long one is in nothing that is printed."""
    for token in ("secret", "fifteen-letters"):
        with pytest.raises(UsageError, match="CASEBOOK_EDITOR_TOKEN: shorter than 16") as caught:
            read_settings({}, {"CASEBOOK_EDITOR_TOKEN": token})
        assert token not in str(caught.value)
    settings = read_settings({}, {"CASEBOOK_EDITOR_TOKEN": "sixteen-letters-"})
    assert settings.editor_token == "sixteen-letters-"
    assert "sixteen" not in f"{settings} {settings!r}"
    assert read_settings({}, {"CASEBOOK_EDITOR_TOKEN": "  "}).editor_token == ""
