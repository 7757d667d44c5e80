"""What makes one simulated EHR another vendor's: data and small functions, no routes.

Each personality is named after the vendor whose published behaviour it follows; what is known of
that behaviour, and from where, stands in README.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Personality:
    """The knobs of one EHR.

    Fields:
        key: `generic`, `oracle` or `epic`; the first segment of its addresses.
        title: shown to people.
        token_seconds: life of an access token.
        auth_methods: what its token endpoint takes (`none` for public clients).
        raw_basic: whether Basic credentials are compared without form-decoding.
        echo_nonce: whether an id_token repeats the request's nonce.
        key_ids: whether id_tokens and keys carry `kid`; keys_name_alg: whether keys carry `alg`.
        rotates: whether a refresh gives a new refresh token (and the reuse of an old one revokes
            the family).
        relative_fhir_user: whether `fhirUser` is relative to the FHIR base.
        extra_token_members: further members of a token answer.
    """

    key: str
    title: str
    token_seconds: int = 3600
    auth_methods: tuple[str, ...] = (
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    )
    raw_basic: bool = False
    echo_nonce: bool = True
    key_ids: bool = True
    keys_name_alg: bool = True
    rotates: bool = True
    relative_fhir_user: bool = False
    extra_token_members: Mapping[str, object] = field(default_factory=dict)
