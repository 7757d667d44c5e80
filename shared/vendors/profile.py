"""The vendor-specific properties of EHRs, as data.

The defaults follow SMART App Launch 2.2, RFC 6749 and FHIR R4.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from shared.frozen import dataclass

Persona = Literal["provider", "patient"]


@dataclass(frozen=True, slots=True)
class SearchHabits:
    """How to search a chart on its FHIR server (clinical/queries.py).

    Fields:
        sort: whether to request the newest first. Servers without it sort that way by default.
        by_category: whether to search Observations by category if the server rejects or doesn't
            support the codes of the first search. Otherwise only smoking is searched that way.
        condition_categories: a comma-separated list of the categories of diagnoses, or None for
            all.
        include_medications: whether to search orders together with the drugs they refer to.
    """

    sort: bool = True
    by_category: bool = True
    condition_categories: str | None = None
    include_medications: bool = False


@dataclass(frozen=True, slots=True)
class ScopeHabits:
    """How an authorization server handles scopes.

    Fields:
        wildcards_dropped: the source that says that it drops wildcard scopes entirely, or None
            if it doesn't drop them.
        other_version_dropped: whether it drops all scopes of the SMART version for which the
            app isn't registered.
        launch_patient_refused: whether it refuses `launch/patient` for a clinician's app.
        wording: the reason that a scope is missing and the steps, by cause id. They replace the
            catalogue's texts.
    """

    wildcards_dropped: str | None = None
    other_version_dropped: bool = False
    launch_patient_refused: bool = False
    wording: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signs:
    """The texts that identify a vendor's EHRs. All except `word` and `hosts` are in lowercase.

    Fields:
        urns: prefixes of its error URNs.
        addresses: texts that occur only in its own URLs and messages.
        paths: URL paths that only its servers have, on any host.
        names: product names.
        word: a name that is also a common word, so that its case matters.
        hosts: patterns of the FHIR hosts for each kind of user.
        tenant: whether its errors name the tenant of the FHIR base.
    """

    urns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    word: str | None = None
    hosts: Mapping[Persona, str] = field(default_factory=dict)
    tenant: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One vendor.

    Fields:
        name: the `vendor` of an [[ehr]] entry, and of entries in the error catalogue.
        title: the name for people.
        endpoint_hosts: hosts for its endpoints in addition to the FHIR base's own.
        issuer_pattern: a pattern for the id_token's `iss`, if it isn't the issuer of the SMART
            configuration. `{issuer}` is replaced with that issuer.
        raw_basic: whether Basic credentials are sent without the form encoding of RFC 6749
            2.3.1.
        client_id_header: the header that identifies the client in requests for discovery and
            `metadata`.
        standalone_by_post: whether a long authorization request of a standalone launch may be
            sent as a form (`authorize-post`).
        own_parameters: a pattern for the names of the vendor's own search parameters. With
            `handling=strict`, an EHR may reject them as unknown.
        client_type: the step that shows the client type in its registration.
        stands_in: whether it's a simulator, which may send the messages of any vendor's EHR.
    """

    name: str
    title: str
    endpoint_hosts: frozenset[str] = frozenset()
    issuer_pattern: str | None = None
    raw_basic: bool = False
    client_id_header: str | None = None
    standalone_by_post: bool = True
    own_parameters: str | None = None
    client_type: str | None = None
    stands_in: bool = False
    searches: SearchHabits = SearchHabits()
    scopes: ScopeHabits = ScopeHabits()
    signs: Signs = Signs()
