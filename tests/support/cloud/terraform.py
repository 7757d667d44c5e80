"""infra/terraform as the resources that it would make, without Terraform or a provider.

Understands what the module uses: locals and variables, `for_each` over lists and maps, templates,
`a == b ? x : y`, `[for x in y : z]`, `toset`, dynamic blocks, and a reference to another resource,
which becomes a `Reference` or, for a service account's `member` and `name`, the text that it will
be.
"""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hcl2

_FOR = re.compile(r"\[for (\w+) in (.+?) : (.+?)( if (.+))?\]")


@dataclass(frozen=True)
class Resource:
    """One resource: its type, the key of `for_each` ("" without), what it is made of."""

    type: str
    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Reference:
    """Another resource, by type and key; its attributes are all itself."""

    type: str
    key: str = ""
    project: str = ""

    def __getattr__(self, name: str) -> Any:
        account = f"smart-{self.key}@{self.project}.iam.gserviceaccount.com"
        if self.type == "google_service_account" and name in {"member", "name"}:
            return f"serviceAccount:{account}" if name == "member" else account
        return self

    def __getitem__(self, key: str) -> "Reference":
        return Reference(self.type, key, self.project)


class _Locals(Mapping[str, Any]):
    """The locals, each evaluated on demand."""

    def __init__(self, module: "Module", values: Mapping[str, Any]) -> None:
        self._module = module
        self._values = values

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __getitem__(self, name: str) -> Any:
        return self._module.value(self._values[name], {})

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Module:
    """The module with values for its variables."""

    def __init__(self, folder: Path, **variables: Any) -> None:
        files = [hcl2.loads(path.read_text()) for path in sorted(folder.glob("*.tf"))]
        values: dict[str, Any] = {}
        for file in files:
            for block in file.get("locals", []):
                values |= block
        self._resources = [
            (_bare(kind), _bare(name), body)
            for file in files
            for block in file.get("resource", [])
            for kind, named in block.items()
            for name, body in named.items()
        ]
        self._scope: dict[str, Any] = {
            "var": SimpleNamespace(**variables),
            "local": _Locals(self, values),
            "toset": list,
            "keys": list,
            "replace": str.replace,
            "length": len,
            "join": str.join,
            "split": lambda mark, text: text.split(mark),
            "setproduct": lambda *lists: list(itertools.product(*lists)),
            "concat": lambda *lists: [one for listed in lists for one in listed],
            "contains": lambda listed, one: one in listed,
            "dirname": lambda path: str(Path(path).parent),
            "fileset": _files_below(folder),
            "file": lambda path: Path(path.replace("${path.module}", str(folder))).read_text(),
            "jsondecode": lambda text: json.loads(text, object_hook=_attributes),
        }
        read = [block for file in files for block in file.get("data", [])]
        self._scope["data"] = SimpleNamespace(
            **{
                _bare(kind): SimpleNamespace(**{_bare(name): Reference(_bare(kind))})
                for block in read
                for kind, named in block.items()
                for name in named
            }
        )
        for kind, name, _ in self._resources:
            holder = self._scope.setdefault(kind, SimpleNamespace())
            setattr(holder, name, Reference(kind, project=variables["project"]))

    @property
    def types(self) -> set[str]:
        """The types of all resources, made or not."""
        return {kind for kind, _, _ in self._resources}

    def resources(self, *types: str) -> list[Resource]:
        """All resources of these types."""
        resources = []
        for kind, _, body in self._resources:
            if kind not in types:
                continue
            rest = {name: value for name, value in body.items() if name != "for_each"}
            if "for_each" not in body:
                resources.append(Resource(kind, "", self.value(rest, {})))
                continue
            for key, value in _pairs(self.value(body["for_each"], {})):
                each = {"each": SimpleNamespace(key=key, value=_attributes(value))}
                resources.append(Resource(kind, key, self.value(rest, each)))
        return resources

    def value(self, given: Any, scope: Mapping[str, Any]) -> Any:
        """Return the value of an expression from the parser."""
        match given:
            case dict():
                made = {
                    _bare(name): self.value(one, scope)
                    for name, one in given.items()
                    if name not in {"__is_block__", "dynamic", "depends_on"}
                }
                for dynamic in given.get("dynamic", []):
                    ((name, block),) = dynamic.items()
                    name = _bare(name)
                    made[name] = made.get(name, []) + [
                        self.value(content, {**scope, name: SimpleNamespace(key=key, value=one)})
                        for key, one in _pairs(self.value(block["for_each"], scope))
                        for content in block["content"]
                    ]
                return made
            case list():
                return [self.value(one, scope) for one in given]
            case str() if given.startswith('"'):
                text = given[1:-1].replace('\\"', '"')
                return re.sub(
                    r"\$\{([^}]+)\}", lambda match: str(self._expression(match[1], scope)), text
                )
            case str() if given.startswith("${"):
                return self._expression(given[2:-1], scope)
        return given

    def _expression(self, text: str, scope: Mapping[str, Any]) -> Any:
        if loop := _FOR.fullmatch(text):
            each, over, made, _, condition = loop.groups()
            text = f"[{made} for {each} in {over}{f' if {condition}' if condition else ''}]"
        if " ? " in text:
            condition, _, rest = text.partition(" ? ")
            yes, _, no = rest.partition(" : ")
            return self._expression(yes if self._expression(condition, scope) else no, scope)
        python = text.replace("&&", " and ").replace("true", "True").replace("false", "False")
        # One scope, as the body of a loop sees nothing else. Our own module.
        return eval(python, {"__builtins__": {}, **self._scope, **scope})


def _files_below(module: Path) -> Callable[[str, str], list[str]]:
    """`fileset`: the files of a folder that fit a pattern, by their path below it."""

    def paths(path: str, pattern: str) -> list[str]:
        folder = Path(path.replace("${path.module}", str(module))).resolve()
        return sorted(str(file.relative_to(folder)) for file in folder.glob(pattern))

    return paths


def _bare(name: str) -> str:
    return name.strip('"')


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else [(one, one) for one in value]


def _attributes(value: Any) -> Any:
    return SimpleNamespace(**value) if isinstance(value, Mapping) else value
