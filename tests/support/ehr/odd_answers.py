"""EHR responses as text, plain and odd: repeated members, names in other spellings, misplaced
resources, other patients, damaged bytes. Made from a seed.
"""

import json
import random
from collections.abc import Callable
from typing import Any

BASE = "https://ehr.example.org/r4"
OURS = "Patient/p1"
_OTHERS = (
    "Patient/p2",
    "Patient/p1x",
    " Patient/p1",
    f"{BASE}/Patient/p2",
    "https://else.example.org/r4/Patient/p1",
    "Patient/p1/_history/../../Patient/p2",
    "Group/g1",
    "#p2",
    "",
)
_OWN = (
    OURS,
    OURS,
    OURS,
    f"{BASE}/{OURS}",
    f"{OURS}/_history/2",
    "HTTPS://EHR.example.org:443/r4/" + OURS,
)
_SPELLINGS: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.lower,
    lambda name: f" {name}",
    lambda name: "".join(f"\\u{ord(one):04x}" for one in name),
    lambda name: name[:-1] + f"\\u{ord(name[-1]):04X}",
    lambda name: name.replace("s", "ſ", 1),
    lambda name: name.replace("s", "\\u017f", 1),
)
_WORDS = ("caf\u00e9", "resourceType", "\\u003cb\\u003e", "a \\u0041", "ſ", "\U0001f600", "link")


class Text(str):
    """JSON that is already serialized."""

    __slots__ = ()


Member = tuple[str, Any]


def _written(value: Any, chance: random.Random) -> str:
    """Serialize a value as JSON. An object is a list of members, so that one can be repeated."""
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        space = chance.choice(("", "", " ", "\n\t"))
        inner = f",{space}".join(f'"{name}":{space}{_written(one, chance)}' for name, one in value)
        return f"{{{space}{inner}{space}}}"
    if isinstance(value, list):
        return f"[{','.join(_written(one, chance) for one in value)}]"
    return json.dumps(value, ensure_ascii=chance.random() < 0.5)


class Maker:
    """Makes responses. `odd` is the probability that a place is odd."""

    def __init__(self, seed: int, odd: float) -> None:
        self._chance = random.Random(seed)
        self._odd = odd

    def bundle(self) -> bytes:
        """Return a searchset of Observations and other content."""
        members: list[Member] = [("resourceType", "Bundle"), ("type", "searchset")]
        members.append(("link", self._links()))
        members.append(("entry", [self._entry() for _ in range(self._chance.randint(0, 4))]))
        if self._is_odd():
            members.append(("note", "x" * 9_000))
        if self._is_odd():
            members.append(("entry", [self._entry()]))
        if self._is_odd():
            members.append(("link", self._chance.choice([[], None, self._links()])))
        if self._is_odd():
            members.append(("resourceType", self._chance.choice(["Bundle", "Observation"])))
        return self._damaged(self._mixed(members))

    def resource(self) -> bytes:
        """Return one resource."""
        return self._damaged(self._resource())

    def _is_odd(self) -> bool:
        return self._chance.random() < self._odd

    def _links(self) -> Any:
        links = [[("relation", "self"), ("url", f"{BASE}/Observation?patient=p1")]]
        if self._chance.random() < 0.5:
            links.append([("relation", "next"), ("url", f"{BASE}?page=2")])
        return links

    def _entry(self) -> list[Member]:
        members: list[Member] = [("fullUrl", "urn:uuid:1"), ("resource", self._resource())]
        if self._is_odd():
            members.append(("resource", self._chance.choice([None, [], self._resource()])))
        if self._is_odd():
            members.append(("link", []))
        if self._is_odd():
            members = [members[0]]
        return self._mixed(members)

    def _resource(self) -> list[Member]:
        kind = self._chance.choice(
            ("Observation", "Observation", "Observation", "Patient", "Practitioner")
        )
        if self._is_odd():
            kind = self._chance.choice(
                ("Appointment", "OperationOutcome", "Binary", "Nothing", "", "Condition")
            )
        members: list[Member] = [
            ("resourceType", kind),
            ("id", self._id(kind)),
            ("status", "final"),
        ]
        if kind not in {"Patient", "Practitioner"}:
            members.append((self._name("subject"), self._reference()))
        if self._is_odd():
            members.append(
                (self._name("subject"), self._chance.choice([None, [], self._reference()]))
            )
        if self._is_odd():
            members.append((self._name("id"), self._id(kind)))
        if self._is_odd():
            members.append(
                (self._name("resourceType"), self._chance.choice([kind, "Patient", None]))
            )
        if self._is_odd():
            members.append(("contained", [self._resource()]))
        if self._is_odd():
            within = [(self._name("resourceType"), "Observation"), ("subject", self._reference())]
            members.append(("extension", [[("url", "x"), ("valueX", within)]]))
        if self._is_odd():
            members.append(("note", Text(f'"{self._chance.choice(_WORDS)}"')))
        if self._is_odd():
            members.append(("note", Text("[" * self._chance.choice((5, 2000)))))
        return self._mixed(members)

    def _id(self, kind: str) -> str:
        return "p2" if self._is_odd() else "p1" if kind == "Patient" else "o1"

    def _name(self, name: str) -> str:
        return self._chance.choice(_SPELLINGS)(name) if self._is_odd() else name

    def _reference(self) -> Any:
        literal = self._chance.choice(_OTHERS if self._is_odd() else _OWN)
        members: list[Member] = [(self._name("reference"), literal), ("display", "One")]
        if self._is_odd():
            members.append(
                (self._name("reference"), self._chance.choice([None, 1, OURS, *_OTHERS]))
            )
        if self._is_odd():
            members.append((self._name("type"), self._chance.choice(["Patient", "Group", None])))
        if self._is_odd():
            members.append((self._name("identifier"), [("value", "7")]))
        if self._is_odd():
            return self._chance.choice([None, "Patient/p1", [members], []])
        return self._mixed(members)

    def _mixed(self, members: list[Member]) -> list[Member]:
        if self._chance.random() < 0.3:
            self._chance.shuffle(members)
        return members

    def _damaged(self, value: Any) -> bytes:
        body = bytearray(_written(value, self._chance).encode())
        if self._is_odd():
            at = self._chance.randrange(len(body))
            body[at] = self._chance.choice(b'\xff"{}[],:\\ap\x00')
        return bytes(body)
