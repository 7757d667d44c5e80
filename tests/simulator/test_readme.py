"""What README.md tells a developer of another app is so."""

import re

import pytest

from simulator.ehr import create_app
from simulator.oauth.registrations import Registration, parse_registrations
from tests.simulator.app_under_test import ORIGIN, App
from tests.support.app.servers import ROOT

README = (ROOT / "simulator" / "README.md").read_text("utf-8")


def section(heading: str) -> str:
    return README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def first_column(text: str) -> list[str]:
    """The names in the first column of its tables."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.fixture(scope="module")
def example() -> Registration:
    """The registration that a reader would copy."""
    match = re.search(r"EHR_REGISTRATIONS='(.*?)' \\\nmake ehr", README, re.DOTALL)
    assert match is not None
    (registration,) = parse_registrations(match[1])
    return registration


def test_the_registration_of_the_example_can_be_launched(example: Registration) -> None:
    http = create_app([example], base_url=ORIGIN).test_client()
    for ehr in ("generic", "oracle", "epic"):
        answer = http.get(f"/{ehr}/start?patient=synthetic-alma&client=my-app&in=tab")
        assert answer.headers["Location"].startswith("http://localhost:3000/launch?iss=")


def test_every_address_is_served(beside_others: App) -> None:
    # Up to what stands for a value: a part in capitals there, in angle brackets here.
    served = {
        str(rule).split("<")[0] for rule in beside_others.http.application.url_map.iter_rules()
    }
    named = first_column(section("URLs").partition("\n| | generic")[0])
    for address in (one.partition("?")[0] for one in named if one.startswith("/")):
        choice = re.search(r"\{([^}]+)\}", address)
        for chosen in choice[1].split(",") if choice else [""]:
            path = re.sub(r"\{[^}]+\}", chosen, address)
            assert re.split("[A-Z]", path)[0] in served, path
