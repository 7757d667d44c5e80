"""`smart-calc doctor endpoints FILE`: judges a list of FHIR bases, and can ask a sample of them.

It reads the same lists as `smart-calc issuers convert`, and issuers/KEY.txt itself. It writes
nothing.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from doctor import issuer_lists, output
from doctor.issuers import shown, text_of
from shared.config.settings import Ehr
from shared.errors import DiscoveryFailed, DiscoveryInvalid
from shared.smart import discovery
from shared.vendors import GENERIC

_AT_ONCE = 4
_MOST_ASKED = 200
_NEEDED = ("authorization_endpoint", "token_endpoint")
# A registration with only placeholder values, to fetch a document as a launch does.
_ANY_EHR = Ehr(
    key="list",
    name="list",
    vendor=GENERIC.name,
    iss=(),
    client_id="",
    client_auth="none",
    client_secret=None,
    private_key=None,
    key_id=None,
    scopes=(),
    standalone=False,
    redirect_path="/callback",
    endpoint_hosts=frozenset(),
    id_token_issuer=None,
    ca_file=None,
)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; it runs as `run` of the parsed arguments."""
    parser = commands.add_parser(
        "endpoints",
        help="judge a list of FHIR bases",
        description="Judges each address in a list as an `iss` is judged, and writes nothing.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="a list, or issuers/KEY.txt; - is stdin")
    parser.add_argument(
        "--connect",
        metavar="N",
        type=int,
        default=0,
        help=f"also fetch the discovery document of N of them (1 to {_MOST_ASKED})",
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def run(arguments: argparse.Namespace) -> int:
        if not 0 <= arguments.connect <= _MOST_ASKED:
            parser.error(f"--connect is a number from 1 to {_MOST_ASKED}")
        return _run(arguments.file, arguments.connect, as_json=arguments.json)

    parser.set_defaults(run=run)


def _run(name: str, sample: int, *, as_json: bool) -> int:
    try:
        judged = issuer_lists.judged(text_of(name))
    except ValueError as error:
        sys.stderr.write(f"The list can't be used: {error}.\n")
        return 1
    asked = dict(_ask(_spread(sorted(judged.bases), sample)))
    failed = [f"{base}: {why}" for base, why in asked.items() if why]
    named = sum(1 for one, _ in judged.bases.values() if one)
    if as_json:
        document = {
            "bases": len(judged.bases),
            "named": named,
            "repeated": judged.repeated,
            "refused": [asdict(one) for one in judged.refused],
            "renamed": judged.renamed,
            "asked": [{"base": base, "problem": why} for base, why in asked.items()],
        }
        output.put(json.dumps(document, indent=2))
    else:
        output.put(
            f"{len(judged.bases):,} FHIR bases, {named:,} with a name, {judged.repeated:,} "
            f"repeated, {len(judged.refused):,} refused."
            + (f" {len(asked) - len(failed):,} of {len(asked):,} responded." if asked else "")
            + shown("Refused:", judged.refused)
            + shown("A base with two names keeps the first:", judged.renamed)
            + shown("No launch can work at:", failed)
        )
    return 1 if judged.refused or failed or not judged.bases else 0


def _spread(bases: Sequence[str], sample: int) -> Sequence[str]:
    """Return a sample, spread evenly, so that each run asks the same ones."""
    count = min(sample, len(bases))
    return [bases[at * len(bases) // count] for at in range(count)]


def _ask(bases: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for number, (base, why) in enumerate(zip(bases, pool.map(_problem, bases), strict=True), 1):
            sys.stderr.write(f"Asked {number} of {len(bases)}\n")
            yield base, why


def _problem(base: str) -> str | None:
    """Return why no launch can work at a base, or None if its document has the endpoints."""
    try:
        document = json.loads(discovery.fetch(_ANY_EHR, base).body)
    except (DiscoveryFailed, DiscoveryInvalid) as error:
        return error.why
    except (ValueError, RecursionError):
        return "The discovery document isn't JSON."
    known = document if isinstance(document, dict) else {}
    absent = [name for name in _NEEDED if not isinstance(known.get(name), str)]
    return f"The discovery document has no {' and no '.join(absent)}." if absent else None
