"""The bill of materials of a release (CycloneDX 1.6): the packages that the deployed functions
install.

It's made from the functions' pinned requirements, the dependencies in uv.lock and the committed
table of licenses. It has no time and no serial number, so a commit always gives the same text.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Incomplete(Exception):
    """A package whose license isn't in the table, or a table entry whose package isn't used."""


def of(tree: Path, version: str, wheel: bytes) -> bytes:
    """Return the bill of materials for a tree, as JSON. Raises Incomplete."""
    pinned = _pinned(tree)
    licenses = tomllib.loads((tree / "infra/dist_licenses.toml").read_text("utf-8"))
    if odd := sorted(pinned.keys() ^ licenses.keys()):
        raise Incomplete(
            f"infra/dist_licenses.toml doesn't match the functions' requirements: {', '.join(odd)}."
        )
    ours = _component("application", "smart-calc", version, "Apache-2.0", [_sha256(wheel)])
    # smart-calc isn't on a package index, so this URL could point to someone else's package.
    del ours["purl"]
    ours["bom-ref"] = f"smart-calc@{version}"
    components = {
        name: _component("library", name, pinned[name][0], licenses[name], pinned[name][1])
        for name in sorted(pinned)
    }
    needs = _needs(tree)
    graph = [
        {
            "ref": one["bom-ref"],
            "dependsOn": sorted(
                components[other]["bom-ref"] for other in needs.get(name, ()) if other in components
            ),
        }
        for name, one in {"smart-calc": ours, **components}.items()
    ]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours},
        "components": list(components.values()),
        "dependencies": graph,
    }
    return (json.dumps(bill, indent=2) + "\n").encode()


def _component(
    kind: str, name: str, version: str, license_expression: str, hashes: Sequence[str]
) -> dict[str, Any]:
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": kind,
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
        "hashes": [{"alg": "SHA-256", "content": one} for one in sorted(hashes)],
        "licenses": [
            {"expression": license_expression}
            if " " in license_expression
            else {"license": {"id": license_expression}}
        ],
    }


def _pinned(tree: Path) -> Mapping[str, tuple[str, Sequence[str]]]:
    """Return version and hashes of each installed package; the lock allows only one version."""
    return {
        name: (version, _HASH.findall(rest))
        for file in tree.glob("functions/*/requirements.txt")
        for name, version, rest in _PINNED.findall(file.read_text("utf-8"))
    }


def _needs(tree: Path) -> Mapping[str, Sequence[str]]:
    """Return the dependencies of each package."""
    lock = tomllib.loads((tree / "uv.lock").read_text("utf-8"))
    return {
        one["name"]: sorted({needed["name"] for needed in one.get("dependencies", ())})
        for one in lock["package"]
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
