"""Read the public keys of CDS Hooks clients from files (`keys` of [[cds_client]]).

CDS Hooks 2.0, "Trusting CDS Clients": keys may be exchanged out of band. A file has a JWK Set (RFC
7517 5).
"""

from collections.abc import Mapping

from shared import json_members
from shared.config import secret_references
from shared.config.settings import Settings
from shared.config.table import Problem
from shared.oidc.jwk_set import KeySet, key_set
from shared.smart.published_keys import PRIVATE

_ASK = "Ask the EHR's operator for its public keys as a JWK Set, and mount that file here."


def resolve(settings: Settings) -> tuple[Mapping[str, KeySet], list[Problem]]:
    """Return the keys of each client with a file, by the client's key, and the files' problems.

    Only cds_services and `make doctor` use this.
    """
    key_sets: dict[str, KeySet] = {}
    problems: list[Problem] = []
    for index, client in enumerate(settings.cds_clients):
        if client.keys is None:
            continue
        try:
            key_sets[client.key] = read(secret_references.resolve(client.keys), client.keys)
        except ValueError as error:
            place = f"cds_client[{index}].keys"
            problems.append(Problem.at("cds_keys_unreadable", place, str(error), _ASK))
    return key_sets, problems


def read(text: str, name: str) -> KeySet:
    """Return the usable keys in a file. Raise ValueError with the problem, but without values."""
    document = json_members.document(text)
    members = json_members.items(document.get("keys")) if document is not None else ()
    if not members:
        raise ValueError(f"{name} contains no JWK Set with keys")
    if any(PRIVATE & one.keys() for one in json_members.objects(members)):
        raise ValueError(f"{name} contains a private or secret key, which only the EHR may have")
    keys = key_set(name, list(members))
    if not keys.keys:
        raise ValueError(
            f"{name} contains no usable key (RSA of 2048 to 8192 bits, P-256 or P-384)"
        )
    return keys
