"""Searches the faults of all EHRs by name, vendor, error text or cause."""

from collections.abc import Sequence

from simulator.faults.authorize_faults import AUTHORIZE_FAULTS, ORACLE
from simulator.faults.cds_faults import CDS_FAULTS
from simulator.faults.named import FAULTS, Fault
from simulator.vendors.installation import Installation

_VENDOR_NAMES = ("oracle health", "cerner")


def search(ehrs: Sequence[Installation], find: str) -> list[tuple[Installation, list[Fault]]]:
    """Return the EHRs with the faults that match all the words, each fault only at the first EHR
    that supports it. An EHR's own faults come first.
    """
    words, seen, found = find.lower().split(), set[str](), []
    for ehr in ehrs:
        here = [
            one
            for one in FAULTS.values()
            if words and ehr.profile.key in one.ehrs and one.name not in seen
            if all(word in _searched(one) for word in words)
        ]
        seen |= {one.name for one in here}
        if here:
            own = sorted(here, key=lambda fault: not is_own(fault, ehr.profile.vendor))
            found.append((ehr, own))
    return found


def where(ehrs: Sequence[Installation], find: str) -> str:
    """Return how many faults match at each EHR, such as "6 at Oracle Health, 2 here". `ehrs`
    starts with the EHR that the page shows.
    """
    counts = [
        f"{len(faults)} " + ("here" if ehr is ehrs[0] else f"at {_name(ehr)}")
        for ehr, faults in search(ehrs, find)
    ]
    return ", ".join(sorted(counts, key=lambda one: one.endswith("here")))


def is_own(fault: Fault, vendor: str) -> bool:
    """Return whether the fault is specific to this vendor."""
    vendors = {one.partition("-")[0] for one in fault.ehrs}
    return vendors == {vendor} and vendor != "generic"


def _name(ehr: Installation) -> str:
    """Return an EHR's title without its persona."""
    return ehr.profile.title.partition(",")[0]


def _searched(fault: Fault) -> str:
    """Return the text to search for a fault, including the error text that the app gets."""
    at = AUTHORIZE_FAULTS.get(fault.name)
    own: tuple[str, ...] = (at.error, at.detail, at.title) if at is not None else ()
    if fault.name in CDS_FAULTS:
        own = (CDS_FAULTS[fault.name].cause, "cds hooks")
    vendors = _VENDOR_NAMES if set(fault.ehrs) <= set(ORACLE) else ()
    return " ".join((fault.name, fault.title, fault.place, *own, *vendors)).lower()
