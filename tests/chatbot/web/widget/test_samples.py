"""The token samples of docs/widget.md, run as a portal would run them, asked of a real server."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fake_portal import ISSUER, PRIVATE, REQUIRED, SECRET, public_pem
from tests.fakes import FakeEngine, serving

DOCUMENT = (Path(__file__).parents[4] / "docs" / "widget.md").read_text("utf-8")
# How each language is started, what stands before its sample and what after it.
RUN = {
    "python": ("python", "KEY = '''{key}'''\n", '\nprint(sign_token("mei"), sign_token("余"))'),
    "php": (
        "php",
        "<?php\nconst KEY = '{key}';\n",
        '\necho sign_token("mei"), " ", sign_token("余");',
    ),
    "js": ("node", "const KEY = `{key}`;\n", '\nconsole.log(signToken("mei"), signToken("余"));'),
}


def read_sample(language: str) -> str:
    """Return the sample of a language."""
    [sample] = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    return str(sample)


def sign_with_rsa(language: str, sample: str) -> str:
    """Return the sample changed as the document says for a private key."""
    sample = sample.replace("HS256", "RS256")
    if language == "python":
        return sample
    name = {"php": "PHP", "js": "Node"}[language]
    last = re.search(rf"^- in {name}: (`+)(.*?)\1", DOCUMENT, re.MULTILINE)
    assert last
    sample = re.sub(r"^ *return \W*\$?\{?body.*$", lambda _: last[2], sample, flags=re.MULTILINE)
    assert last[2] in sample
    return sample.replace("randomUUID }", "randomUUID, sign }")


@pytest.mark.slow
@pytest.mark.parametrize("language", RUN)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_a_token_of_each_language_is_taken(algorithm: str, language: str, tmp_path: Path) -> None:
    """Casebook answers the member whom the sample's token names, and each token is another one."""
    name, before, after = RUN[language]
    program = sys.executable if name == "python" else shutil.which(name)
    if program is None:
        pytest.skip(f"no {name} here")
    sample, key, checked = read_sample(language), SECRET, SECRET
    assert ISSUER in sample
    if algorithm == "RS256":
        sample, checked = sign_with_rsa(language, sample), public_pem("RS256")
        key = (
            PRIVATE["RS256"]
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode()
        )
    file = tmp_path / f"sample.{ {'python': 'py', 'php': 'php', 'js': 'mjs'}[language] }"
    file.write_text(before.replace("{key}", key) + sample + after, "utf-8")
    done = subprocess.run([program, file], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    tokens = done.stdout.split()
    assert len(set(tokens)) == 2
    with serving(FakeEngine(), **{**REQUIRED, "member_key": checked}) as address:
        for token in tokens:
            said = {"Authorization": f"Bearer {token}"}
            answer = httpx.post(f"{address}/api/ask", json={"question": "benefit"}, headers=said)
            assert answer.status_code == 200, answer.text
            opened = httpx.post(
                f"{address}/session", data={"token": token}, headers={"Origin": address}
            )
            assert opened.status_code == 303, opened.text
