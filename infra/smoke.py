"""Checks that deployed functions respond, before the full preflight check.

`smart-calc release smoke` uses the public URL: every function must report that it's healthy, and
launch without `iss` must return `iss_missing`. That shows that all functions are deployed, have
read their configuration, allow public calls, and are at the right paths.

`smart-calc release smoke --candidates FILE` runs before a release gets traffic. FILE has one line
per new revision with its temporary URL, and each revision must report that it's healthy.
"""

import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import requests

from infra import project
from shared import json_members

# After a first deployment, the invoker role or a certificate can take a while to become active.
ATTEMPTS = 6
PAUSE_SECONDS = 15.0
_WAIT_SECONDS = (ATTEMPTS - 1) * PAUSE_SECONDS
_RESPONSE_SECONDS = 40.0
_MOST_BYTES = 100_000


def health_problem(address: str) -> str | None:
    """Return the problem with a function's health URL, or None if it's healthy."""
    status, document = _get(address)
    if status == 200 and document.get("status") == "ok":
        return None
    return _problem(address, status, document, "200 with status ok")


def launch_problem(public_url: str) -> str | None:
    """Return the problem with launch at this URL, or None if it responds as expected."""
    address = f"{public_url}/launch"
    status, document = _get(address)
    if document.get("code") == "iss_missing":
        return None
    return _problem(address, status, document, "400 with iss_missing")


def _get(address: str) -> tuple[int, dict[str, object]]:
    """Return a response's status and JSON object ({} for other bodies), or 0 and why none came."""
    headers = {"Accept": "application/json"}
    try:
        with requests.get(
            address, headers=headers, timeout=_RESPONSE_SECONDS, stream=True
        ) as response:
            body = next(response.iter_content(_MOST_BYTES), b"")
            return response.status_code, json_members.document(body) or {}
    except requests.RequestException as error:
        return 0, {"unreached": str(error)}


def _problem(address: str, status: int, document: dict[str, object], wanted: str) -> str:
    if not status:
        return f"{address} can't be reached: {document['unreached']}."
    code = document.get("code")
    if status == 403 and code is None:
        return f"{address} doesn't allow public calls (docs/organization.md, Public invocation)."
    received = code or ("JSON" if document else "a body that isn't this app's JSON")
    return f"{address} returned {status} with {received}, but {wanted} was expected."


def retry(check: Callable[[], str | None]) -> None:
    """Retry a check until it finds no problem. If one persists, exit with it and status 1."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        problem = check()
        if problem is None:
            return
        if attempt == 0:
            sys.stderr.write(f"{problem} Trying again for {_WAIT_SECONDS:g} s.\n")
    sys.exit(problem)


def public(public_url: str) -> None:
    """Check every function at the public URL, where jobs aren't."""
    functions = project.read(Path.cwd()).public
    for name in functions:
        address = f"{public_url}/{name}/health"
        retry(lambda address=address: health_problem(address))  # type: ignore[misc]
    retry(lambda: launch_problem(public_url))
    sys.stdout.write(f"{public_url}: {', '.join(functions)} respond.\n")


def candidates(addresses: Iterable[str]) -> None:
    """Check new revisions at their temporary URLs."""
    for address in addresses:
        retry(lambda address=address: health_problem(f"{address}/health"))  # type: ignore[misc]
        sys.stdout.write(f"{address} is healthy.\n")


if __name__ == "__main__":
    file = Path(sys.argv[-1])
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        sys.exit(f"{file} can't be read: {error.strerror}.")
    if sys.argv[1] == "--candidates":
        candidates(text.split())
    else:
        try:
            public_url = str(tomllib.loads(text)["public_url"])
        except (ValueError, KeyError):
            sys.exit(f"{file} has no readable public_url. To list its problems: smart-calc doctor")
        public(public_url)
