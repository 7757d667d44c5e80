from simulator.oauth.scopes import covering_contexts, grant, is_known_scope
from tests.support.tables import each


@each(
    ("asked", "registered", "granted"),
    [
        ("patient/Observation.rs", "patient/Observation.rs", "patient/Observation.rs"),
        ("patient/Observation.read", "patient/Observation.rs", "patient/Observation.read"),
        ("patient/Observation.rs", "patient/Observation.read", "patient/Observation.rs"),
        ("patient/Observation.cruds", "patient/Observation.rs", "patient/Observation.rs"),
        ("patient/Observation.*", "patient/Observation.rs", "patient/Observation.read"),
        ("patient/Observation.*", "patient/Observation.write", "patient/Observation.write"),
        ("patient/Observation.*", "patient/Observation.s", "patient/Observation.s"),
        ("patient/Observation.rs", "patient/*.read", "patient/Observation.rs"),
        ("patient/*.rs", "patient/*.*", "patient/*.rs"),
        (
            "patient/*.rs",
            "patient/Patient.r patient/Condition.rs",
            "patient/Patient.r patient/Condition.rs",
        ),
        (
            "patient/*.rs",
            "patient/*.r patient/Condition.s patient/Patient.r",
            "patient/*.r patient/Condition.s",
        ),
        ("patient/Condition.rs", "patient/*.r patient/Condition.s", "patient/Condition.rs"),
        ("patient/Condition.rs", "patient/Condition.r patient/Condition.s", "patient/Condition.rs"),
        ("patient/Observation.rs patient/Observation.rs", "patient/*.rs", "patient/Observation.rs"),
        ("patient/Observation.rs", "user/Observation.rs", ""),
        ("patient/observation.rs", "patient/*.rs", ""),
        ("patient/Observation.sr", "patient/*.cruds", ""),
        ("patient/Observation.", "patient/*.cruds", ""),
        ("patient/.rs", "patient/*.cruds", ""),
        ("patient/Observation", "patient/*.cruds", ""),
        ("patient/Observation.readwrite", "patient/*.cruds", ""),
        ("system/Observation.rs", "patient/*.cruds", ""),
        ("launch launch/patient", "launch", "launch"),
        ("openid fhirUser", "openid fhirUser", "openid fhirUser"),
        ("openid profile offline_access", "openid online_access", "openid"),
    ],
)
def test_the_grant_is_what_was_asked_and_is_registered(
    asked: str, registered: str, granted: str
) -> None:
    assert " ".join(grant(asked.split(), registered.split())) == granted


@each(
    ("scope", "letters"),
    [
        ("patient/Observation.read", "rs"),
        ("patient/Observation.write", "cud"),
        ("patient/*.*", "cruds"),
        ("patient/Observation.r", "r"),
        ("patient/*.s", "s"),
        ("patient/Patient.cruds", ""),
        ("launch", ""),
    ],
)
def test_a_scope_covers_its_own_interactions_only(scope: str, letters: str) -> None:
    covered = [
        letter
        for letter in ("c", "r", "u", "d", "s")
        if covering_contexts([scope], "Observation", letter)
    ]
    assert "".join(covered) == letters


@each(
    ("scope", "known"),
    [
        ("launch", True),
        ("launch/patient", True),
        ("openid", True),
        ("offline_access", True),
        ("user/Patient.read", True),
        ("launch/encounter", True),
        ("launch/practitioner", False),
        ("patient/Patient.x", False),
    ],
)
def test_a_registration_may_name_only_known_scopes(scope: str, known: bool) -> None:
    assert is_known_scope(scope) is known
