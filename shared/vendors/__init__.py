"""The vendors of EHRs: this package has everything that is specific to one of them.

To add one, add a line to VENDORS with its name and its title. Everything specific is a field of its
profile, with a generic default.
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

# The habits in the standards, also for an [[ehr]] entry without a vendor.
GENERIC = Profile("generic", "Any EHR", docs_page="any-ehr")
# This app's own refusals are in the error catalogue together with those of EHRs.
OWN = Profile("smart-calc", "This app", docs_page="this-app")

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
    """Return every vendor that has a name in the error catalogue. Those without EHRs come last."""
    named = [one for one in VENDORS.values() if one is not GENERIC]
    return (*named, *OTHERS, GENERIC, OWN)


def habits_of(name: str | None) -> Profile:
    """Return the profile of a vendor by its name, or the generic one if the name is unknown."""
    return next((one for one in everyone() if one.name == name), GENERIC)
