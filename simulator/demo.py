"""The defaults of `make run`: an app, its configuration, and its registrations at three EHRs."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile

SEALING_KEY, BACKEND_KEY = "sealing-key", "backend-key.pem"
_IDENTITY = ("openid", "fhirUser", "online_access")
_RESOURCES = (
    "patient/Patient.rs",
    "patient/Observation.rs",
    "patient/Condition.rs",
    "patient/MedicationRequest.rs",
)
# Extra scopes for a custom frontend and functions: to write (examples/write-back, examples/note)
# and to read the launch's encounter.
# What a job may do in all charts (`smart-calc new --job`).
SYSTEM = (*(one.replace("patient/", "system/") for one in _RESOURCES), "system/Encounter.rs")
OWN_PAGE = ("patient/Observation.c", "patient/Encounter.rs", "patient/DocumentReference.crs")


@dataclass(frozen=True, slots=True)
class _Entry:
    """The app at one EHR: its [[ehr]] entry and its registration."""

    key: str
    profile: VendorProfile
    client_id: str
    standalone: bool
    launch_scopes: Sequence[str]

    @property
    def redirect_path(self) -> str:
        """A redirect path for only this EHR, to prevent mix-up attacks (RFC 9700 4.4)."""
        return f"/callback/{self.key}"


_ENTRIES = (
    _Entry(
        "simulated",
        GENERIC,
        "smart-calc-demo",
        standalone=True,
        launch_scopes=("launch", "launch/patient", "launch/encounter"),
    ),
    _Entry("oracle", ORACLE, "smart-calc-oracle", standalone=False, launch_scopes=("launch",)),
    _Entry(
        "epic",
        EPIC,
        "smart-calc-epic",
        standalone=False,
        launch_scopes=("launch", "launch/patient"),
    ),
)

_CONFIGURATION = """\
# `smart-calc run` (in a clone: `make run`) overwrites this file at every start. Edit a copy.
public_url = "{public_url}"
after_launch = "{after_launch}"
sealing_keys = ["file:{key_file}"]

[store]
kind = "sqlite"
path = "{store_file}"
"""
_EHR = """
[[ehr]]
key = "{key}"
name = "{name}"
vendor = "{vendor}"
iss = ["{iss}"]
client_id = "{client_id}"
scopes = "{scopes}"
redirect_path = "{redirect_path}"
standalone = {standalone}
system_scopes = "{system_scopes}"
backend_client_id = "{client_id}-jobs"
backend_private_key = "file:{backend_key}"
backend_key_id = "jobs"
"""
_CDS_CLIENT = """
[[cds_client]]
key = "{key}"
ehr = "{key}"
iss = "{iss}"
jku = "{jku}"
"""


def configuration(
    public_url: str,
    ehr_origin: str,
    key_file: Path,
    store_file: Path,
    after_launch: str = "/smart_calc/{session}/",
    more_scopes: Sequence[str] = (),
    *,
    with_cds: bool = True,
) -> str:
    """Return the app's configuration file; with `with_cds`, the EHRs may call its CDS service.

    The key of its jobs is next to `key_file`.
    """
    top = _CONFIGURATION.format(
        public_url=public_url, key_file=key_file, store_file=store_file, after_launch=after_launch
    )
    ehrs = (
        _EHR.format(
            key=one.key,
            name=f"Simulated EHR: {one.profile.title}",
            vendor=one.profile.vendor,
            iss=one.profile.addresses(ehr_origin).fhir_base,
            client_id=one.client_id,
            scopes=" ".join([*_IDENTITY, *_RESOURCES, *more_scopes]),
            redirect_path=one.redirect_path,
            standalone="true" if one.standalone else "false",
            system_scopes=" ".join(SYSTEM),
            backend_key=key_file.with_name(BACKEND_KEY),
        )
        for one in _ENTRIES
    )
    callers = (_cds_client(one, ehr_origin) for one in _ENTRIES if with_cds)
    return "".join([top, *ehrs, *callers])


def _cds_client(one: _Entry, ehr_origin: str) -> str:
    """Return the [[cds_client]] table that lets the EHR call the app's CDS service."""
    at, tenant = one.profile.addresses(ehr_origin), one.profile.cds.tenant
    table = _CDS_CLIENT.format(key=one.key, iss=at.cds_issuer, jku=at.cds_keys)
    return table if tenant is None else f'{table}tenant = "{tenant}"\n'


def registrations(
    public_url: str, *, with_cds: bool = True, backend_jwks: Mapping[str, Any] | None = None
) -> str:
    """Return the EHRs' registrations of the app as JSON; `with_cds` lets charts request cards, and
    `backend_jwks` are the public keys of its jobs.
    """
    services = [] if backend_jwks is None else _ENTRIES
    return json.dumps(
        [
            {
                "client_id": one.client_id,
                "name": "smart-calc",
                "launch_url": f"{public_url}/launch",
                "redirect_uris": [f"{public_url}{one.redirect_path}"],
                "scopes": [*one.launch_scopes, *_IDENTITY, *_RESOURCES, *OWN_PAGE],
                "ehrs": [one.profile.key],
                **({"cds_services": f"{public_url}/cds_services"} if with_cds else {}),
            }
            for one in _ENTRIES
        ]
        + [
            {
                "client_id": f"{one.client_id}-jobs",
                "name": "smart-calc, jobs",
                "scopes": SYSTEM,
                "client_auth": "private_key_jwt",
                "jwks": backend_jwks,
                "ehrs": [one.profile.key],
            }
            for one in services
        ]
    )


def made_keys(folder: Path) -> Mapping[str, Any]:
    """Create the app's keys in a folder, if they aren't there; return the public key of its jobs.

    The keys are kept, so that a restart doesn't end sessions.
    """
    for name, key in ((SEALING_KEY, secrets.token_urlsafe(32)), (BACKEND_KEY, _new_key())):
        if not (folder / name).exists():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(key, encoding="ascii")
    private = load_pem_private_key((folder / BACKEND_KEY).read_bytes(), None)
    public = ECAlgorithm.to_jwk(
        cast(ec.EllipticCurvePrivateKey, private).public_key(), as_dict=True
    )
    return {"keys": [{**public, "kid": "jobs", "alg": "ES384", "use": "sig"}]}


def _new_key() -> str:
    key = ec.generate_private_key(ec.SECP384R1())
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.private_bytes(*form).decode("ascii")
