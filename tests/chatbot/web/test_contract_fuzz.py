"""The OpenAPI document against the server: whatever is sent, the answer is one that it names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake_portal import REQUIRED, sign
from tests.fakes import FakeEngine, serving

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance,negative_data_rejection,"
    "unsupported_method,allow_header_conformance"
)
# A body may be both wrong and too large, and is refused for either.
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 404, 405, 413, 415, 422, 429]
"""


def fuzz(address: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run schemathesis over a server's own document, the same cases each time."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
        *("--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "5"),
        *("--seed", "1", "--request-timeout", "20", "--no-color", *options),
    ]
    (folder / "schemathesis.toml").write_text(CONFIGURATION, "utf-8")
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("who", ["anybody", "a member who asks too much", "nobody known"])
def test_no_answer_is_unheard_of(who: str, tmp_path: Path) -> None:
    """No fault, no status, type, header or body that the document does not have."""
    options = {
        "anybody": [],
        "a member who asks too much": ["--header", f"Authorization: Bearer {sign()}"],
        # 401 comes before anybody asks whether there is such a method
        "nobody known": ["--exclude-checks", "unsupported_method"],
    }[who]
    settings = {} if who == "anybody" else {**REQUIRED, "questions_per_minute": 5}
    with serving(FakeEngine(), var=tmp_path, **settings) as address:
        done = fuzz(address, tmp_path, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[0-9]{2,} generated, [0-9]{2,} passed", done.stdout), done.stdout
