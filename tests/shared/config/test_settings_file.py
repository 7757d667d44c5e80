"""The configuration: what each setting does, and every problem of a file at once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from shared.config.settings import AppSettings, Ehr, Settings, StoreSettings
from shared.config.settings_file import parse
from shared.config.table import Problem
from tests.support.app import open_session
from tests.support.tables import each

TOP = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
"""
STORE = """
[store]
kind = "sqlite"
"""
EHR = """
[[ehr]]
key = "one"
iss = ["https://ehr.test/fhir"]
client_id = "client"
scopes = "patient/*.rs"
"""


def _without(text: str, *names: str) -> str:
    return re.sub(rf"(?m)^(?:{'|'.join(names)}) = .*\n", "", text)


def _file(top: str = "", store: str = "", ehr: str = "", more: str = "") -> str:
    """A good file with lines added; a setting that is given replaces the good one."""
    parts = []
    for good, lines in ((TOP, top), (STORE, store), (EHR, ehr)):
        names = re.findall(r"(?m)^([a-z_]+) =", lines)
        parts.append(f"{_without(good, *names) if names else good}{lines}\n")
    return "".join(parts) + more


def _settings(text: str) -> Settings:
    settings, problems = parse(text)
    assert problems == []
    assert settings is not None
    return settings


def _problems(text: str) -> list[Problem]:
    settings, problems = parse(text)
    assert settings is None
    assert problems
    return problems


def _only(text: str) -> Problem:
    (problem,) = _problems(text)
    return problem


def test_calculators_that_are_off_are_names_as_written_and_checked_by_who_knows_them() -> None:
    text = _file('calculators_off = ["has_bled", "nothing"]')
    assert _settings(text).app.calculators_off == ("has_bled", "nothing")
    problem = Problem.at("setting_invalid", "calculators_off[1]", "is unknown", "Correct it.")
    settings, problems = parse(text, lambda made: [problem] if "nothing" in str(made) else [])
    assert (settings, problems) == (None, [problem])
    assert _only(_file("calculators_off = [1]")).id == "setting_invalid"


def test_cards_are_chosen_by_name_or_left_to_the_calculators() -> None:
    assert _settings(_file()).app.cards is None
    assert _settings(_file("cards = []")).app.cards == ()
    assert _settings(_file('cards = ["qtc"]')).app.cards == ("qtc",)
    for wrong in ('"qtc"', "[1]", '["QTc"]'):
        assert _only(_file(f"cards = {wrong}")).id == "setting_invalid"


def test_who_is_responsible_is_one_line_of_text() -> None:
    assert _settings(_file('responsible = " Pharmacy, ext. 7 "')).responsible == "Pharmacy, ext. 7"
    assert _settings(_file()).responsible == ""
    for wrong in ('""', '" "', '"a\\nb"', f'"{201 * "a"}"', "7"):
        assert _only(_file(f"responsible = {wrong}")).id == "setting_invalid"


def test_the_defaults_are_those_of_the_contract() -> None:
    assert _settings(_file()) == Settings(
        public_url="https://smart.example.org",
        app=AppSettings(),
        frame_ancestors=(),
        launch_seconds=600,
        session_idle_seconds=1800,
        session_max_seconds=28800,
        session_cache_seconds=3,
        full_error_details=False,
        sealing_keys=("env:SEALING_KEY",),
        public_jwks=None,
        store=StoreSettings("sqlite", None, "(default)", ".local/smart.db"),
        ehrs=(replace(open_session.EHR, iss=("https://ehr.test/fhir",), client_id="client"),),
    )


