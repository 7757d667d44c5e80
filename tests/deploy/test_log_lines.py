"""The log of a busy function, line by line, with the platform's LOG_EXECUTION_ID."""

import json
import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from shared.release import version
from tests.support.cloud.staged import COMMIT, Copy, running

# `make soak` takes ten thousand.
REQUESTS = 10_000 if os.environ.get("SOAK") else 400
AT_ONCE = 16
CONFIG = """
public_url = "http://localhost:8080"
sealing_keys = ["env:SEALING_KEY"]
[store]
kind = "sqlite"
path = "smart.db"
[[ehr]]
key = "ehr"
iss = ["https://ehr.example.org/r4"]
client_id = "client"
scopes = "patient/*.rs"
"""


def test_of_many_requests_at_once_each_has_one_whole_line(
    staged: Path, programs: Mapping[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "smart.toml").write_text(CONFIG)
    variables = {
        "SMART_CONFIG": "smart.toml",
        "LOG_EXECUTION_ID": "true",
        "THREADS": str(AT_ONCE),
        "GOOGLE_CLOUD_PROJECT": "project-1",
    }
    copy = Copy("launch", variables)
    address = f"http://127.0.0.1:{copy.port}/?iss=https://no.example.org&launch=x"

    def ask(first: int) -> list[str]:
        """Return the correlation ids of one caller's responses. Each request has its own trace."""
        session, ids = requests.Session(), []
        for number in range(first, REQUESTS, AT_ONCE):
            headers = {"traceparent": f"00-{number + 1:032x}-{number + 1:016x}-01"}
            answer = session.get(address, headers=headers, timeout=60)
            ids.append(answer.headers["X-Correlation-Id"])
        session.close()
        return ids

    with running(staged, programs, [copy], tmp_path), ThreadPoolExecutor(AT_ONCE) as pool:
        answered = [one for ids in pool.map(ask, range(AT_ONCE)) for one in ids]
    (written,) = tmp_path.glob("launch-*.log")
    lines = [json.loads(line) for line in written.read_text().splitlines()]
    assert Counter(line["correlation_id"] for line in lines) == Counter(answered)
    assert len(set(answered)) == REQUESTS
    assert {line["event"] for line in lines} == {"launch_refused"}
    assert {(line["version"], line["commit"]) for line in lines} == {(version(), COMMIT)}
    traces = {line["logging.googleapis.com/trace"] for line in lines}
    assert traces == {f"projects/project-1/traces/{n + 1:032x}" for n in range(REQUESTS)}
