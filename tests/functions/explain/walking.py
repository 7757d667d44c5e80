"""Launches that faults spoil, walked at once in the background while tests look at the first."""

import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from urllib.parse import quote

from simulator.faults.named import FAULTS
from simulator.vendors.oracle import ORACLE_PATIENT
from tests.functions.explain.faults import DISCOVERY, LATER, OF_LAUNCHES, ehr_of
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.ehr.three_ehrs import ThreeEhrs, Walk

ALMA = "Patient/synthetic-alma"
# The EHR for discovery faults. Every request triggers them, so no other test uses this EHR.
_APART = ORACLE_PATIENT


def sentences(fix: str) -> list[str]:
    """What a line of the log has as `fix`; a page has its sentences under two headings."""
    return re.split(r"(?<=\.) (?=[A-Z])", fix.replace("`", ""))


def waits(name: str) -> bool:
    """Whether this launch lasts long: an EHR that does not answer takes ten seconds."""
    return name.endswith("-hang") or name == "refresh-slow"


@dataclass(frozen=True)
class Walked:
    """A launch, and the request after it where the fault is one of those."""

    walk: Walk
    later: Answer | None


class Walks:
    """One launch for each fault, by its name; who asks for one waits until it is over."""

    def __init__(self, app: ThreeEhrs, pool: Executor) -> None:
        names = sorted(OF_LAUNCHES, key=lambda name: (not waits(name), name))
        self._futures: Mapping[str, Future[Walked]] = {
            name: pool.submit(_walked, app, name) for name in names
        }

    def __getitem__(self, name: str) -> Walked:
        return self._futures[name].result()

    def all(self) -> Sequence[Walked]:
        """Every one of them."""
        return [self[name] for name in self._futures]


def _walked(app: ThreeEhrs, name: str) -> Walked:
    place = FAULTS[name].place
    if place == "refresh":
        # A token that answers in 2 seconds has to live longer than that.
        life = 5 if name == "refresh-slow" else 1
        walk = app.walk(ehr_of(name), f"{name},token-life-{life}s")
        time.sleep(life)
    else:
        walk = app.walk(ehr_of(name), name)
    if name not in LATER:
        return Walked(walk, None)
    if LATER[name][1] == "patient_missing":
        return Walked(walk, app.page(walk))
    if place == "revoke":
        return Walked(walk, app.fetch(walk, "session", "DELETE"))
    return Walked(walk, app.fetch(walk, ALMA))


def discovery_entry(ehr_origin: str) -> str:
    """Return an [[ehr]] table for an EHR that is discovered again for each discovery fault.

    The app caches the configuration of each host for minutes. So the EHR needs many host names:
    127.0.0.1, with more and more zeros before its last number.
    """
    host = ehr_origin.partition("://")[2]
    bases = ", ".join(f'"{_base(ehr_origin, name)}"' for name in DISCOVERY)
    return (
        f'[[ehr]]\nkey = "apart"\nvendor = "oracle"\niss = [{bases}]\nclient_id = "apart"\n'
        f'scopes = "openid"\nendpoint_hosts = ["{host}"]\nredirect_path = "/callback/apart"\n'
    )


class Beginnings:
    """The launch URL's response with each discovery fault, by the fault's name."""

    def __init__(self, app: ThreeEhrs, one_after_another: Executor) -> None:
        names = sorted(DISCOVERY, key=waits)
        self._futures: Mapping[str, Future[Answer]] = {
            name: one_after_another.submit(_begun, app, name) for name in names
        }

    def __getitem__(self, name: str) -> Answer:
        return self._futures[name].result()


def _begun(app: ThreeEhrs, name: str) -> Answer:
    app.control(_APART.key, faults=f"{name}:1")
    iss = quote(_base(app.ehr_origin, name), safe="")
    return Browser().send("GET", f"{app.origin}/launch?iss={iss}&launch=x1", NAVIGATION)


def _base(ehr_origin: str, name: str) -> str:
    zeros = "0" * list(DISCOVERY).index(name)
    return _APART.addresses(ehr_origin).fhir_base.replace("127.0.0.1", f"127.0.0.{zeros}1")
