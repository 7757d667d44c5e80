"""The cookies of sessions: how many a browser keeps, and whose."""

from dataclasses import replace

from shared.inbound import cookies
from shared.oidc.id_token import Identity
from shared.sealing import Sealer
from shared.session.session_cookies import evicted, new
from tests.support.tables import each

KEY = bytes(range(32))
SEALER = Sealer((KEY,))
USER = Identity("https://ehr.example", "u-1", "https://ehr.example/fhir/Practitioner/1", "Someone")
OTHER = replace(USER, fhir_user="https://ehr.example/fhir/Practitioner/2")


def _named(number: int, at: float, tag: str = "-") -> tuple[str, tuple[str, ...]]:
    value = f"{cookies.time_stamp(at)}.{tag}.{'s' * 43}"
    return cookies.session_name(f"{number:022d}"), (value,)


@each("held", [0, 1, 19, 20, 25, 60])
def test_with_the_new_one_twenty_session_cookies_remain_at_most(held: int) -> None:
    received = dict(_named(number, 1000 + number) for number in range(held))
    cleared = evicted(received, None, SEALER)
    assert cleared == [_named(number, 0)[0] for number in range(max(0, held - 19))]


def _tag(user: Identity | None, sealer: Sealer = SEALER) -> str:
    return new(user, sealer, 1000).value.split(".")[1]


@each("user", [None, USER], ids=["no user", "a user"])
def test_a_cookie_of_another_user_is_cleared_whatever_its_age(user: Identity | None) -> None:
    own, foreign = _tag(user), _tag(OTHER)
    unnamed = "-" if user else _tag(USER)
    received = dict(
        [
            _named(1, 1000, own),
            _named(2, 2000, foreign),
            _named(3, 3000, own),
            _named(4, 4000, unnamed),
        ]
    )
    assert evicted(received, user, SEALER) == [_named(2, 0)[0], _named(4, 0)[0]]


def test_the_oldest_of_ones_own_are_counted_without_those_of_others() -> None:
    own, foreign = _tag(USER), _tag(None)
    received = dict(_named(n, 1000 + n, own if n % 2 else foreign) for n in range(50))
    cleared = evicted(received, USER, SEALER)
    assert len(cleared) == 25 + 6
    assert set(received) - set(cleared) == {_named(n, 0)[0] for n in range(13, 50, 2)}


def test_a_user_is_told_by_issuer_and_fhir_user_or_without_one_by_issuer_and_sub() -> None:
    bare = replace(USER, fhir_user=None)
    for user, other in ((USER, OTHER), (bare, replace(bare, sub="u-2"))):
        assert len(_tag(user)) == 8
        assert _tag(other) != _tag(user)
        assert _tag(replace(user, issuer="https://other.example")) != _tag(user)
        assert _tag(replace(user, name=None)) == _tag(user)
    # At some EHRs, each app gets another `sub` for the same user.
    assert _tag(replace(USER, sub="u-2")) == _tag(USER)


def test_a_users_cookie_of_before_a_rotation_of_the_key_is_still_ones_own() -> None:
    old, newer = bytes(range(32, 64)), KEY
    before, after = _tag(USER, Sealer((old,))), _tag(USER, Sealer((newer, old)))
    assert before != after
    received = dict([_named(1, 1000, before), _named(2, 2000, after), _named(3, 3000)])
    assert evicted(received, USER, Sealer((newer, old))) == [_named(3, 0)[0]]
    assert evicted(received, USER, Sealer((newer,))) == [_named(1, 0)[0], _named(3, 0)[0]]


def test_a_session_cookie_that_is_none_of_ours_is_cleared_and_launch_cookies_are_not() -> None:
    received = {
        "__Host-smart-a": ("",),
        "__Host-smart-b": ("junk",),
        "__Host-launch-c": ("1.x",),
    }
    assert evicted(received, None, SEALER) == ["__Host-smart-a", "__Host-smart-b"]
