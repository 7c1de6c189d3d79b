"""How long one question takes on the shipped report, warm and from a cold shell.

    python -m benchmarks.latency

Needs the model prepared and a release live in `var` (`make run` once). Prints the median and the
95th percentile of full answers through the API, one client, no question twice in a row; and the
seconds from starting a process to its first answer, for the server and for `ask`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.server import ROOT, serving

QUESTIONS = (
    "How many people benefit from the Padma Water Plant?",
    "What did WeRide do during the lockdown in Guangzhou?",
    "帕德玛水厂惠及多少人？",
    "How did CAMCE control noise pollution?",
    "中国电建在哪些国家捐赠了光伏产品？",
    "Which school did WeRide engineers visit?",
    "What is the recipe for apple pie?",
    "文远知行在抗击新冠疫情中做了什么？",
    "How many volunteers has POWERCHINA organized?",
)
ROUNDS = 20


def main() -> None:
    """Run the benchmark and print its figures."""
    times = []
    started = time.perf_counter()
    with serving(ROOT / "corpus" / "reports", Path("var")) as client:
        client.post("/api/ask", json={"question": QUESTIONS[0]}).raise_for_status()
        server_start = time.perf_counter() - started
        for _ in range(ROUNDS):
            for question in QUESTIONS:
                asked = time.perf_counter()
                client.post("/api/ask", json={"question": question}).raise_for_status()
                times.append((time.perf_counter() - asked) * 1000)
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "app.py", "ask", QUESTIONS[0]], cwd=ROOT, check=True, capture_output=True
    )
    shell = time.perf_counter() - started
    times.sort()
    print(f"one question, warm: p50 {statistics.median(times):.1f} ms, "
          f"p95 {times[int(len(times) * 0.95)]:.1f} ms, n {len(times)}")  # fmt: skip
    print(f"server, warm start to first answer: {server_start:.1f} s")
    print(f"ask from the shell: {shell:.1f} s")


if __name__ == "__main__":
    main()
