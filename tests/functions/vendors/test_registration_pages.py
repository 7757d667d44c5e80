"""What the vendors' pages say to enter at the EHR is what their example of smart.toml sends."""

import re
from pathlib import Path

from shared.config.settings import Settings
from shared.config.settings_file import parse
from shared.urls import normalise_base
from tests.support.tables import each

DOCS = Path(__file__).parents[3] / "docs"
TOP = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
"""
STORE = """
[store]
kind = "sqlite"
"""
pages = each("vendor", ["oracle", "epic"])


def _page(vendor: str) -> str:
    name = {"oracle": "oracle-health.md", "epic": "epic.md"}[vendor]
    return (DOCS / name).read_text(encoding="utf-8")


def _settings(vendor: str) -> Settings:
    (example,) = re.findall(r"```toml\n(.*?)```", _page(vendor), re.DOTALL)
    # The placeholder for the client id says which of the EHR's ids to use.
    example = re.sub(r'client_id = "the .*"', 'client_id = "app"', example)
    settings, problems = parse(TOP + example + STORE)
    assert settings is not None, problems
    return settings


@pages
def test_the_example_is_one_registration_of_this_vendor(vendor: str) -> None:
    (ehr,) = _settings(vendor).ehrs
    assert (ehr.key, ehr.vendor) == (vendor, vendor)
    for base in ehr.iss:
        assert normalise_base(base) == base


@pages
def test_every_address_to_enter_is_one_that_the_functions_have(vendor: str) -> None:
    settings = _settings(vendor)
    (ehr,) = settings.ehrs
    named = set(re.findall(re.escape(settings.public_url) + r"[^`\s]*", _page(vendor)))
    assert named == {
        settings.public_url + "/launch",
        settings.public_url + ehr.redirect_path,
        settings.public_url + "/launch/jwks.json",
    }


@pages
def test_where_a_key_is_used_its_public_half_is_served(vendor: str) -> None:
    settings = _settings(vendor)
    signs = any(ehr.client_auth == "private_key_jwt" for ehr in settings.ehrs)
    assert (settings.public_jwks is not None) == signs


@pages
def test_no_secret_lies_where_the_deployment_mounts_something_else(vendor: str) -> None:
    """docs/deploy.md: `/keys` and `/config` are separate mounts."""
    (ehr,) = _settings(vendor).ehrs
    for reference in (ehr.client_secret, ehr.private_key):
        assert reference is None or reference.startswith("file:/clients/")
