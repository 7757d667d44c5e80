"""Who may import what (the house's rows), read from the source: nothing is executed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Imports go to a lower row, or leftwards in their own row.
ROWS = (
    "errors pkce urls strict_json scopes compartment cookies outcome vendors",
    "config_table settings config_ehrs config references sealing log",
    "sockets content_coding outbound store",
    "signing_keys published_keys discovery client_auth token_answer tokens",
    "jws jwk_set jwks id_token",
    "launches session_lease session_record session_cookies",
    "session_cache session_end refresh sessions fhir",
    "explain session_context pages refusal inbound",
)
PLACES = {
    name: (row, column)
    for row, names in enumerate(ROWS)
    for column, name in enumerate(names.split())
}
FLASK = {"flask", "werkzeug", "functions_framework"}


@dataclass(frozen=True)
class Import:
    """One import, absolute: `target` is the module named, `names` what is taken from it."""

    file: Path
    target: str
    names: tuple[str, ...]
    relative: bool

    @property
    def modules(self) -> list[str]:
        """What may be meant: `from a import b` may take the module a.b."""
        return [f"{self.target}.{name}" for name in self.names] or [self.target]

    @property
    def top(self) -> str:
        return self.target.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)} imports {self.target} {self.names}"


def sources(*folders: str) -> list[Path]:
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    assert found
    return found


def imports_of(file: Path) -> Iterator[Import]:
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, alias.name, (), relative=False)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            base = package[: len(package) - node.level + 1] if node.level else ()
            target = ".".join([*base, *([node.module] if node.module else [])])
            yield Import(file, target, names, relative=node.level > 0)


def imports(*folders: str) -> list[Import]:
    return [one for file in sources(*folders) for one in imports_of(file)]


def shared_names(one: Import) -> set[str]:
    """The parts of shared/ that an import reaches."""
    if one.top != "shared":
        return set()
    parts = one.target.split(".")
    return {parts[1]} if len(parts) > 1 else set(one.names)


def own_name(file: Path) -> str:
    return file.relative_to(ROOT / "shared").parts[0].removesuffix(".py")


def test_every_part_of_shared_has_its_place() -> None:
    found = {own_name(file) for file in sources("shared")}
    assert found <= PLACES.keys()


def test_shared_imports_downwards_or_leftwards() -> None:
    wrong = [
        str(one)
        for one in imports("shared")
        for name in shared_names(one)
        if name != own_name(one.file) and not _may(own_name(one.file), name)
    ]
    assert wrong == []


def _may(importer: str, imported: str) -> bool:
    (row, column), (lower, left) = PLACES[importer], PLACES[imported]
    return lower < row or (lower == row and left < column)


def test_shared_never_imports_what_stands_on_it() -> None:
    above = {"functions", "simulator", "doctor", "tests"}
    assert [str(one) for one in imports("shared") if one.top in above] == []


def test_a_function_imports_its_own_folder_relatively_and_no_other_function() -> None:
    wrong = []
    for one in imports("functions"):
        own = one.file.relative_to(ROOT).parts[1]
        if one.relative:
            inside = one.target.split(".")[:2] == ["functions", own]
        else:
            inside = one.top not in {"functions", "simulator", "doctor", "tests"}
        if not inside:
            wrong.append(str(one))
    assert wrong == []


def test_the_simulator_takes_nothing_of_the_product_but_the_look_of_its_pages() -> None:
    wrong = []
    for one in imports("simulator"):
        gateway = one.file == ROOT / "simulator" / "gateway.py"
        edge = {"config", "errors", "inbound", "settings"} if gateway else set()
        if shared_names(one) - {"pages"} - edge or (one.top == "functions" and not gateway):
            wrong.append(str(one))
    assert wrong == []


@pytest.mark.parametrize(
    ("libraries", "allowed"),
    [
        (FLASK, ("functions/*/main.py", "shared/inbound.py", "simulator/*.py")),
        ({"google"}, ("shared/store/firestore.py",)),
        ({"urllib3", "requests"}, ("shared/outbound.py",)),
        ({"sqlite3"}, ("shared/store/sqlite.py",)),
        ({"cryptography"}, ("shared/sealing.py", "shared/signing_keys.py", "simulator/*.py")),
        ({"jinja2"}, ("shared/pages/__init__.py",)),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set) else "",
)
def test_a_library_is_used_behind_its_own_door_only(
    libraries: set[str], allowed: tuple[str, ...]
) -> None:
    wrong = [
        str(one)
        for one in imports("doctor", "functions", "shared", "simulator")
        if one.top in libraries
        and not any(one.file.relative_to(ROOT).match(pattern) for pattern in allowed)
    ]
    assert wrong == []


PROGRAM = """
import sys
import functions.{name}.main
print(*sorted({{module.partition(".")[0] for module in sys.modules}}))
"""


CONFIG = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
public_jwks = "env:PUBLIC_JWKS"
[store]
kind = "sqlite"
path = "{folder}/smart.db"
[[ehr]]
key = "ehr"
iss = ["https://ehr.example.org/r4"]
client_id = "client"
client_auth = "private_key_jwt"
private_key = "env:PRIVATE_KEY"
key_id = "key-1"
scopes = "openid fhirUser patient/*.rs"
"""


def loaded_by(name: str, **variables: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name)],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ended.stdout.split())


def test_launch_starts_without_cryptography(tmp_path: Path) -> None:
    """It seals and signs nothing, whatever is configured, and a user waits for its cold start."""
    config = tmp_path / "smart.toml"
    config.write_text(CONFIG.format(folder=tmp_path))
    loaded = loaded_by("launch", SMART_CONFIG=str(config), PUBLIC_JWKS='{"keys": []}')
    assert "flask" in loaded
    assert not {"cryptography", "jwt"} & loaded


@pytest.mark.parametrize("name", ["callback", "fhir_proxy", "smart_calc"])
def test_a_function_can_be_imported_without_configuration(name: str) -> None:
    assert {"flask", "urllib3", "cryptography"} <= loaded_by(name)
