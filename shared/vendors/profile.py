"""What can be particular to a vendor's EHRs, as data. The defaults are the generic habits.

They are as SMART App Launch 2.2, RFC 6749 and FHIR R4 say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Persona = Literal["provider", "patient"]


@dataclass(frozen=True, slots=True)
class SearchHabits:
    """How its FHIR server is asked for a chart (clinical/queries.py).

    Fields:
        sort: whether it is asked for the newest first; others send them so by themselves.
        by_category: whether Observations are asked for by category where it refuses or does not
            know the codes that it was asked for first. Otherwise smoking is asked for by category
            alone.
        condition_categories: a comma list of the categories of diagnoses; None asks for all.
        include_medications: whether orders are asked for with the drugs they refer to.
    """

    sort: bool = True
    by_category: bool = True
    condition_categories: str | None = None
    include_medications: bool = False


@dataclass(frozen=True, slots=True)
class ScopeHabits:
    """What its authorization server does with scopes.

    Fields:
        wildcards_dropped: where it is known from that it drops wildcard scopes whole; None where
            it does not.
        other_version_dropped: whether it drops all scopes of the SMART version for which the app
            is not registered.
        launch_patient_refused: whether `launch/patient` of a clinician's app is refused.
        wording: why a scope is missing and what to do, by the id of the cause, in place of the
            catalogue's own words.
    """

    wildcards_dropped: str | None = None
    other_version_dropped: bool = False
    launch_patient_refused: bool = False
    wording: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signs:
    """By what its EHRs are recognised in a text. All but `word` and `hosts` are in lower case.

    Fields:
        urns: how its error URNs begin.
        addresses: what only its own addresses and messages hold.
        paths: the same of paths that stand on any host.
        names: product names.
        word: a name that is a common word too, so that its case counts.
        hosts: patterns of the FHIR hosts of those who sign in there.
        tenant: whether the error names the tenant of the FHIR base.
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
        name: the `vendor` of an [[ehr]] entry and of the catalogue's entries.
        title: how it is called for people.
        page: the page of its errors below docs/troubleshooting/; None for the name.
        endpoint_hosts: hosts beside the FHIR base's own on which its endpoints live.
        issuer_pattern: a pattern for the id_token's `iss`, where it is not the issuer of the
            SMART configuration; `{issuer}` stands for that issuer.
        raw_basic: whether Basic credentials go without the form encoding of RFC 6749 2.3.1.
        client_id_header: the header by which discovery and `metadata` say who asks.
        standalone_by_post: whether a long authorization request of a standalone launch may go as a
            form (`authorize-post`).
        own_parameters: a pattern for the names of search parameters that are the vendor's own:
            asked for `handling=strict`, an EHR may refuse them as unknown.
        client_type: the step that shows in its registration how the app proves itself.
        stands_in: whether it plays any vendor's EHR, so that its messages may come from all.
    """

    name: str
    title: str
    docs_page: str | None = None
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
