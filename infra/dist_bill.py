"""The bill of materials of a release (CycloneDX 1.6): the packages that the deployed functions
install, and as a second component the packages that only the wheel needs.

It's made from the pinned requirements, the dependencies in uv.lock and the committed table of
licenses. It has no time and no serial number, so a commit always gives the same text.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from infra.project import ProjectRefused

# The licenses of the files in the archives (NOTICE): some test vectors have their own.
LICENSE = "Apache-2.0"
LICENSE_OF_SOURCE = "Apache-2.0 AND CC-BY-SA-4.0"
_PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ABOUT = (
    "Lists the packages that smart-calc's deployed functions install, with the pinned versions. "
    "The component smart-calc-wheel lists the other packages that the wheel needs."
)
_ABOUT_WHEEL = (
    "The wheel, which needs the packages of the deployed functions and those listed here. It "
    "declares version ranges. smart-calc's own tests run with the versions listed here."
)


def of(tree: Path, version: str, wheel: Path, source: Path) -> bytes:
    """Return the bill of materials for a tree and its archives, as JSON. Raises ProjectRefused."""
    deployed = _pinned(tree.glob("functions/*/requirements.txt"))
    all_pinned = {**_pinned([tree / "requirements/run.txt"]), **deployed}
    licenses = tomllib.loads((tree / "infra/dist_licenses.toml").read_text("utf-8"))
    if odd := sorted(all_pinned.keys() ^ licenses.keys()):
        raise ProjectRefused(
            f"infra/dist_licenses.toml doesn't match the requirements: {', '.join(odd)}."
        )
    packages = {
        name: _component(
            name, number, licenses[name], hashes, purl=PackageURL("pypi", name=name, version=number)
        )
        for name, (number, hashes) in all_pinned.items()
    }
    archives = [
        _component(one.name, version, terms, [_sha256(one)], ComponentType.FILE)
        for one, terms in ((wheel, LICENSE), (source, LICENSE_OF_SOURCE))
    ]
    # They have no package URL: smart-calc isn't on an index, where the URL could be someone else's.
    ours = _component("smart-calc", version, LICENSE, [_sha256(wheel)], ComponentType.APPLICATION)
    ours.description = _ABOUT
    ours.components = archives
    second = _component(
        "smart-calc-wheel", version, LICENSE, [_sha256(wheel)], ComponentType.APPLICATION
    )
    second.description = _ABOUT_WHEEL
    second.components = [one for name, one in packages.items() if name not in deployed]
    bill = Bom(
        metadata=BomMetaData(component=ours),
        components=[*(packages[name] for name in deployed), second],
    )
    needs = _needs(tree)
    bill.register_dependency(
        ours, [packages[one] for one in needs["smart-calc"] if one in deployed]
    )
    bill.register_dependency(second, [packages[one] for one in needs["smart-calc"]])
    for name, one in packages.items():
        bill.register_dependency(
            one, [packages[other] for other in needs[name] if other in packages]
        )
    return _without_time(JsonV1Dot6(bill).output_as_string())


def _component(
    name: str,
    version: str,
    license_expression: str,
    hashes: Sequence[str],
    kind: ComponentType = ComponentType.LIBRARY,
    purl: PackageURL | None = None,
) -> Component:
    return Component(
        type=kind,
        bom_ref=purl.to_string() if purl else f"{name}@{version}",
        name=name,
        version=version,
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in hashes],
        licenses=[LicenseFactory().make_from_string(license_expression)],
    )


def _without_time(bill: str) -> bytes:
    """Return the text without the two values that would differ each time."""
    content = json.loads(bill)
    del content["serialNumber"], content["metadata"]["timestamp"]
    return (json.dumps(content, indent=2) + "\n").encode()


def _pinned(files: Iterable[Path]) -> Mapping[str, tuple[str, Sequence[str]]]:
    """Return version and hashes of each installed package; the lock allows only one version."""
    return {
        name: (version, _HASH.findall(rest))
        for file in files
        for name, version, rest in _PINNED.findall(file.read_text("utf-8"))
    }


def _needs(tree: Path) -> Mapping[str, Sequence[str]]:
    """Return the dependencies of each package, and of smart-calc's wheel."""
    lock = tomllib.loads((tree / "uv.lock").read_text("utf-8"))
    return {
        one["name"]: sorted({needed["name"] for needed in one.get("dependencies", ())})
        for one in lock["package"]
    }


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
