"""The functions with vendors that the product does not know: a profile each, and nothing else.

They are there before the configuration is read, as those of VENDORS are.
"""

from shared import vendors

ANOTHER = vendors.Profile("another", "Another EHR")
PECULIAR = vendors.Profile(
    "peculiar",
    "Peculiar EHR",
    raw_basic=True,
    searches=vendors.SearchHabits(
        sort=False, condition_categories="problem-list-item", include_medications=True
    ),
    scopes=vendors.ScopeHabits(
        wildcards_dropped="a test",
        wording={"scope_syntax": ("Peculiar EHR takes no wildcard.", ("Ask Peculiar.",))},
    ),
)
vendors.VENDORS = {**vendors.VENDORS, **{one.name: one for one in (ANOTHER, PECULIAR)}}

# After the line above: configuration and functions look vendors up by the mapping they import.
from gateway.app import application  # noqa: E402 - said above

__all__ = ["application"]
