"""Client authentication at the token endpoint (SMART App Launch 2.2, step 5).

A public client names itself by `client_id` in the body and proves itself by PKCE alone; it sends
no Authorization header. The methods of confidential clients belong here too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.config_table import Problem
from shared.settings import Ehr


@dataclass(frozen=True, slots=True)
class ClientAuthentication:
    """What a token request carries beside its grant."""

    fields: Mapping[str, str]
    headers: Mapping[str, str]


def for_client(ehr: Ehr) -> ClientAuthentication:
    """The authentication of a registration; `problems` has let only public ones in."""
    return ClientAuthentication({"client_id": ehr.client_id}, {})


def problems(ehrs: Iterable[Ehr]) -> list[Problem]:
    """A problem for every registration with a method that this version cannot do."""
    return [
        Problem(
            "client_auth_unsupported",
            f"ehr {ehr.key}: client_auth",
            f"{ehr.client_auth} is not here yet",
            'Register a public client and set client_auth = "none".',
        )
        for ehr in ehrs
        if ehr.client_auth != "none"
    ]
