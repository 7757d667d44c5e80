"""The examples of RFC 6902 as published (data/json_patch_spec_tests.json; NOTICE), in both of our
readings: the check of the proxy, which is more lenient, and the simulated EHR's.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.fhir import json_patch
from simulator.fhir.json_patch import PatchError, apply
from tests.support.tables import each

CASES = json.loads((Path(__file__).parent / "data/json_patch_spec_tests.json").read_text("utf-8"))
# What the proxy refuses, because servers may read it in different ways, it isn't the path of a FHIR
# element, or it changes nothing.
REFUSED = ("A.8.", "A.9.", "A.11.", "A.14.", "A.15.")
# What some servers allow. The result is checked, and a strict server refuses the patch.
MADE = {
    "4.1.": {"q": {"bar": "2"}, "a": {"b": "1"}},
    "A.12.": {"foo": "bar", "baz": {"bat": "qux"}},
}


def _numbered(case: Any) -> str:
    return str(case["comment"].split()[0])


# A.13 has a member twice: tests/shared/test_strict_json.py.
PUBLISHED = [one for one in CASES if _numbered(one) != "A.13"]


@each("case", PUBLISHED, ids=_numbered)
def test_the_proxy_makes_of_a_published_patch_what_is_published(case: Any) -> None:
    read = {name: json_patch.read(json.dumps(case.get(name)).encode()) for name in case}

    def made() -> Any:
        json_patch.changed_elements(read["patch"])
        return json_patch.result(read["patch"], read["doc"], unchanged=False)

    if _numbered(case) in REFUSED:
        with pytest.raises(ValueError, match=r"it changes nothing|member|point"):
            made()
    else:
        assert made() == MADE.get(_numbered(case), read.get("expected"))


@each("case", PUBLISHED, ids=_numbered)
def test_the_simulated_ehr_applies_what_is_published_and_refuses_the_rest(case: Any) -> None:
    if "error" in case:
        with pytest.raises(PatchError):
            apply(case["patch"], case["doc"])
    else:
        assert apply(case["patch"], case["doc"]) == case["expected"]
