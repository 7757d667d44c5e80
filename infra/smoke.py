"""Asks deployed functions whether they answer; before the doctor looks further.

`smart-calc release smoke`, at the public address: every function says that it is well, and
launch without `iss` answers `iss_missing`. So all are deployed, have read their configuration, may
be called by anyone, and are reached under their own names.

`smart-calc release smoke --candidates FILE`, before a release has any traffic: FILE holds a line
for each new revision, the address that it was lent, and each says that it is well.
"""

import json
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import requests

from infra import project

# Right after a first deployment the right to call, or a certificate, may take its time.
ATTEMPTS = 6
PAUSE_SECONDS = 15.0
_ANSWER_SECONDS = 40.0
_MOST_BYTES = 100_000


def health_problem(address: str) -> str | None:
    """What is wrong with a function's health address; None where it is well."""
    status, document = _ask(address)
    if status == 200 and document.get("status") == "ok":
        return None
    return _said(address, status, document, "200 with status ok")


def launch_problem(public_url: str) -> str | None:
    """What is wrong with launch at this address; None where it answers as it should."""
    address = f"{public_url}/launch"
    status, document = _ask(address)
    if document.get("code") == "iss_missing":
        return None
    return _said(address, status, document, "400 with iss_missing")


def _ask(address: str) -> tuple[int, dict[str, object]]:
    """Status and JSON of an answer, {} where it is no JSON; 0 and the reason where none came."""
    accept = {"Accept": "application/json"}
    try:
        with requests.get(address, headers=accept, timeout=_ANSWER_SECONDS, stream=True) as answer:
            return answer.status_code, _object(next(answer.iter_content(_MOST_BYTES), b""))
    except requests.RequestException as error:
        return 0, {"unreached": str(error)}


def _object(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _said(address: str, status: int, document: dict[str, object], wanted: str) -> str:
    if not status:
        return f"{address} cannot be reached: {document['unreached']}."
    code = document.get("code")
    if status == 403 and code is None:
        return f"{address} may not be called by everyone: docs/deploy.md, Public invocation."
    received = code or ("JSON" if document else "something other than our JSON")
    return f"{address} answers {status} with {received}; {wanted} was expected."


def ask_again(question: Callable[[], str | None]) -> None:
    """Ask until nothing is wrong; end the process with 1 and the last problem where it stays."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        problem = question()
        if problem is None:
            return
    sys.exit(problem)


def public(public_url: str) -> None:
    """Every function at the public address."""
    functions = project.read(Path.cwd()).names
    for name in functions:
        address = f"{public_url}/{name}/health"
        ask_again(lambda address=address: health_problem(address))  # type: ignore[misc]
    ask_again(lambda: launch_problem(public_url))
    sys.stdout.write(f"{public_url}: {', '.join(functions)} answer.\n")


def candidates(addresses: Iterable[str]) -> None:
    """New revisions at the addresses that they were lent."""
    for address in addresses:
        ask_again(lambda address=address: health_problem(f"{address}/health"))  # type: ignore[misc]
        sys.stdout.write(f"{address} is well.\n")


if __name__ == "__main__":
    file = Path(sys.argv[-1])
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        sys.exit(f"{file} can't be read: {error.strerror}.")
    if sys.argv[1] == "--candidates":
        candidates(text.split())
    else:
        public(tomllib.loads(text)["public_url"])
