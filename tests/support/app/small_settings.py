"""The smallest configuration that a unit test reads: SQLite, and one registration."""

from shared.config.settings import Settings
from shared.config.settings_file import parse


def small_settings(
    iss: str = "https://ehr.test/fhir", scopes: str = "patient/*.rs", more: str = ""
) -> Settings:
    """Return settings. `more` are additional lines of the registration. With an http issuer,
    they're local.
    """
    public_url = "https://smart.example.org" if iss.startswith("https:") else "http://localhost"
    settings, problems = parse(f"""
public_url = "{public_url}"
sealing_keys = ["env:SEALING_KEY"]
[store]
kind = "sqlite"
[[ehr]]
key = "one"
iss = ["{iss}"]
client_id = "client"
scopes = "{scopes}"
{more}
""")
    assert problems == []
    assert settings is not None
    return settings
