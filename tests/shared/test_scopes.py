"""Scopes: what they mean, what two of them have in common, what is missing (SMART 2.2)."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from shared import scopes
from shared.scopes import Grant, effective, missing, needed, parse
from tests.support.tables import each


def _grant(level: str, resource_type: str, letters: str, *filters: tuple[str, str]) -> Grant:
    return Grant(
        "user" if level == "user" else "patient",
        resource_type,
        frozenset(letters),
        frozenset(filters),
    )


_mine = partial(_grant, "patient", "Observation")


@each(
    ("scope", "grant"),
    [
        ("patient/Observation.read", _mine("rs")),
        ("patient/Observation.write", _mine("cud")),
        ("patient/Observation.*", _mine("cruds")),
        ("user/*.read", _grant("user", "*", "rs")),
        ("user/*.*", _grant("user", "*", "cruds")),
        ("patient/*.cruds", _grant("patient", "*", "cruds")),
        ("patient/Observation.r", _mine("r")),
        ("patient/Observation.s", _mine("s")),
        ("patient/Observation.cs", _mine("cs")),
        ("patient/Observation.rs?category=a|b", _mine("rs", ("category", "a|b"))),
        (
            "patient/Observation.rs?category=a%7Cb&code=",
            _mine("rs", ("category", "a|b"), ("code", "")),
        ),
        ("patient/Observation.read?x=1", _mine("rs", ("x", "1"))),
    ],
)
def test_each_form_of_a_resource_scope_is_understood(scope: str, grant: Grant) -> None:
    assert parse(scope) == grant


@each(
    "scope",
    [
        *("patient/Observation.sr", "patient/Observation.dus", "patient/Observation.rr"),
        *("patient/Observation.readwrite", "patient/Observation.R", "patient/Observation.READ"),
        *("patient/Observation.Read", "patient/Observation.", "patient/Observation", "patient/.rs"),
        *("patient/", "patient/*", "patient/**.rs", "patient/Obs*.rs", "patient/observation.rs"),
        *("patient/Observation.rs ", " patient/Observation.rs", "patient/Observation.rs\n"),
        *("patient/Observation.rs?", "patient/Observation.rs?&", "patient/Observation/1.rs"),
        *("Patient/Observation.rs", "PATIENT/Observation.rs", "system/Observation.rs"),
        *("system/*.cruds", "encounter/Observation.rs", "/Observation.rs", "launch"),
        *("launch/patient", "openid", "fhirUser", "profile", "online_access", "offline_access"),
        *("*.rs", ""),
    ],
)
def test_anything_else_grants_nothing(scope: str) -> None:
    assert parse(scope) is None
    assert effective((scope,), ("patient/*.cruds", "user/*.cruds")) == ()
    assert effective(("patient/*.cruds", "user/*.cruds"), (scope,)) == ()


@each(
    ("granted", "configured", "common"),
    [
        ("patient/*.cruds", "patient/Observation.rs", [_mine("rs")]),
        ("patient/Observation.rs", "patient/*.cruds", [_mine("rs")]),
        ("user/*.rs", "patient/Observation.rs", [_mine("rs")]),
        ("patient/Observation.rs", "user/*.rs", [_mine("rs")]),
        ("user/*.rs", "user/*.read", [_grant("user", "*", "rs")]),
        ("patient/Observation.r", "patient/Observation.s", []),
        ("patient/Observation.rs", "patient/Condition.rs", []),
        ("patient/Observation.write", "patient/Observation.read", []),
        (
            "patient/Observation.r patient/Observation.s",
            "patient/Observation.rs",
            [_mine("r"), _mine("s")],
        ),
        (
            "patient/Observation.rs?category=a",
            "patient/Observation.rs",
            [_mine("rs", ("category", "a"))],
        ),
        (
            "patient/Observation.rs?category=a",
            "patient/Observation.rs?code=b",
            [_mine("rs", ("category", "a"), ("code", "b"))],
        ),
        (
            "patient/*.rs",
            "patient/*.rs patient/Observation.rs",
            [_grant("patient", "*", "rs"), _mine("rs")],
        ),
        ("patient/*.rs patient/*.read", "patient/*.rs", [_grant("patient", "*", "rs")]),
        ("launch openid", "patient/*.rs", []),
        ("", "patient/*.rs", []),
    ],
)
def test_the_app_may_do_what_was_both_granted_and_configured(
    granted: str, configured: str, common: list[Grant]
) -> None:
    assert effective(granted.split(), configured.split()) == tuple(common)


SCOPES = st.builds(
    lambda level, kind, letters: f"{level}/{kind}.{letters}",
    st.sampled_from(["patient", "user"]),
    st.sampled_from(["*", "Observation", "Condition", "Patient"]),
    st.sampled_from(["r", "s", "rs", "cruds", "read", "write", "*", "c"]),
)


@given(st.lists(SCOPES, max_size=4), st.lists(SCOPES, max_size=4))
def test_the_effective_scopes_cover_nothing_that_either_side_does_not(
    granted: list[str], configured: list[str]
) -> None:
    grants = effective(granted, configured)
    for side in (granted, configured):
        for grant in grants:
            wider = [other for scope in side if (other := parse(scope))]
            assert any(
                grant.letters <= other.letters
                and other.type in {"*", grant.type}
                and other.level in {"user", grant.level}
                for other in wider
            )
    for kind in ("Observation", "Condition", "Patient"):
        for letter in ("r", "s"):
            interaction = parse(f"patient/{kind}.{letter}")
            assert interaction is not None
            both = all(
                any(
                    grant.covers(kind, "r" if letter == "r" else "s")
                    for grant in map(parse, side)
                    if grant
                )
                for side in (granted, configured)
            )
            covered = any(grant.covers(kind, "r" if letter == "r" else "s") for grant in grants)
            assert covered == both


@each(
    ("requested", "granted", "absent"),
    [
        ("launch openid patient/*.rs", "launch openid patient/*.rs", ""),
        ("launch openid", "openid", "launch"),
        ("patient/Observation.read", "patient/Observation.rs", ""),
        ("patient/Observation.rs", "patient/Observation.read", ""),
        ("patient/Observation.rs", "patient/Observation.r patient/Observation.s", ""),
        ("patient/Observation.rs", "patient/Observation.r", "patient/Observation.rs"),
        ("patient/Observation.rs", "patient/*.cruds", ""),
        ("patient/Observation.rs", "user/Observation.rs", ""),
        ("user/Observation.rs", "patient/Observation.rs", "user/Observation.rs"),
        ("patient/*.rs", "patient/Observation.rs patient/Condition.rs", "patient/*.rs"),
        ("patient/Observation.rs", "patient/Observation.rs?category=a", "patient/Observation.rs"),
        ("patient/Observation.rs?category=a", "patient/Observation.rs", ""),
        ("system/*.rs", "", "system/*.rs"),
        ("b a", "", "b a"),
    ],
)
def test_what_was_requested_and_is_not_covered_is_missing(
    requested: str, granted: str, absent: str
) -> None:
    assert missing(requested.split(), granted.split()) == tuple(absent.split())


def test_the_scope_needed_is_named_in_the_second_version() -> None:
    assert needed("Observation", "s") == "patient/Observation.s"
    grant = parse(needed("Observation", "r"))
    assert grant is not None
    assert grant.covers("Observation", "r")
    assert not grant.covers("Observation", "s")


@each("text", ["", "a b", 'a"', "a\\", "é", "a\n", "\x7f"])
def test_a_scope_has_the_characters_of_rfc_6749_alone(text: str) -> None:
    assert scopes.is_token("patient/Observation.rs?category=http://a|b")
    assert not scopes.is_token(text)
