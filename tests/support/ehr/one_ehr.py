"""The settings of an app at one EHR, for tests that need some and are about something else."""

from shared.config import settings_file
from shared.config.settings import Settings


def settings(
    iss: str = "https://ehr.example.org/fhir",
    scopes: str = "patient/*.rs",
    *,
    client_id: str = "c",
    public_url: str = "https://smart.example.org",
    top: str = "",
    store: str = 'kind = "sqlite"',
    more: str = "",
) -> Settings:
    """`top` are further settings, `store` those of the store, `more` those of the [[ehr]] entry."""
    text = f"""
public_url = "{public_url}"
sealing_keys = ["env:SEALING_KEY"]
{top}
[store]
{store}
[[ehr]]
key = "one"
iss = ["{iss}"]
client_id = "{client_id}"
scopes = "{scopes}"
{more}
"""
    parsed, problems = settings_file.parse(text)
    assert parsed is not None, problems
    return parsed
