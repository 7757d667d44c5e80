"""Lists the functions: smart-calc's own, and those of the project in the current folder.

A project (docs/own-app.md) is a folder outside smart-calc's code with its own files:
`functions/NAME`, `page/`, `deployment.toml`. In a clone of smart-calc, both are the same folder,
and every folder in functions/ is smart-calc's. Standard library only, because this runs before
anything is installed.
"""

import ast
import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRODUCT = Path(__file__).parents[1]
# In a wheel, the package is above the product, not in it.
IS_CLONE = (PRODUCT / "smart_calc").is_dir()
DEPLOYMENT = "deployment.toml"
CALCULATORS = frozenset({"cds_services", "smart_calc"})
# The service accounts smart-build, smart-test and smart-deploy belong to the build and its steps. A
# function's account is named like the function, so one with these names would get their roles.
_ACCOUNTS = frozenset({"build", "deploy", "test"})
# A project's own function with one of these names would hide a path of the gateway or a build.
_RESERVED = frozenset({"app", "deployment", "docs", "explain", "health"}) | _ACCOUNTS
# Google Cloud accepts no service or account whose name ends in "-", which "_" becomes there.
_NAME = re.compile(r"[a-z]([a-z0-9_]{0,22}[a-z0-9])?")
# Staging puts these names next to main.py.
_STAGED = frozenset({"BUILD_INFO", "clinical", "shared", "smart_calc"})


class ProjectRefused(Exception):
    """Nothing is done; the message lists every problem and how to fix it."""


@dataclass(frozen=True, slots=True)
class Project:
    """The functions of a folder: smart-calc's (`ours`) and the project's (`own`). `jobs` is the
    part of `own` that only invokers can call, and that has no public URL. Without `calculators`,
    `ours` doesn't contain the functions in CALCULATORS. `not_secrets` are the files of own
    functions that only look as if they contained a secret.
    """

    product: Path
    folder: Path
    ours: tuple[str, ...]
    own: tuple[str, ...]
    calculators: bool
    not_secrets: frozenset[str] = frozenset()
    jobs: tuple[str, ...] = ()

    @property
    def public(self) -> tuple[str, ...]:
        """All functions with a public URL, sorted."""
        return tuple(name for name in self.names if name not in self.jobs)

    @property
    def names(self) -> tuple[str, ...]:
        """All functions, sorted."""
        return tuple(sorted((*self.ours, *self.own)))

    def source(self, name: str) -> Path:
        """Return the folder of a function."""
        return (self.folder if name in self.own else self.product) / "functions" / name


def read(folder: Path, product: Path = PRODUCT) -> Project:
    """Read the functions of the project in `folder`. Raises ProjectRefused if it's invalid."""
    calculators, not_secrets = _settings(folder)
    all_ours = functions_below(product)
    ours = tuple(name for name in all_ours if calculators or name not in CALCULATORS)
    if folder.resolve() == product.resolve():
        problems = [one for name in ours for one in _name_problems(name)]
        if problems:
            raise ProjectRefused("\n".join(problems))
        return Project(product, folder, ours, (), calculators)
    own = functions_below(folder)
    taken = {*all_ours, *CALCULATORS}
    problems = [one for name in own for one in _problems(folder, name, taken)]
    if problems:
        raise ProjectRefused("\n".join(problems))
    jobs = tuple(name for name in own if _is_job(folder / "functions" / name))
    return Project(product, folder, ours, own, calculators, not_secrets, jobs)


def name_problems(name: str, product: Path = PRODUCT) -> list[str]:
    """Return the reasons why a project's function can't have a name."""
    return _name_problems(name, {*functions_below(product), *CALCULATORS})


def package_of(product: Path) -> Path:
    """Return the `smart_calc` package's folder: above the product in a wheel, in it in a clone."""
    inside = product / "smart_calc"
    return inside if inside.is_dir() else product.parent


def functions_below(folder: Path) -> tuple[str, ...]:
    """Return the names of the folders in functions/ that have a main.py."""
    return tuple(sorted(path.parent.name for path in folder.glob("functions/*/main.py")))


