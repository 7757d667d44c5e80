"""The vendors of EHRs: what is particular to each stands here, and nowhere else.

To add one: a line in VENDORS with its name and its title. What is not said of it is generic; what
is its own is a field of its profile.
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

# What the standards alone say; also the vendor of an [[ehr]] entry that names none.
GENERIC = Profile("generic", "Any EHR", docs_page="any-ehr")
# This app's own refusals stand in the catalogue of errors beside the EHRs'.
OWN = Profile("smart-calc", "This app", docs_page="this-app")

# Those that an [[ehr]] entry can name as its `vendor`.
VENDORS: Mapping[str, Profile] = {
    one.name: one
    for one in (
        ORACLE,
        EPIC,
        GENERIC,
    )
}


def everyone() -> tuple[Profile, ...]:
    """Every vendor that has a name in the catalogue of errors; those without EHRs come last."""
    named = [one for one in VENDORS.values() if one is not GENERIC]
    return (*named, *OTHERS, GENERIC, OWN)


def habits_of(name: str | None) -> Profile:
    """The profile of a vendor by its name; the generic one where it is not known."""
    return next((one for one in everyone() if one.name == name), GENERIC)
