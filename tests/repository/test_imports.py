"""Who may import what, read from the source: nothing is executed."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.app.whole import SMART_CALC, is_gone
from tests.support.tables import each

ROOT = Path(__file__).parents[2]
_ALL = (
    *("benchmarks", "clinical", "docs", "doctor", "functions", "gateway", "infra", "shared"),
    *("simulator", "smart_calc"),
)
PRODUCT = tuple(folder for folder in _ALL if not is_gone(folder))
# Folders of modules that are all of one kind.
MANY_ALIKE = {"clinical/calculators", "shared/explain/catalogue"}
# The packages that the functions share, from the ground up: each imports only from rows above it.
SHARED = (
    "frozen patterns",
    "findings",
    (
        "base64url fhir_id footprint json_members legacy_launch outcome release "
        "scopes strict_json urls vendors"
    ),
    "config errors log sealing",
    "outbound",
    "document_cache explain held_bytes pages store",
    "inbound",
    "smart",
    "oidc",
    "session",
    "fhir",
    "own",
)
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
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    assert paths
    return paths


@cache
def imports_of(file: Path) -> Sequence[Import]:
    """The imports of a file, which is read once for all tests."""
    return tuple(_read(file))


def _read(file: Path) -> Iterator[Import]:
    package = file.relative_to(ROOT).parent.parts
    for node in _statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, alias.name, (), relative=False)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            base = package[: len(package) - node.level + 1] if node.level else ()
            target = ".".join([*base, *([node.module] if node.module else [])])
            yield Import(file, target, names, relative=node.level > 0)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements below a node. To look at their expressions too takes ten times as long."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        for one in getattr(node, part, ()):
            yield one
            yield from _statements(one)


def imports(*folders: str) -> list[Import]:
    return [one for file in sources(*folders) for one in imports_of(file)]


def entry_of(folder: str, target: str) -> str | None:
    """Return the file or package in `folder` (a path) that a module name refers to, or None."""
    prefix = folder.replace("/", ".")
    if target == prefix:
        return "__init__"
    if not target.startswith(f"{prefix}."):
        return None
    name = target.removeprefix(f"{prefix}.").partition(".")[0]
    return name if is_module(f"{prefix}.{name}") else "__init__"


@cache
def is_module(name: str) -> bool:
    """Whether a module or package of the repository has this name."""
    place = ROOT / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").exists()


@cache
def entries(folder: str) -> dict[str, list[Path]]:
    """The modules and packages that lie directly in a folder, each with its files."""
    by_name: dict[str, list[Path]] = {}
    for path in sorted((ROOT / folder).iterdir()):
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        if path.suffix == ".py" or (path.is_dir() and files):
            by_name[path.stem] = files
    return by_name


def targets(one: Import) -> list[str]:
    """`from a import b` means the module a.b if it exists, otherwise a."""
    return [module if is_module(module) else one.target for module in one.modules]


@cache
def folders() -> Sequence[str]:
    """Every folder of product code that holds more than one module."""
    inner = {
        str(path.parent.relative_to(ROOT))
        for path in sources(*PRODUCT)
        if len(entries(str(path.parent.relative_to(ROOT)))) > 1
    }
    return sorted(inner | {top for top in PRODUCT if len(entries(top)) > 1})


def test_imports_inside_a_folder_go_downwards_only() -> None:
    """Imports for type checking too: a circle of types is a circle."""
    circles = []
    for folder in folders():
        try:
            TopologicalSorter(_imported(folder)).prepare()
        except CycleError as error:
            circles.append(f"{folder}: {' imports '.join(reversed(error.args[1]))}")
    assert circles == []


def test_the_packages_of_shared_import_only_from_those_below() -> None:
    place = {name: row for row, names in enumerate(SHARED) for name in names.split()}
    imported = _imported("shared")
    assert place.keys() == imported.keys()
    wrong = [(one, it) for one, its in imported.items() for it in its if place[it] >= place[one]]
    assert wrong == []


def _imported(folder: str) -> dict[str, set[str]]:
    """The entries of a folder, each with those of the same folder that it imports."""
    imported = {}
    for name, files in entries(folder).items():
        every = (target for file in files for one in imports_of(file) for target in targets(one))
        imported[name] = {entry for one in every if (entry := entry_of(folder, one))} - {name}
    return imported


def test_a_folder_holds_at_most_fifteen_modules() -> None:
    many = {
        folder
        for folder in folders()
        if sum((ROOT / folder / f"{name}.py").exists() for name in entries(folder)) > 15
    }
    assert many <= MANY_ALIKE | {"benchmarks"}


@each(
    ("below", "above"),
    [
        ("shared", {"clinical", "functions", "gateway", "simulator"}),
        *([] if is_gone("clinical") else [("clinical", {"functions", "gateway", "simulator"})]),
        ("functions", {"gateway", "simulator"}),
        ("gateway", {"simulator"}),
    ],
)
def test_nothing_imports_what_stands_on_it(below: str, above: set[str]) -> None:
    above = above | {"benchmarks", "docs", "doctor", "tests"}
    assert [str(one) for one in imports(below) if one.top in above] == []


@pytest.mark.calculators
def test_the_clinical_code_takes_of_shared_only_what_is_pure() -> None:
    pure = {
        "config.settings",
        "config.table",
        "fhir.compartment",
        "fhir.references",
        "frozen",
        "json_members",
        "patterns",
        "scopes",
        "urls",
        "vendors",
    }
    taken = {
        target.removeprefix("shared.")
        for one in imports("clinical")
        if one.top == "shared"
        for target in targets(one)
    }
    assert taken <= pure


def test_a_function_imports_its_own_folder_relatively_and_no_other_function() -> None:
    wrong = []
    for one in imports("functions"):
        own = one.file.relative_to(ROOT).parts[1]
        if one.relative:
            inside = one.target.split(".")[:2] == ["functions", own]
        else:
            inside = one.top not in {"functions", "gateway", "simulator", "doctor", "tests"}
        if not inside:
            wrong.append(str(one))
    assert wrong == []


def test_the_simulator_takes_nothing_of_the_product_but_the_start_of_servers() -> None:
    product = {"functions", "shared", "doctor", "tests"}
    assert [str(one) for one in imports("simulator") if one.top in product] == []
    start = ROOT / "simulator" / "__main__.py"
    assert {one.file for one in imports("simulator") if one.top == "gateway"} == {start}


def test_what_is_ours_is_imported_under_its_own_name() -> None:
    """A search for a name then finds every use. A module that needs another name is renamed."""
    own = {*PRODUCT, "tests"}
    wrong = []
    for file in sources(*own):
        text = file.read_text(encoding="utf-8")
        if not re.search(r"import .* as |^ +\w+ as \w+,?$", text, re.MULTILINE):
            continue
        for node in _statements(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                if node.level == 0 and module.partition(".")[0] not in own:
                    continue
                wrong += [
                    f"{file.relative_to(ROOT)} imports {alias.name} as {alias.asname}"
                    for alias in node.names
                    # This one is the name of no module, but how Python starts a package.
                    if alias.asname and alias.name != "__main__"
                ]
    assert wrong == []


def is_in(file: Path, pattern: str) -> bool:
    path = file.relative_to(ROOT)
    if pattern.endswith("/**"):
        return path.parts[0] == pattern.removesuffix("/**")
    return path.match(pattern)


@each(
    ("libraries", "allowed"),
    [
        (
            FLASK,
            (
                *(
                    "functions/*/main.py",
                    "shared/inbound/edge.py",
                    "shared/inbound/entry_point.py",
                    "gateway/app.py",
                ),
                *("gateway/own_functions.py", "simulator/**"),
            ),
        ),
        ({"google"}, ("shared/store/firestore.py",)),
        ({"httptools"}, ("shared/outbound/response.py",)),
        ({"msgspec", "stringzilla"}, ("shared/fhir/quick_accept.py", "shared/strict_json.py")),
        ({"gunicorn"}, ("shared/inbound/request_line.py", "gateway/serving.py")),
        ({"urllib3"}, ()),
        ({"requests"}, ("gateway/servers.py", "infra/smoke.py", "simulator/**")),
        ({"sqlite3"}, ("shared/store/sqlite.py",)),
        ({"cryptography"}, ("shared/sealing.py", "shared/smart/signing_keys.py", "simulator/**")),
        ({"jinja2"}, ("shared/pages/__init__.py", "simulator/common/html.py")),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set) else "",
)
def test_a_library_is_imported_in_its_own_place_only(
    libraries: set[str], allowed: tuple[str, ...]
) -> None:
    wrong = [
        str(one)
        for one in imports(*(set(PRODUCT) - {"benchmarks"}))
        if one.top in libraries and not any(is_in(one.file, pattern) for pattern in allowed)
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


@pytest.mark.slow
@each("name", ["callback", "fhir_proxy", SMART_CALC])
def test_a_function_can_be_imported_without_configuration(name: str) -> None:
    assert {"flask", "httptools", "cryptography"} <= loaded_by(name)
