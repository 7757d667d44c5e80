"""Files with the FHIR bases of an entry: what a function takes from them at startup."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from shared.config import issuers
from shared.config.settings import Settings
from shared.config.settings_file import parse
from tests.support.tables import each

TOP = 'public_url = "{}"\nsealing_keys = ["env:SEALING_KEY"]\n[store]\nkind = "sqlite"\n'


def entry(key: str, more: str) -> str:
    own = f'redirect_path = "/callback/{key}"\nclient_id = "client"\nscopes = "openid"\n'
    return f'[[ehr]]\nkey = "{key}"\n{own}{more}\n'


def settings(*entries: str, public_url: str = "https://smart.example.org") -> Settings:
    parsed, problems = parse(TOP.format(public_url) + "".join(entries))
    assert parsed is not None, problems
    return parsed


def written(folder: Path, text: str, name: str = "one") -> Path:
    (folder / "issuers").mkdir(exist_ok=True)
    (folder / f"issuers/{name}.txt").write_text(text, encoding="utf-8")
    return folder


ONE = entry("one", 'issuers = "file:issuers/one.txt"')


def test_every_line_is_a_base_of_its_entry_and_no_other_base_is(tmp_path: Path) -> None:
    text = (
        "# Bases\n\nhttps://a.test/fhir\tHospital A\tSt. Gallen\nHTTPS://B.test:443/fhir/\n"
        "https://c.test\t\tTown\n"
    )
    resolved, problems = issuers.read(settings(ONE), written(tmp_path, text))
    assert problems == []
    for iss, base in {
        "https://a.test/fhir": "https://a.test/fhir",
        "https://A.test/fhir/": "https://a.test/fhir",
        "https://b.test/fhir": "https://b.test/fhir",
        "https://c.test": "https://c.test",
    }.items():
        assert resolved.ehr_for(iss, resolved.ehrs) == (resolved.ehrs[0], base)
    for stranger in ("https://a.test/fhirs", "https://a.test", "https://hospital/a", "# Bases"):
        assert resolved.ehr_for(stranger, resolved.ehrs) is None


@each(
    ("line", "told", "id_"),
    [
        ("https://b.test/*", "not a plain absolute http(s) URL", "iss_invalid"),
        ("https://b.test/fhir#x", "not a plain absolute http(s) URL", "iss_invalid"),
        ("https://b.test/../fhir", "dot segments", "iss_invalid"),
        (" https://b.test/fhir", "not a plain absolute http(s) URL", "iss_invalid"),
        ("http://b.test/fhir", "uses http", "http_not_local"),
        ("b.test/fhir", "not a plain absolute http(s) URL", "iss_invalid"),
        ("https://b.test:99999/fhir", "no such port", "iss_invalid"),
        (
            "https://b.test/fhir\tB\tTown\tmore",
            "more than a base, a name and a place",
            "iss_invalid",
        ),
        (f"https://b.test/fhir\t{'B' * 201}", "200 characters", "iss_invalid"),
        ("https://b.test/fhir\tB\u202ecilbuper", "a name and a place", "iss_invalid"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_with_its_number(
    tmp_path: Path, line: str, told: str, id_: str
) -> None:
    folder = written(tmp_path, f"https://a.test/fhir\n{line}\nhttps://c.test/fhir\n")
    resolved, (problem,) = issuers.read(settings(ONE), folder)
    assert (problem.id, problem.place) == (id_, "ehr[0].issuers")
    assert "one.txt, line 2, " in problem.title
    assert told in problem.title
    assert set(resolved.issuers["issuers/one.txt"]) == {
        "https://a.test/fhir",
        "https://c.test/fhir",
    }


def test_on_localhost_http_is_a_base_as_in_iss(tmp_path: Path) -> None:
    local = settings(ONE, public_url="http://localhost:8080")
    resolved, problems = issuers.read(local, written(tmp_path, "http://127.0.0.1:8090/r4"))
    assert (problems, resolved.ehr_for("http://127.0.0.1:8090/r4", resolved.ehrs) is None) == (
        [],
        False,
    )


@each(
    ("content", "told"),
    [(None, "cannot be read"), (b"\xff\xfe", "not UTF-8"), (b"# only\n\n", "has no FHIR base")],
)
def test_a_file_that_cannot_be_used_is_a_problem(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    if content is not None:
        (written(tmp_path, "") / "issuers/one.txt").write_bytes(content)
    _, (problem,) = issuers.read(settings(ONE), tmp_path)
    assert told in problem.title


def test_of_thousands_of_bad_lines_a_few_are_told(tmp_path: Path) -> None:
    _, problems = issuers.read(settings(ONE), written(tmp_path, "x\n" * 5000))
    assert len(problems) == 21
    assert "4980 more such lines" in problems[-1].title


@each(
    "other",
    [
        'iss = ["https://a.test/fhir"]',
        'issuers = "file:issuers/two.txt"',
        'issuers = "file:issuers/one.txt"',
    ],
)
def test_a_base_of_two_entries_is_a_problem(tmp_path: Path, other: str) -> None:
    written(tmp_path, "https://a.test/fhir\nhttps://b.test/fhir\n")
    written(tmp_path, "https://a.test/fhir\nhttps://c.test/fhir\n", "two")
    _, (problem,) = issuers.read(settings(ONE, entry("two", other)), tmp_path)
    assert problem.id == "iss_duplicate"
    assert "https://a.test/fhir, are in one and two" in problem.title
    apart = settings(ONE, entry("two", f'{other}\nlaunch_path = "/launch/two"'))
    assert issuers.read(apart, tmp_path)[1] == []


def test_a_literal_or_listed_base_comes_before_a_tenant_of_another_entry(tmp_path: Path) -> None:
    any_tenant = entry("any", 'iss = ["https://ehr.test/*"]')
    folder = written(tmp_path, "https://ehr.test/listed\n")
    resolved, _ = issuers.read(settings(any_tenant, ONE), folder)
    found = {
        iss: resolved.ehr_for(f"https://ehr.test/{iss}", resolved.ehrs)
        for iss in ("listed", "other")
    }
    assert {iss: one and one[0].key for iss, one in found.items()} == {
        "listed": "one",
        "other": "any",
    }


@each(
    "place",
    ["issuers/one.txt", "file:/etc/passwd", "file:issuers/../one.txt", "file:issuers/One.txt"],
)
def test_a_place_outside_issuers_is_refused(place: str) -> None:
    _, problems = parse(
        TOP.format("https://smart.example.org") + entry("one", f'issuers = "{place}"')
    )
    assert [(one.id, one.place) for one in problems] == [("setting_invalid", "ehr[0].issuers")]


@each(
    ("more", "invalid"),
    [
        ('issuers = "file:issuers/one.txt"\nstandalone = true\nchooser = true', set()),
        ('issuers = "file:issuers/one.txt"\nchooser = true', {"chooser"}),
        ('iss = ["https://a.test"]\nstandalone = true\nchooser = true', {"chooser"}),
        ('issuers = "file:issuers/one.txt"\nstandalone = true', {"iss"}),
    ],
)
def test_a_chooser_needs_standalone_launches_and_a_file(more: str, invalid: set[str]) -> None:
    _, problems = parse(TOP.format("https://smart.example.org") + entry("one", more))
    assert {one.place.removeprefix("ehr[0].") for one in problems} == invalid


PIECES = st.sampled_from(
    [*"aZ0-._~/:@%?#*; \t\r", "https://", "http://", "//", "/.", "/..", "a.test", ":443", ":0", "é"]
)


@given(st.lists(PIECES, max_size=8).map("".join), st.booleans())
def test_the_quick_way_takes_a_line_as_an_iss_is_taken(line: str, prefixed: bool) -> None:
    """For any line without labels: the same base, or refused by both."""
    line = f"https://{line}" if prefixed else line
    base = line.split("\t")[0]
    bases, refused = issuers.bases_in(line, local=False)
    if line.startswith("#") or not line:
        assert (bases, refused) == (frozenset(), [])
        return
    try:
        expected = frozenset({issuers.judge(base)})
    except ValueError:
        expected = frozenset()
    if line.count("\t") > 2 or "\r" in line.partition("\t")[2]:
        expected = frozenset()
    assert (bases, len(refused)) == (expected, 1 - len(expected))
