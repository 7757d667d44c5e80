"""Cookies: their attributes, what of a Cookie header is taken, and which are the oldest."""

import re

from shared.inbound import cookies
from tests.support.tables import each

NAME = cookies.session_name("A" * 22)


def test_a_cookie_is_cleared_with_the_attributes_that_set_it() -> None:
    cleared, made = (
        line.split("; ") for line in (cookies.clear_cookie(NAME), cookies.set_cookie(NAME, ""))
    )
    assert [part for part in cleared if part != "Max-Age=0"] == made


def test_a_launch_has_a_cookie_of_its_own_that_does_not_tell_its_state() -> None:
    names = [cookies.launch_name(state) for state in ("one", "two")]
    assert len({*names}) == 2
    assert all(re.fullmatch(r"__Host-launch-[\w-]{16}", name) for name in names)


def test_ours_are_found_among_others() -> None:
    header = f"theme=dark; {NAME}=1.-.x; __Host-launch-abc=2.y;__Host-other=z; __Host-smart=q"
    assert cookies.parse([header]) == {NAME: ("1.-.x",), "__Host-launch-abc": ("2.y",)}


@each(
    "headers",
    [
        [f"{NAME}=a; {NAME}=b"],
        [f"{NAME}=a", f"{NAME}=b"],
        [f"{NAME}=a;{NAME}=b;"],
    ],
)
def test_a_cookie_that_comes_twice_keeps_both_values(headers: list[str]) -> None:
    assert cookies.parse(headers) == {NAME: ("a", "b")}


@each("value", ["", "a b", '"a"', "a,b", "a=b", "é", "x" * 257, "a\tb", "%41"])
def test_a_value_that_is_never_ours_is_kept_as_an_empty_one(value: str) -> None:
    assert cookies.parse([f"{NAME}={value}"]) == {NAME: ("",)}


@each(
    "name",
    [
        "__Host-smart-",
        "__Host-smart-é",
        "__Host-smart-a b",
        "__Host-smart-a\x01",
        "__Host-smart-" + "a" * 65,
        "__host-smart-" + "A" * 22,
        " x__Host-smart-a",
        # Any site of the domain may set these: no browser takes them for `__Host-` names.
        "\xa0__Host-smart-a",
        "\x85__Host-smart-a",
        "\x0b__Host-smart-a",
        "\x1f__Host-smart-a",
    ],
)
def test_a_name_that_could_not_be_sent_back_is_left_out(name: str) -> None:
    assert cookies.parse([f"{name}=1.-.x"]) == {}


@each("header", ["", ";", "=", ";;=;", NAME, f"{NAME};"])
def test_a_header_without_a_value_of_ours_is_no_failure(header: str) -> None:
    assert set(cookies.parse([header])) <= {NAME}
    assert all(values == ("",) for values in cookies.parse([header]).values())


@each("seconds", [0, 1, 35, 36, 1_800_000_000, 4_102_444_800])
def test_a_time_stamp_is_unix_seconds_in_base_36(seconds: int) -> None:
    assert int(cookies.time_stamp(seconds + 0.9), 36) == seconds


def test_the_oldest_beyond_a_number_are_told_by_their_time() -> None:
    at = [f"{cookies.time_stamp(1_800_000_000 + second)}.-.x" for second in (3, 1, 2, 0)]
    held = {f"{cookies.SESSION_PREFIX}{n}": (value,) for n, value in enumerate(at)}
    held["__Host-launch-a"] = ("0.x",)
    names = [cookies.SESSION_PREFIX + n for n in ("3", "1", "2", "0")]
    for most, expected in ((4, []), (3, names[:1]), (1, names[:3]), (0, names)):
        assert cookies.oldest_beyond(held, cookies.SESSION_PREFIX, most) == expected


@each("value", ["", ".-.x", "-", "AB.-.x", "z" * 13 + ".-.x", "1 2.-.x"])
def test_a_cookie_without_a_time_counts_as_the_oldest(value: str) -> None:
    held = {"__Host-smart-a": (f"{cookies.time_stamp(1)}.-.x",), "__Host-smart-b": (value,)}
    assert cookies.oldest_beyond(held, cookies.SESSION_PREFIX, 1) == ["__Host-smart-b"]
