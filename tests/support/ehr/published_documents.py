"""Discovery documents as EHRs publish them, in published_documents.json with their sources."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.ehr import oracle_documents, reference_documents


@dataclass(frozen=True)
class Published:
    """A document, the FHIR base that serves it, and the other settings of a registration.

    `hosts` are the hosts of its endpoints in addition to the base's own. `vendor` includes some of
    them. `note` says what is peculiar about it.
    """

    name: str
    base: str
    document: Mapping[str, Any]
    vendor: str = "generic"
    hosts: tuple[str, ...] = ()
    note: str = ""


def _read() -> list[Published]:
    listed = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))["published"]
    return [Published(**{**one, "hosts": tuple(one["hosts"])}) for one in listed]


_oracle, _others = oracle_documents, reference_documents
ALL = (
    *_read(),
    Published("Oracle Health, clinicians", _oracle.PROVIDER_BASE, _oracle.provider(), "oracle"),
    Published("Oracle Health, patients", _oracle.PATIENT_BASE, _oracle.patient(), "oracle"),
    Published("Inferno's reference server", _others.INFERNO_BASE, _others.inferno()),
    Published("SMART launcher", _others.LAUNCHER_BASE, _others.launcher()),
)