def _settings(folder: Path) -> tuple[bool, frozenset[str]]:
    """Read `calculators` and `not_secrets` from deployment.toml, with their defaults if the file or
    the line is missing.
    """
    try:
        text = (folder / DEPLOYMENT).read_text("utf-8")
    except FileNotFoundError:
        return True, frozenset()
    except (OSError, ValueError) as error:
        raise ProjectRefused(f"{DEPLOYMENT} can't be read: {error}.") from None
    content = parsed(text)
    value, names = content.get("calculators", True), content.get("not_secrets", [])
    if not isinstance(value, bool):
        raise ProjectRefused(f"{DEPLOYMENT}: calculators must be true or false.")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProjectRefused(
            f"{DEPLOYMENT}: not_secrets must be a list of files, as `stage` names them."
        )
    return value, frozenset(names)


def parsed(text: str) -> dict[str, Any]:
    """Return the content of deployment.toml. Raises ProjectRefused with the first invalid line."""
    try:
        return tomllib.loads(text)
    except ValueError as error:
        lines, at = text.splitlines(), re.search(r"at line (\d+)", str(error))
        line = lines[int(at[1]) - 1].strip() if at and int(at[1]) <= len(lines) else ""
        key, equals, value = line.partition("=")
        why = f"{DEPLOYMENT} isn't valid TOML: {error}."
        if equals and not value.strip():
            why += f' {key.strip()} has no value. For an empty one, write {key.strip()} = "".'
        raise ProjectRefused(why) from None


def _problems(folder: Path, name: str, ours: Collection[str]) -> list[str]:
    """Return the reasons why a project's function can't be served and staged."""
    where = f"functions/{name}"
    if problems := _name_problems(name, ours):
        return problems
    source = folder / where
    hidden = sorted(one.name for one in source.iterdir() if one.name.split(".")[0] in _STAGED)
    problems = [f"{where}/{one}: smart-calc puts {one} there. Rename yours." for one in hidden]
    try:
        module = ast.parse((source / "main.py").read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        return [*problems, f"{where}/main.py isn't valid Python: {error}."]
    definitions = [node for node in module.body if name in _bound(node)]
    if not definitions:
        problems.append(
            f"{where}/main.py defines no function {name}. Add the function, or rename the folder."
        )
    elif _is_job(source):
        first = next(iter(getattr(definitions[-1], "decorator_list", ())), None)
        if first is None or ast.unparse(first) not in _names_of_job(module):
            # Otherwise it could be deployed as a function that anyone can call.
            problems.append(
                f"{where} uses api.job, so it must be a job: in main.py, write @api.job as the "
                f"first decorator above `def {name}`."
            )
    elif _is_plain(definitions[-1]) and any(map(_imports_api, module.body)):
        problems.append(
            f"{where}/main.py: write @api.function or @api.job on the line above `def {name}`."
        )
    return problems


def _is_job(folder: Path) -> bool:
    """Return whether any file of a function mentions `api.job`. Unreadable files are reported by
    `_problems`.
    """
    for file in sorted(folder.rglob("*.py")):
        try:
            module = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        names = _names_of_job(module)
        kinds = (ast.Attribute, ast.Name)
        if any(isinstance(one, kinds) and ast.unparse(one) in names for one in ast.walk(module)):
            return True
    return False


def _names_of_job(module: ast.Module) -> set[str]:
    """Return the names of `api.job` in a module, as it imports them."""
    names = {"smart_calc.api.job"}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom | ast.Import):
            of = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for one in node.names:
                bound = one.asname or one.name
                if f"{of}{one.name}" == "smart_calc.api":
                    names.add(f"{bound}.job")
                elif f"{of}{one.name}" in {"smart_calc.api.job", "smart_calc.api.*"}:
                    names.add(bound.replace("*", "job"))
    return names


def _name_problems(name: str, ours: Collection[str] = ()) -> list[str]:
    where = f"functions/{name}"
    if name.replace("-", "_") in ours:
        return [f"{where}: this name belongs to smart-calc. Rename the folder."]
    if name in _RESERVED:
        return [f"{where}: this name is reserved. Rename the folder."]
    if not _NAME.fullmatch(name):
        rule = "Use 1 to 24 characters (a-z, 0-9, _). Start with a letter, and don't end with _."
        return [f"{where}: invalid name. {rule}"]
    return []


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement at the top level of a module binds."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return {node.name}
        case ast.Assign():
            return {one.id for one in node.targets if isinstance(one, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case ast.ImportFrom() | ast.Import():
            return {one.asname or one.name for one in node.names}
    return set()


def _is_plain(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.decorator_list


def _imports_api(node: ast.stmt) -> bool:
    if not isinstance(node, ast.ImportFrom):
        return False
    names = {f"{node.module}.{one.name}" for one in node.names}
    return node.module == "smart_calc.api" or "smart_calc.api" in names
