"""chatbot.settings: flag over environment over default, and one line for what cannot work."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.settings import HOME, Settings, read_origin, read_settings, variable_of
from corpus.errors import UsageError


def test_defaults() -> None:
    """Without flags and environment, the documented defaults hold."""
    assert read_settings({}, {}) == Settings(
        HOME / "corpus" / "reports", HOME / "var", "", "", "127.0.0.1", 7860, "", "info", "",
        (), (), (), "open", "", "", "", 30,
    )  # fmt: skip


def test_flag_over_environment_over_default() -> None:
    """Each source wins over the next; an empty variable is not set."""
    environ = {"CASEBOOK_PORT": "9000", "CASEBOOK_HOST": "0.0.0.0", "CASEBOOK_VAR": ""}
    settings = read_settings({"port": "9001", "host": None}, environ)
    assert (settings.port, settings.host, settings.var) == (9001, "0.0.0.0", HOME / "var")


def test_every_field_can_be_set() -> None:
    """Each setting has a variable, and its value arrives."""
    values = {
        "reports": "~/r", "var": "/v", "model": "m", "reader": "r", "host": "::1", "port": "0",
        "root_path": "/casebook/", "log_level": "DEBUG",
        "editor_token": " sixteen-letters-long\n",
        "embed_origins": "https://Portal.example:443, http://b:8080", "hosts": "Casebook.example.",
        "trusted_proxies": "10.0.0.7 10.1.0.0/16", "members": "Required", "member_key": "k" * 32,
        "member_issuer": "portal", "portal": "https://p.example/in?to=casebook",
        "questions_per_minute": "60", "vote_days": "30",
        "question_days": "0",
        "milvus_uri": "http://a:sk-b@127.0.0.1:19530",
        "llm_url": "http://127.0.0.1:8000/v1", "llm_model": "small", "llm_key": "sk-secret",
    }  # fmt: skip
    assert values.keys() == {field.name for field in fields(Settings)}
    settings = read_settings({}, {variable_of(name): value for name, value in values.items()})
    assert settings == Settings(
        Path("~/r").expanduser(), Path("/v"), "m", "r", "::1", 0, "/casebook", "debug",
        "sixteen-letters-long",
        ("https://portal.example", "http://b:8080"), ("casebook.example",),
        ("10.0.0.7/32", "10.1.0.0/16"), "required", "k" * 32, "portal",
        "https://p.example/in?to=casebook", 60, 30, 0,
        "http://a:sk-b@127.0.0.1:19530", "http://127.0.0.1:8000/v1", "small", "sk-secret",
    )  # fmt: skip
    assert "kkk" not in repr(settings)
    assert "sk-" not in repr(settings)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("port", "http"), ("port", "65536"), ("port", "-1"), ("port", "1.5"), ("port", "٣"),
        ("root_path", "casebook"), ("root_path", "/a b"), ("root_path", "//evil"),
        ("root_path", "/a?b"), ("log_level", "loud"), ("log_level", "notset"),
        ("embed_origins", "null"), ("embed_origins", "*"), ("embed_origins", "https://*.a.example"),
        ("embed_origins", "https://a/"), ("embed_origins", "https://a/x"),
        ("embed_origins", "ftp://a"), ("embed_origins", "a.example"), ("embed_origins", "//a"),
        ("embed_origins", "https://"), ("embed_origins", "https://u@a"),
        ("embed_origins", "https://a:0"), ("embed_origins", "https://a:65536"),
        ("embed_origins", "https://a:"), ("embed_origins", "https://a?x"),
        ("embed_origins", "https://a;script-src"), ("embed_origins", "https://[::g]"),
        ("embed_origins", "https://é.example"), ("embed_origins", "https://a..b"),
        ("embed_origins", "https://a https://b 'self'"), ("embed_origins", "https://-a"),
        ("hosts", "a/b"), ("hosts", "*.a"), ("hosts", "a:80"), ("hosts", "x" * 64),
        ("trusted_proxies", "*"), ("trusted_proxies", "10.0.0"), ("trusted_proxies", "nginx"),
        ("trusted_proxies", "10.0.0.0/33"), ("members", "closed"), ("members", ""),
        ("portal", "portal.example"), ("portal", "javascript:alert(1)"), ("portal", "//a"),
        ("portal", "https://u@a/"), ("portal", "https://a/#x"), ("portal", 'https://a/"><b>'),
        ("portal", "https://a:x/"), ("portal", "https://a/ b"), ("portal", "https://é.example"),
        ("questions_per_minute", "0"), ("questions_per_minute", "1001"),
        ("vote_days", "0"), ("vote_days", "3651"), ("vote_days", "1.5"), ("vote_days", "-1"),
        ("questions_per_minute", "many"), ("questions_per_minute", "-1"), ("question_days", "-1"),
        ("question_days", "3651"), ("question_days", "٣"), ("question_days", "9" * 5000),
    ],
)  # fmt: skip
def test_a_value_that_cannot_work_is_named(field: str, value: str) -> None:
    """The variable, the value and the mend stand in one line."""
    with pytest.raises(UsageError, match=variable_of(field)) as caught:
        read_settings({field: value}, {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"llm_url": "127.0.0.1:8000", "llm_model": "m"}, "CASEBOOK_LLM_URL"),
        ({"llm_url": "ftp://a/v1", "llm_model": "m"}, "CASEBOOK_LLM_URL"),
        ({"llm_url": "https://sk-1@a/v1", "llm_model": "m"}, "CASEBOOK_LLM_URL"),
        ({"llm_url": "https://a/v1?key=sk-1", "llm_model": "m"}, "CASEBOOK_LLM_URL"),
        ({"llm_url": "https://a:x/v1", "llm_model": "m"}, "CASEBOOK_LLM_URL"),
        ({"llm_url": "https://a/v1"}, "CASEBOOK_LLM_MODEL"),
        ({"llm_model": "m"}, "CASEBOOK_LLM_URL"),
        ({"reader": "llm"}, "CASEBOOK_READER: llm needs CASEBOOK_LLM_URL"),
        ({"llm_url": "https://a/v1", "llm_model": "m", "llm_key": "sk-1 2"}, "CASEBOOK_LLM_KEY"),
        ({"llm_url": "https://a/v1", "llm_model": "m", "llm_key": "sk-é1"}, "CASEBOOK_LLM_KEY"),
    ],
)
def test_a_language_model_is_whole_and_its_key_never_told(
    given: dict[str, str], named: str
) -> None:
    """What is missing or cannot be is named, and nothing of an address or key is repeated."""
    with pytest.raises(UsageError, match=named) as caught:
        read_settings({}, {variable_of(name): value for name, value in given.items()})
    assert "sk-" not in str(caught.value)


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


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", ()),
        (" , ,", ()),
        ("https://a.example", ("https://a.example",)),
        ("HTTPS://A.example:443 http://a.example:80", ("https://a.example", "http://a.example")),
        ("https://a:80,http://a:443", ("https://a:80", "http://a:443")),
        ("https://a, https://A:443\n\thttps://a", ("https://a",)),
        (
            "http://127.0.0.1:8000 http://[0:0::1]:8000",
            ("http://127.0.0.1:8000", "http://[::1]:8000"),
        ),
    ],
)
def test_origins_are_written_as_browsers_do(value: str, origins: tuple[str, ...]) -> None:
    """Lower case, without the scheme's own port, each once, in the order they were given."""
    assert read_settings({}, {"CASEBOOK_EMBED_ORIGINS": value}).embed_origins == origins


@given(st.text(max_size=60) | st.from_regex(r"https?://\S{0,40}", fullmatch=True))
def test_an_origin_cannot_bring_words_into_a_policy(text: str) -> None:
    """Whatever is accepted is scheme, host and port, and reads the same again."""
    try:
        origin = read_origin(text)
    except UsageError:
        return
    assert re.fullmatch(r"https?://[a-z0-9_.:\[\]-]+", origin)
    assert read_origin(origin) == origin


@pytest.mark.parametrize("missing", ["member_key", "member_issuer"])
def test_members_cannot_be_required_without_a_key(missing: str) -> None:
    """Casebook does not start open because a variable was forgotten."""
    flags = {"members": "required", "member_key": "k" * 32, "member_issuer": "portal"}
    with pytest.raises(UsageError, match=variable_of(missing)):
        read_settings({**flags, missing: None}, {})
