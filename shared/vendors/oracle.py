"""Oracle Health (docs/oracle-health.md)."""

from shared.vendors import oracle_console
from shared.vendors.profile import Profile, ScopeHabits, SearchHabits, Signs

ORACLE = Profile(
    name="oracle",
    title="Oracle Health",
    endpoint_hosts=frozenset({"authorization.cerner.com"}),
    # The identity provider of the tenant. The path still identifies the tenant.
    issuer_pattern=r"{issuer}(?:/oidc/idsps/[A-Za-z0-9._~-]{1,200}/?)?",
    # `-pageContext` and others: a leading hyphen marks a vendor's own parameter.
    own_parameters=r"-.+",
    client_type=oracle_console.CHECK_PRIVACY,
    # It doesn't support _sort, but accepts lists of codes.
    searches=SearchHabits(sort=False, by_category=False),
    scopes=ScopeHabits(
        wildcards_dropped=(
            "Cerner SMART tutorial, 2023, and reports: wildcard scopes are not granted at Oracle "
            "Health"
        ),
        other_version_dropped=True,
        launch_patient_refused=True,
        wording={
            "scope_syntax": (
                (
                    "Oracle Health entirely drops wildcard scopes and scopes in the syntax of "
                    "the SMART version that the app isn't registered for. Scopes that aren't "
                    "selected in the code console are missing from the grant too."
                ),
                (
                    oracle_console.CHECK_SMART_VERSION,
                    oracle_console.CHECK_SCOPES,
                    oracle_console.WAIT_A_QUARTER,
                ),
            ),
            "scope_not_registered": (
                (
                    "Oracle Health grants the scopes that are selected in the code console, but "
                    "only 15 minutes after they were selected. A site's own copy of the "
                    "registration may be even older. If all `patient/` or `user/` scopes are "
                    "missing, the app may be registered for the other SMART version."
                ),
                (
                    oracle_console.CHECK_SCOPES,
                    oracle_console.CHECK_SMART_VERSION,
                    oracle_console.WAIT_A_QUARTER,
                ),
            ),
        },
    ),
    signs=Signs(
        urns=("urn:cerner:", "urn:com:cerner:"),
        addresses=("cerner.com", "sandboxcerner", "oraclehealth.com"),
        names=("cerner", "oracle health", "powerchart", "mpages", "code console"),
        hosts={
            "provider": r"https://fhir-ehr(?:-[a-z]{1,10})?\.",
            "patient": r"https://fhir-myrecord(?:-[a-z]{1,10})?\.",
        },
        tenant=True,
    ),
)
