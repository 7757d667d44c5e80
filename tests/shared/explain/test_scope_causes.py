"""Why a scope was not granted, judged by the scope itself and by the other granted scopes."""

from typing import Literal

from shared.explain import scope_cause, scope_causes
from shared.explain.ranking.scope_causes import in_other_version, version
from tests.support.tables import each

Flow = Literal["ehr", "standalone"] | None
V1 = ("patient/Patient.read", "patient/Observation.read")


@each(
    ("vendor", "flow", "asked", "granted", "supported", "cause"),
    [
        ("oracle", "ehr", "patient/*.read", "launch openid", None, "scope_syntax"),
        ("generic", "ehr", "patient/*.rs", "launch", ["patient/Patient.rs"], "scope_syntax"),
        ("epic", "ehr", "patient/*.rs", "launch openid", None, "scope_not_registered"),
        ("oracle", "ehr", "launch/patient", "openid", None, "launch_patient_scope_on_provider"),
        (
            *("oracle", None, "launch/patient", "openid"),
            *(["launch", "openid"], "launch_patient_scope_on_provider"),
        ),
        ("generic", "standalone", "launch/patient", "openid", None, "scope_trimmed"),
        ("generic", "ehr", "launch", "patient/Patient.rs", None, "scope_trimmed"),
        ("oracle", "ehr", "openid", "launch", None, "scope_not_registered"),
        ("oracle", "ehr", "offline_access", "launch openid", None, "scope_not_registered"),
        ("oracle", "ehr", "system/Patient.read", "launch", None, "scope_not_registered"),
        ("oracle", "ehr", "patient/Patient.read", "launch openid", None, "scope_syntax"),
        ("oracle", "ehr", "patient/Patient.rs", "launch openid", None, "scope_not_registered"),
        ("epic", "ehr", "patient/Patient.read", "launch openid", None, "scope_not_registered"),
        (
            *("oracle", "ehr", "patient/Patient.read", "patient/Observation.rs"),
            *(None, "scope_syntax"),
        ),
        (
            *("generic", "ehr", "patient/Patient.rs", "launch"),
            *(["patient/Patient.read"], "scope_syntax"),
        ),
        (
            *("oracle", "ehr", "patient/Device.read", "patient/Patient.read"),
            *(["patient/Device.read", "patient/Device.rs"], "scope_not_registered"),
        ),
        (
            *("generic", "ehr", "patient/Patient.cruds", "patient/Patient.rs"),
            *(None, "scope_trimmed"),
        ),
        (
            *("generic", "standalone", "patient/Patient.rs", "openid"),
            *(None, "patient_context_missing"),
        ),
        (
            *("generic", "standalone", "patient/Patient.rs", "launch/patient"),
            *(None, "scope_not_registered"),
        ),
        ("generic", "standalone", "user/Patient.rs", "openid", None, "scope_not_registered"),
    ],
)
def test_each_missing_scope_has_its_most_probable_cause(
    vendor: str, flow: Flow, asked: str, granted: str, supported: list[str] | None, cause: str
) -> None:
    causes = scope_causes(vendor, flow, asked.split(), granted.split(), supported)
    assert causes == {asked: cause}


def test_a_granted_scope_has_no_cause() -> None:
    assert scope_causes("oracle", "ehr", V1, V1) == {}
    assert scope_causes("oracle", "ehr", V1, ("patient/Patient.rs", "patient/*.rs")) == {}


def test_what_was_reported_as_cut_is_explained_scope_by_scope() -> None:
    granted = ("fhirUser", "launch", "online_access", "openid", "profile")
    causes = scope_causes("oracle", "ehr", ("launch", *V1, "patient/*.read"), granted)
    assert causes == {
        "patient/Patient.read": "scope_syntax",
        "patient/Observation.read": "scope_syntax",
        "patient/*.read": "scope_syntax",
    }


@each("cause", ["scope_syntax", "scope_not_registered"])
def test_at_oracle_the_console_is_named(cause: Literal["scope_syntax"]) -> None:
    assert "code console" in " ".join(scope_cause(cause, "oracle").steps)
    assert "code console" not in " ".join(scope_cause(cause, "generic").steps)
    assert scope_cause(cause, "oracle").certainty == "likely"


def test_the_syntax_version_is_told_by_the_suffix() -> None:
    assert [version(one) for one in ("patient/A.read", "user/A.*", "patient/A.rs", "openid")] == [
        *("v1", "v1"),
        "v2",
        None,
    ]


def test_the_other_version_counts_only_where_the_own_is_not_listed() -> None:
    assert in_other_version("patient/A.read", ["patient/A.crus"]) == "patient/A.crus"
    assert in_other_version("patient/A.read", ["patient/A.crus", "patient/A.write"]) is None
    assert in_other_version("patient/A.read", ["patient/B.rs"]) is None
    assert in_other_version("openid", ["patient/A.rs"]) is None
