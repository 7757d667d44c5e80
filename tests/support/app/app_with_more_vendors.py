"""The functions with vendors that the product does not know: a profile each, and nothing else.

They are there before the configuration is read, as those of VENDORS are.
"""

from typing import cast

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
# The mapping that configuration and functions have imported.
cast("dict[str, vendors.Profile]", vendors.VENDORS).update(another=ANOTHER, peculiar=PECULIAR)

from gateway.app import application  # noqa: E402 - it reads the configuration

__all__ = ["application"]