def test_every_setting_is_read(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    top = """
public_url = "HTTPS://Smart.Example.org:443/"
after_launch = "/app/?session={session}"
frame_ancestors = ["https://*.ehr.test", "'self'", "https://ehr.test:8443"]
launch_minutes = 0.5
session_idle_minutes = 1.5
session_max_hours = 1
session_cache_seconds = 0
error_details = "full"
sealing_keys = ["file:/keys/new", "env:OLD_KEY"]
public_jwks = "file:/config/jwks.json"
"""
    store = """
kind = "firestore"
project = "my-project"
database = "smart"
path = "/var/smart.db"
"""
    ehr = f"""
name = "An EHR"
vendor = "oracle"
iss = ["https://EHR.test/fhir/", "https://ehr.test/r4/*", "https://ehr.test/fhir"]
client_auth = "private_key_jwt"
private_key = "file:/keys/client.pem"
key_id = "k1"
scopes = " openid  fhirUser\\tpatient/Observation.rs?category=http://x.test/c|lab openid "
standalone = true
redirect_path = "/callback/one"
endpoint_hosts = ["auth.ehr.test", "auth.ehr.test:8443", "login.ehr.test:443"]
id_token_issuer = "https://issuer.ehr.test/"
ca_file = "{ca_file}"
response_iss = true
"""
    settings = _settings(_file(top, store, ehr))
    assert settings == Settings(
        public_url="https://smart.example.org",
        app=AppSettings("/app/?session={session}"),
        frame_ancestors=("https://*.ehr.test", "'self'", "https://ehr.test:8443"),
        launch_seconds=30,
        session_idle_seconds=90,
        session_max_seconds=3600,
        session_cache_seconds=0,
        full_error_details=True,
        sealing_keys=("file:/keys/new", "env:OLD_KEY"),
        public_jwks="file:/config/jwks.json",
        store=StoreSettings("firestore", "my-project", "smart", "/var/smart.db"),
        ehrs=(
            Ehr(
                key="one",
                name="An EHR",
                vendor="oracle",
                iss=("https://ehr.test/fhir", "https://ehr.test/r4/*"),
                client_id="client",
                client_auth="private_key_jwt",
                client_secret=None,
                private_key="file:/keys/client.pem",
                key_id="k1",
                scopes=(
                    "openid",
                    "fhirUser",
                    "patient/Observation.rs?category=http://x.test/c|lab",
                ),
                standalone=True,
                redirect_path="/callback/one",
                endpoint_hosts=frozenset(
                    {
                        "auth.ehr.test",
                        "auth.ehr.test:8443",
                        "login.ehr.test",
                        "authorization.cerner.com",
                    }
                ),
                id_token_issuer="https://issuer.ehr.test/",
                ca_file=str(ca_file),
                response_iss=True,
                app=AppSettings("/app/?session={session}"),
            ),
        ),
    )
    assert settings.ehrs[0].literal_iss[:1] == ("https://ehr.test/fhir",)


# The place of the problem, its ID if that isn't setting_invalid, and the values that are refused.
REFUSED = r"""public_url: 5
public_url public_url_invalid: "" | "smart.example.org" | "https://smart.example.org/app"
public_url public_url_invalid: "https://user@smart.example.org" | "https://smart.example.org?x"
public_url http_not_local: "http://smart.example.org" | "http://localhost.example.org"
after_launch: "" | "/app/" | "/{session}/{session}/" | "/{session}/{patient}/" | "app/{session}/"
after_launch: "//evil.test/{session}/" | "https://evil.test/{session}/"
frame_ancestors: "https://ehr.test"
frame_ancestors[1]: ["'self'", "ehr.test; x"]
frame_ancestors[0]: ["https://ehr.test/path"] | ["https://*"] | ["https://*.org"] | [1]
launch_minutes: 0 | -1 | 61 | nan | inf | true | "10"
session_idle_minutes: 0
session_max_hours: 25
session_cache_seconds: -1
error_details: "all" | true
sealing_keys: "env:SEALING_KEY" | []
sealing_keys[0] secret_literal: ["env:"]
sealing_keys[1] secret_literal: ["env:A", "file:relative"] | ["env:A", ""] | ["env:A", 1]
sealing_keys[1] secret_literal: ["env:A", "env:B C"]
public_jwks secret_literal: "/config/jwks.json"
public_ur setting_unknown: "https://x.test"
store.kind: "redis" | 1
store.path: ""
store.database: ""
store.databse setting_unknown: "smart"
ehr[0].key: "" | "One" | "a/b" | "callback" | "health"
ehr[0].vendor: "acme"
ehr[0].client_id: "" | "a b" | 7
ehr[0].client_auth: "secret"
ehr[0].client_secret: "env:SECRET"
ehr[0].client_secret secret_literal: "s3cret" | ""
ehr[0].basic_credentials: "raw"
ehr[0].private_key secret_literal: "-----BEGIN PRIVATE KEY-----"
ehr[0].key_id: "k"
ehr[0].iss iss_invalid: [] | "https://ehr.test/fhir" | [GOOD, ""] | [GOOD, 1]
ehr[0].iss iss_invalid: [GOOD, "ehr.test/fhir"] | [GOOD, "https://ehr.test/*/fhir"]
ehr[0].iss iss_invalid: [GOOD, "https://ehr.test/r*"] | [GOOD, "https://ehr.test/**"]
ehr[0].iss iss_invalid: [GOOD, "https://*.ehr.test/r4"] | [GOOD, "https://*"] | [GOOD, "*"]
ehr[0].iss iss_invalid: [GOOD, "/*"] | ["https://ehr.test/fhir?x=1"]
ehr[0].iss iss_invalid: [GOOD, "https://ehr.test/../x"]
ehr[0].iss http_not_local: ["http://ehr.test/fhir"] | ["http://localhost:8090/fhir"]
ehr[0].scopes: ["patient/*.rs"] | "" | "  " | 'patient/*.rs "x"' | "patient/é.rs"
ehr[0].scopes: "online_access offline_access"
ehr[0].scopes launch_scope_configured: "launch patient/*.rs" | "patient/*.rs launch/patient"
ehr[0].scopes launch_scope_configured: "launch/encounter patient/*.rs"
ehr[0].standalone: "yes" | 1
ehr[0].launch_path: "/launch/two" | "/launch/" | "/callback/one" | "https://evil.test/launch" | ""
ehr[0].after_launch: "/app/" | "https://evil.test/{session}/"
ehr[0].calculators_off: "has_bled"
ehr[0].cards[0]: ["a b"]
ehr[0].redirect_path: "/callback/two" | "/callback/" | "/elsewhere" | "https://evil.test/callback"
ehr[0].endpoint_hosts[0]: ["https://a.test"] | ["*.a.test"] | ["A.test"]
ehr[0].endpoint_hosts[1]: ["a.test", "b.test/x"]
ehr[0].id_token_issuer: "issuer"
ehr[0].ca_file: "/no/such/file.pem"
ehr[0].redirect_uri setting_unknown: "/callback"
"""
TENANTS = 'iss = ["https://ehr.test/r4/*"]'
BASIC = 'client_auth = "client_secret_basic"\nclient_secret = "env:SECRET"\n'


def _code(system: str = "s", code: str = "c", **more: str) -> str:
    members = {"system": system, "code": code, "input": "sodium", **more}
    return "{" + ", ".join(f'{name} = "{value}"' for name, value in members.items()) + "}"


def _refused() -> Iterator[tuple[str, str, str, str]]:
    """The part of the file, its lines, and the ID and the place of the problem."""
    for line in REFUSED.splitlines():
        head, _, values = line.partition(": ")
        place, _, id_ = head.partition(" ")
        part, _, name = place.rpartition(".")
        for value in values.replace("GOOD", '"https://ehr.test/fhir"').split(" | "):
            lines = f"{name.partition('[')[0]} = {value}"
            yield part.removesuffix("[0]") or "top", lines, id_ or "setting_invalid", place
    yield from (
        ("top", "after_launch = '/\\evil.test/{session}/'", "setting_invalid", "after_launch"),
        ("top", 'after_launch = "/a\\r\\nX: {session}/"', "setting_invalid", "after_launch"),
        ("top", f"launch_minutes = 1{'0' * 400}", "setting_invalid", "launch_minutes"),
        ("ehr", f'key = "{"k" * 41}"', "setting_invalid", "ehr[0].key"),
        ("ehr", 'name = "a\\u0000b"', "setting_invalid", "ehr[0].name"),
        ("ehr", BASIC + 'basic_credentials = "x"', "setting_invalid", "ehr[0].basic_credentials"),
        ("ehr", BASIC.partition("\n")[0], "setting_invalid", "ehr[0].client_secret"),
        ("ehr", f"standalone = true\n{TENANTS}", "standalone_without_iss", "ehr[0].iss"),
    )
    for written, place in (
        ('["c"]', "codes[0]"),
        (f"[{_code()}, {_code()}]", "codes[1]"),
        (f"[{_code(display='C')}]", "codes[0].display"),
        (f"[{_code(system='')}]", "codes[0].system"),
        (f"[{_code(system='s|t')}]", "codes[0].system"),
        (f"[{_code(code='a,b')}]", "codes[0].code"),
        ('[{system = "s", code = "c"}]', "codes[0].input"),
        (f"[{_code(unit='')}]", "codes[0].unit"),
        (f"[{', '.join(_code('s' * 200, str(at)) for at in range(20))}]", "codes"),
    ):
        id_ = "setting_unknown" if place.endswith("display") else "setting_invalid"
        yield "ehr", f"codes = {written}", id_, f"ehr[0].{place}"


@each(("part", "lines", "id_", "place"), _refused)
def test_a_setting_that_cannot_be_used_is_one_problem(
    part: str, lines: str, id_: str, place: str
) -> None:
    problem = _only(_file(**{part: lines}))
    assert (problem.id, problem.place) == (id_, place)
    assert problem.fix


MISSING = [
    (_file().replace(TOP, _without(TOP, "public_url")), "public_url"),
    (_file().replace(TOP, _without(TOP, "sealing_keys")), "sealing_keys"),
    (_file().replace(STORE, ""), "store"),
    (TOP + STORE, "ehr"),
    ("ehr = []\n" + TOP + STORE, "ehr"),
    *(
        (TOP + STORE + _without(EHR, name), f"ehr[0].{name}")
        for name in ("key", "iss", "client_id", "scopes")
    ),
]


@each(("text", "place"), MISSING, ids=lambda value: value[:20])
def test_what_is_missing_is_named(text: str, place: str) -> None:
    problem = _only(text)
    assert (problem.place, bool(problem.fix)) == (place, True)


def test_all_problems_are_reported_at_once() -> None:
    text = """
public_url = "http://smart.example.org"
launch_minutes = 0
colour = "red"
sealing_keys = ["literal-sealing-key"]
[store]
kind = "paper"
colour = "red"
[[ehr]]
key = "One"
iss = ["http://ehr.test/fhir", "nonsense"]
client_secret = "literal-client-secret"
scopes = "launch patient/*.rs"
scops = ""
[[ehr]]
key = "two"
iss = ["https://ehr.test/r4/*"]
client_id = "c"
scopes = "patient/*.rs"
standalone = true
redirect_path = "/callback/one"
"""
    problems = _problems(text)
    assert {(problem.id, problem.place) for problem in problems} == {
        ("http_not_local", "public_url"),
        ("setting_invalid", "launch_minutes"),
        ("setting_unknown", "colour"),
        ("secret_literal", "sealing_keys[0]"),
        ("setting_invalid", "store.kind"),
        ("setting_unknown", "store.colour"),
        ("setting_invalid", "ehr[0].key"),
        ("http_not_local", "ehr[0].iss"),
        ("iss_invalid", "ehr[0].iss"),
        ("setting_invalid", "ehr[0].client_id"),
        ("secret_literal", "ehr[0].client_secret"),
        ("launch_scope_configured", "ehr[0].scopes"),
        ("setting_unknown", "ehr[0].scops"),
        ("standalone_without_iss", "ehr[1].iss"),
        ("setting_invalid", "ehr[1].redirect_path"),
    }
    written = "\n".join(map(str, problems))
    assert "literal-" not in written
    assert all(problem.fix in written and problem.place in written for problem in problems)


@each(
    ("where", "wrong", "meant"),
    [
        ("top", "public_uri", "public_url"),
        ("top", "sealing_key", "sealing_keys"),
        ("top", "launch_minute", "launch_minutes"),
        ("top", "frame_ancestor", "frame_ancestors"),
        ("store", "databse", "database"),
        ("ehr", "scope", "scopes"),
        ("ehr", "clientid", "client_id"),
        ("ehr", "endpoint_host", "endpoint_hosts"),
        ("ehr", "redirect_pat", "redirect_path"),
    ],
)
def test_an_unknown_key_comes_with_the_one_that_was_probably_meant(
    where: str, wrong: str, meant: str
) -> None:
    problem = _only(_file(**{where: f'{wrong} = "x"'}))
    assert problem.id == "setting_unknown"
    assert f"`{meant}`" in problem.fix


def test_an_unknown_key_like_no_other_is_to_be_removed_and_a_table_is_one() -> None:
    assert _only(_file(top='xyzzy = "x"')).fix == "Remove the setting."
    problem = _only(_file(more='[logging]\nlevel = "debug"\n'))
    assert (problem.id, problem.place) == ("setting_unknown", "logging")


def test_a_single_table_for_the_registrations_says_how_to_write_them() -> None:
    problem = _only(_file().replace("[[ehr]]", "[ehr]"))
    assert problem.place == "ehr"
    assert "[[ehr]]" in problem.fix


def test_an_entry_of_ehr_that_is_no_table_is_named() -> None:
    text = 'ehr = ["one"]\n' + TOP + STORE
    assert _only(text).place == "ehr[0]"


SECOND = """
[[ehr]]
key = "two"
iss = ["https://two.test/fhir"]
client_id = "client"
scopes = "patient/*.rs"
redirect_path = "/callback/two"
"""


@each(
    ("one", "two"),
    [
        ("https://ehr.test/fhir", "https://ehr.test/fhir"),
        ("https://ehr.test/fhir", "HTTPS://EHR.test:443/fhir/"),
        ("https://ehr.test/r4/*", "https://ehr.test/r4/*"),
    ],
)
def test_one_iss_cannot_belong_to_two_registrations(one: str, two: str) -> None:
    more = SECOND.replace("https://two.test/fhir", two)
    problem = _only(_file(ehr=f'iss = ["{one}"]', more=more))
    assert (problem.id, problem.place) == ("iss_duplicate", "ehr")
    assert "https://ehr.test" in problem.title


def test_two_registrations_cannot_share_a_key() -> None:
    problem = _only(_file(more=SECOND.replace('two"', 'one"')))
    assert (problem.id, problem.place) == ("setting_invalid", "ehr")
    assert "one" in problem.title


def test_registrations_share_a_redirect_path_only_if_iss_distinguishes_their_ehrs() -> None:
    for one, two, allowed in (("", "", False), (REQUIRED, "", False), (REQUIRED, REQUIRED, True)):
        more = SECOND.replace('redirect_path = "/callback/two"', two)
        problems = parse(_file(ehr=one, more=more))[1]
        places = [] if allowed else ["ehr[0].redirect_path", "ehr[1].redirect_path"]
        assert [problem.place for problem in problems] == places
        assert {problem.id for problem in problems} <= {"setting_invalid"}
    same = SECOND.replace("two.test", "ehr.test").replace('redirect_path = "/callback/two"', "")
    assert _only(_file(more=same)).id == "iss_duplicate"
    assert parse(_file(more=f'{same}launch_path = "/launch/two"'))[1] == []


def test_an_entry_has_the_top_levels_app_but_for_what_it_replaces() -> None:
    top = 'after_launch = "/a/{session}"\ncalculators_off = ["bmi"]\ncards = ["qtc"]'
    more = f'{SECOND}after_launch = "/b/{{session}}"\ncalculators_off = []\n'
    one, two = (ehr.app for ehr in _settings(_file(top, more=more)).ehrs)
    assert one == AppSettings("/a/{session}", ("bmi",), ("qtc",))
    assert two == AppSettings("/b/{session}", (), ("qtc",))


def test_a_launch_path_that_looks_like_launch_without_its_first_segment_is_refused() -> None:
    text = _file().replace('key = "one"', 'key = "launch"\nlaunch_path = "/launch/launch"')
    assert _only(text).place == "ehr[0].launch_path"


REQUIRED = "response_iss = true"


def test_a_base_with_a_doubled_slash_is_taken_as_it_is_configured() -> None:
    settings = _settings(_file(ehr='iss = ["https://ehr.test//FHIR", "https://ehr.test/r4/*"]'))
    for iss in ("https://ehr.test//FHIR", "https://EHR.test//FHIR/"):
        match = settings.ehr_for(iss, settings.ehrs)
        assert match is not None
        assert match[1] == "https://ehr.test//FHIR"
    for iss in ("https://ehr.test/FHIR", "https://ehr.test///FHIR", "https://ehr.test/r4//x"):
        assert settings.ehr_for(iss, settings.ehrs) is None


def test_a_tenant_of_its_own_beside_a_wildcard_is_no_duplicate() -> None:
    more = SECOND.replace("https://two.test/fhir", "https://ehr.test/r4/special")
    settings = _settings(_file(ehr='iss = ["https://ehr.test/r4/*"]', more=more))
    for iss, key in (("https://ehr.test/r4/special", "two"), ("https://ehr.test/r4/x", "one")):
        match = settings.ehr_for(iss, settings.ehrs)
        assert match is not None
        assert (match[0].key, match[1]) == (key, iss)


@each(
    ("iss", "allowed"),
    [
        ("https://ehr.test/r4/tenant", True),
        ("https://ehr.test/r4/tenant/", True),
        ("https://ehr.test/r4", False),
        ("https://ehr.test/r4/", False),
        ("https://ehr.test/r4/a/b", False),
        ("https://ehr.test/r4//", False),
        ("https://ehr.test/r4/..", False),
        ("https://ehr.test/r4/%2e", False),
        ("https://ehr.test/r4/*", False),
        ("https://ehr.test/r4x/tenant", False),
        ("https://ehr.test/tenant", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_segment(iss: str, allowed: bool) -> None:
    settings = _settings(_file(ehr='iss = ["https://ehr.test/r4/*"]'))
    assert (settings.ehr_for(iss, settings.ehrs) is not None) is allowed


def test_a_wildcard_may_stand_at_the_root_of_a_host() -> None:
    settings = _settings(_file(ehr='iss = ["https://ehr.test/*"]'))
    assert settings.ehr_for("https://ehr.test/tenant", settings.ehrs) is not None
    assert settings.ehr_for("https://ehr.test", settings.ehrs) is None
    assert settings.ehr_for("https://other.test", settings.ehrs) is None


@each(
    "public_url",
    [
        "http://localhost:8080",
        "http://app.localhost",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "https://localhost",
    ],
)
def test_http_is_accepted_where_public_url_is_local(public_url: str) -> None:
    ehr = 'iss = ["http://127.0.0.1:8090/fhir", "http://ehr.test/*"]'
    settings = _settings(_file(f'public_url = "{public_url}"', ehr=ehr))
    assert settings.public_url == public_url
    assert settings.full_error_details
    brief = f'public_url = "{public_url}"\nerror_details = "brief"'
    assert not _settings(_file(brief, ehr=ehr)).full_error_details


@each(
    "text",
    [
        *("public_url", 'public_url = "x', "a = 1\na = 2", "[store]\n[store]\n"),
        *("a = " + "9" * 5000, "a = " + "[" * 5000, "\x00"),
    ],
    ids=lambda text: text[:12],
)
def test_a_file_that_is_not_toml_is_one_problem(text: str) -> None:
    problem = _only(text)
    assert (problem.id, problem.place) == ("config_unreadable", "the file")


def test_an_empty_file_names_all_that_is_required() -> None:
    places = [problem.place for problem in _problems("")]
    assert sorted(places) == ["ehr", "public_url", "sealing_keys", "store"]


def test_a_problem_reads_as_place_what_id_and_what_to_do() -> None:
    problem = Problem.at("setting_invalid", "store.kind", "is not an allowed value", "Use one.")
    assert str(problem) == "store.kind: is not an allowed value [setting_invalid]\n    Use one."


def test_a_literal_secret_is_not_called_missing_as_well() -> None:
    text = _file(ehr='client_auth = "client_secret_basic"\nclient_secret = "s3cret"')
    assert [(problem.id, problem.place) for problem in _problems(text)] == [
        ("secret_literal", "ehr[0].client_secret")
    ]


def test_a_backend_service_has_its_own_client_and_key_or_those_of_the_launches() -> None:
    scopes = 'system_scopes = "system/Patient.r system/Observation.rs?category=laboratory"'
    own = """
backend_client_id = "service"
backend_private_key = "env:SERVICE_KEY"
backend_key_id = "k2"
"""
    shared = 'client_auth = "private_key_jwt"\nprivate_key = "env:KEY"\nkey_id = "k1"\n'
    for lines, client, key, key_id in (
        (own, "service", "env:SERVICE_KEY", "k2"),
        (shared, "client", "env:KEY", "k1"),
        (shared + own, "service", "env:SERVICE_KEY", "k2"),
    ):
        (ehr,) = _settings(_file(ehr=f"{lines}{scopes}")).ehrs
        assert ehr.scopes == ("patient/*.rs",)
        assert not ehr.is_backend
        assert (service := ehr.backend) is not None
        assert service.is_backend
        assert (service.client_id, service.private_key, service.key_id) == (client, key, key_id)
        assert (service.client_auth, service.client_secret) == ("private_key_jwt", None)
        assert service.scopes == ehr.system_scopes == tuple(scopes.split('"')[1].split())
    (ehr,) = _settings(_file(ehr="")).ehrs
    assert ehr.backend is None
    for wrong in (
        scopes,
        own,
        shared + 'system_scopes = ""',
        *(
            f'{shared}system_scopes = "{one}"'
            for one in ("patient/Patient.r", "openid", "system/x")
        ),
        shared + 'system_scopes = "system/Patient.r launch"',
        *(own.replace(f"{line}\n", "") + scopes for line in own.split("\n")[1:3]),
    ):
        assert {one.id for one in _problems(_file(ehr=wrong))} == {"setting_invalid"}, wrong
