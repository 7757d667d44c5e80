"""The vendors of EHRs. Everything that is specific to a vendor is in this package.

To add a vendor, add a line to VENDORS with its name and title. Everything else is an optional field
of its profile, with a generic default.
"""

from collections.abc import Mapping

from shared.vendors.epic import EPIC
from shared.vendors.oracle import ORACLE
from shared.vendors.others import OTHERS
from shared.vendors.profile import Persona, Profile, ScopeHabits, SearchHabits, Signs

__all__ = [
    "GENERIC",
    "OWN",
    "VENDORS",
    "Persona",
    "Profile",
    "ScopeHabits",
    "SearchHabits",
    "Signs",
    "everyone",
    "habits_of",
]

# The standards' own rules, which also apply to an [[ehr]] entry without a vendor.
GENERIC = Profile("generic", "Any EHR")
# The error catalogue has this app's own refusals next to the EHRs' errors.
OWN = Profile("smart-calc", "This app")

# The vendors that an [[ehr]] entry can name as its `vendor`.
VENDORS: Mapping[str, Profile] = {
    one.name: one
    for one in (
        ORACLE,
        EPIC,
        GENERIC,
    )
}


def everyone() -> tuple[Profile, ...]:
    """Return every vendor in the error catalogue. The ones that have no EHRs come last."""
    named = [one for one in VENDORS.values() if one is not GENERIC]
    return (*named, *OTHERS, GENERIC, OWN)


def habits_of(name: str | None) -> Profile:
    """Return the profile of a vendor by its name, or the generic one if the name is unknown."""
    return next((one for one in everyone() if one.name == name), GENERIC)
