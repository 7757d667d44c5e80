"""Cards and discovery against the logical models that HL7 publishes for CDS Hooks, CDSHooksResponse
(HL7/cds-hooks at 1bd2abc) and CDSHooksServices (b06a662): which members there are, and how often.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.browser import Browser
from tests.support.cds import DISCOVERY, Cds

MANY = 1_000
CODING = {"system": (1, 1), "code": (1, 1), "display": (0, 1), "version": (0, 1)}
# Each path with its cardinality. The models' suggestion elements are omitted, as no card has any.
RESPONSE: Mapping[str, tuple[int, int]] = {
    "cards": (0, MANY),
    "cards.uuid": (0, 1),
    "cards.summary": (1, 1),
    "cards.detail": (0, 1),
    "cards.indicator": (1, 1),
    "cards.source": (1, 1),
    "cards.source.label": (1, 1),
    "cards.source.url": (0, 1),
    "cards.source.icon": (0, 1),
    "cards.source.topic": (0, 1),
    **{f"cards.source.topic.{name}": often for name, often in CODING.items()},
    "cards.overrideReasons": (0, MANY),
    **{f"cards.overrideReasons.{name}": often for name, often in CODING.items()},
    "cards.links": (0, MANY),
    "cards.links.label": (1, 1),
    "cards.links.url": (1, 1),
    "cards.links.type": (1, 1),
    "cards.links.appContext": (0, 1),
    "cards.links.autolaunchable": (0, 1),
}
SERVICES: Mapping[str, tuple[int, int]] = {
    "services": (0, MANY),
    "services.hook": (1, 1),
    "services.title": (0, 1),
    "services.id": (1, 1),
    "services.description": (1, 1),
    "services.usageRequirements": (0, 1),
    "services.prefetch": (0, 1),
}


def complaints(body: Mapping[str, Any], model: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """What a document has that its model has not, too often, or not at all."""

    def walk(value: Mapping[str, Any], at: str) -> Iterator[str]:
        inner = {path for path in model if path.rpartition(".")[0] == at}
        for path in sorted(inner):
            least, most = model[path]
            held = value.get(path.rpartition(".")[2])
            there = held if isinstance(held, list) else [held] * (held is not None)
            if not least <= len(there) <= most or (isinstance(held, list) and most == 1):
                yield f"{path}: {len(there)} times"
            for one in there:
                if isinstance(one, dict) and path != "services.prefetch":
                    yield from walk(one, path)
        for name in value:
            if (f"{at}.{name}" if at else name) not in inner:
                yield f"{at}.{name}: not in the model"

    return walk(body, "")


def test_cards_are_as_the_published_model_has_them(cds: Cds) -> None:
    cards = cds.main.cards()
    assert cards
    assert list(complaints({"cards": cards}, RESPONSE)) == []
    for card in cards:
        assert len(card["summary"]) < 140
        assert card["indicator"] in {"info", "warning", "critical"}
        # Invariants cds-resp-3 and -4: appContext only for smart links, every reason with a text.
        assert all(one["type"] == "smart" for one in card["links"] if "appContext" in one)
        assert all(one["display"] for one in card["overrideReasons"])


def test_discovery_is_as_the_published_model_has_it(cds: Cds) -> None:
    document = json.loads(Browser().get(f"{cds.server.origin}{DISCOVERY}").body)
    assert list(complaints(document, SERVICES)) == []
    (service,) = document["services"]
    assert all(isinstance(one, str) for one in service["prefetch"].values())
    assert re.fullmatch(r"[\w-]+", service["id"])


def test_the_model_tells_what_it_has_not() -> None:
    body = {"cards": [{"summary": "x", "indicator": "info", "source": {"icon": "y"}, "other": 1}]}
    assert list(complaints(body, RESPONSE)) == [
        "cards.source.label: 0 times",
        "cards.other: not in the model",
    ]
