"""Why a scope was not granted, judged by the scope itself and by the other granted scopes."""

from typing import Literal

from shared.explain import scope_cause, scope_causes
from shared.explain.ranking.scope_causes import in_other_version, version
from tests.support.tables import each

FLOWS: dict[str, Literal["ehr", "standalone"] | None]
FLOWS = {"ehr": "ehr", "standalone": "standalone", "-": None}
V1 = ("patient/Patient.read", "patient/Observation.read")


# The vendor and the flow; a requested scope; the granted ones; the ones that the EHR lists, or `-`
# if it lists none; the cause.
LOST = """\
oracle ehr | patient/*.read | launch openid | - | scope_syntax
generic ehr | patient/*.rs | launch | patient/Patient.rs | scope_syntax
epic ehr | patient/*.rs | launch openid | - | scope_not_registered
oracle ehr | launch/patient | openid | - | launch_patient_scope_on_provider
oracle - | launch/patient | openid | launch openid | launch_patient_scope_on_provider
generic standalone | launch/patient | openid | - | scope_trimmed
generic ehr | launch | patient/Patient.rs | - | scope_trimmed
oracle ehr | openid | launch | - | scope_not_registered
oracle ehr | offline_access | launch openid | - | scope_not_registered
oracle ehr | system/Patient.read | launch | - | scope_not_registered
oracle ehr | patient/Patient.read | launch openid | - | scope_syntax
oracle ehr | patient/Patient.rs | launch openid | - | scope_not_registered
epic ehr | patient/Patient.read | launch openid | - | scope_not_registered
oracle ehr | patient/Patient.read | patient/Observation.rs | - | scope_syntax
generic ehr | patient/Patient.rs | launch | patient/Patient.read | scope_syntax
oracle ehr | patient/Device.read | patient/Patient.read | patient/Device.read \
patient/Device.rs | scope_not_registered
generic ehr | patient/Patient.cruds | patient/Patient.rs | - | scope_trimmed
generic standalone | patient/Patient.rs | openid | - | patient_context_missing
generic standalone | patient/Patient.rs | launch/patient | - | scope_not_registered
generic standalone | user/Patient.rs | openid | - | scope_not_registered
"""


@each(
    ("context", "asked", "granted", "listed", "cause"),
    [line.split(" | ") for line in LOST.splitlines()],
)
def test_each_missing_scope_has_its_most_probable_cause(
    context: str, asked: str, granted: str, listed: str, cause: str
) -> None:
    vendor, flow = context.split()
    known = FLOWS[flow]
    supported = None if listed == "-" else listed.split()
    causes = scope_causes(vendor, known, [asked], granted.split(), supported)
    assert causes == {asked: cause}


def test_a_granted_scope_has_no_cause() -> None:
    assert scope_causes("oracle", "ehr", V1, V1) == {}
    assert scope_causes("oracle", "ehr", V1, ("patient/Patient.rs", "patient/*.rs")) == {}


@each("cause", ["scope_syntax", "scope_not_registered"])
def test_at_oracle_the_console_is_named(cause: Literal["scope_syntax"]) -> None:
    assert "code console" in " ".join(scope_cause(cause, "oracle").steps)
    assert "code console" not in " ".join(scope_cause(cause, "generic").steps)
    assert scope_cause(cause, "oracle").certainty == "likely"


def test_the_syntax_version_is_told_by_the_suffix() -> None:
    told = map(version, ("patient/A.read", "user/A.*", "patient/A.rs", "openid"))
    assert list(told) == ["v1", "v1", "v2", None]


def test_the_other_version_counts_only_where_the_own_is_not_listed() -> None:
    assert in_other_version("patient/A.read", ["patient/A.crus"]) == "patient/A.crus"
    assert in_other_version("patient/A.read", ["patient/A.crus", "patient/A.write"]) is None
    assert in_other_version("patient/A.read", ["patient/B.rs"]) is None
    assert in_other_version("openid", ["patient/A.rs"]) is None
