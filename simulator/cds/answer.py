"""What a CDS service answered, and what is right and wrong about it (CDS Hooks 2.0, CDS Service
Response).

It is held to more than CDS Hooks asks: to what this app promises of its cards. So a card with
suggestions, or a critical one, is valid elsewhere and a fault of the app here.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulator.cds.http_client import Answer

URGENCY = ("critical", "warning", "info")
_MEMBERS = frozenset(
    {"uuid", "summary", "detail", "indicator", "source", "links", "overrideReasons"}
)
_NEEDED = ("uuid", "summary", "detail", "indicator", "source", "links", "overrideReasons")
_MOST_CARDS = 5
_LONGEST_SUMMARY = 139
_LONGEST_DETAIL = 2000
_LONGEST_CODE = 100
_MARKUP = re.compile(r"<[A-Za-z/!]|!?\[[^\]]*\]\(|https?://|\bwww\.")
_SUMMARY = re.compile(r"\S.*\S: \S.*")
_CODE = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to override a card."""

    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a card; `app_context` None where it has none."""

    label: str
    url: str
    type: str
    app_context: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """One card, as far as it can be shown.

    Fields:
        source, source_url: who says so.
        problems: how it breaks what the app promises; empty for a card as it should be.
    """

    uuid: str
    summary: str
    detail: str
    indicator: str
    source: str
    source_url: str
    links: Sequence[Link]
    reasons: Sequence[Reason]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Response:
    """What a call brought: cards by urgency, what is wrong with the whole, as words in a sentence,
    and whether the service refused the call.
    """

    cards: Sequence[Card] = ()
    problems: Sequence[str] = ()
    is_refusal: bool = False


def read(answer: Answer, launch_url: str) -> Response:
    """Read the answer of a call; `launch_url` is the one that the app is registered with."""
    if answer.status != 200 or answer.problem:
        said = answer.problem or f"answered {answer.status}{_said(answer)}"
        is_refusal = 400 <= answer.status < 500 or answer.status == 503
        return Response(problems=[said], is_refusal=is_refusal)
    try:
        body = json.loads(answer.body)
    except ValueError:
        return Response(problems=["the answer is not JSON"])
    listed = body.get("cards") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return Response(problems=["the answer holds no list of cards"])
    cards = [_card(one, launch_url) for one in listed]
    problems = [*_of_whole(answer, body), *_of_order(cards)]
    return Response(sorted(cards, key=_urgency), problems)


def _said(answer: Answer) -> str:
    """Return what an OperationOutcome says."""
    try:
        issue = json.loads(answer.body)["issue"][0]
        code, text = issue["details"]["coding"][0]["code"], issue.get("diagnostics", "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ", without an OperationOutcome"
    return f" ({code}) and said “{str(text).rstrip('.')}”" if text else f" ({code})"


def _of_whole(answer: Answer, body: Mapping[str, Any]) -> Iterator[str]:
    if answer.media_type != "application/json":
        yield f"the media type is {answer.media_type}, not application/json"
    for name in sorted(body.keys() - {"cards"}):
        yield f"the answer has a member {name!r}"
    if len(body["cards"]) > _MOST_CARDS:
        yield f"{len(body['cards'])} cards, more than {_MOST_CARDS}"


def _of_order(cards: Sequence[Card]) -> Iterator[str]:
    if [one.uuid for one in cards] != [one.uuid for one in sorted(cards, key=_urgency)]:
        yield "an info stands before a warning"
    if len({one.uuid for one in cards}) < len(cards):
        yield "two cards have one uuid"


def _urgency(card: Card) -> int:
    return URGENCY.index(card.indicator) if card.indicator in URGENCY else len(URGENCY)


def _card(given: Any, launch_url: str) -> Card:
    body: Mapping[str, Any] = given if isinstance(given, dict) else {}
    source = _object(body.get("source"))
    links, reasons = _objects(body.get("links")), _objects(body.get("overrideReasons"))
    return Card(
        uuid=_text(body.get("uuid")),
        summary=_text(body.get("summary")),
        detail=_text(body.get("detail")),
        indicator=_text(body.get("indicator")),
        source=_text(source.get("label")),
        source_url=_text(source.get("url")),
        links=[_link(one) for one in links],
        reasons=[Reason(*(_text(one.get(name)) for name in _CODING)) for one in reasons],
        problems=list(_problems(body, launch_url)),
    )


def _link(body: Mapping[str, Any]) -> Link:
    context = body.get("appContext")
    return Link(
        _text(body.get("label")),
        _text(body.get("url")),
        _text(body.get("type")),
        context if isinstance(context, str) else None,
    )


def _problems(body: Mapping[str, Any], launch_url: str) -> Iterator[str]:
    for name in _NEEDED:
        if not body.get(name):
            yield f"{name} is missing"
    for name in sorted(body.keys() - _MEMBERS):
        yield f"has a member {name!r}"
    for path in _empties(body, ""):
        yield f"{path} is null or empty"
    if not _is_uuid(body.get("uuid")):
        yield "uuid is not a version 4 UUID"
    yield from _of_texts(_text(body.get("summary")), _text(body.get("detail")))
    if body.get("indicator") not in ("info", "warning"):
        yield f"indicator is {body.get('indicator')!r}, not info or warning"
    yield from _of_source(_object(body.get("source")))
    yield from _of_links(_objects(body.get("links")), launch_url)
    yield from _of_reasons(_objects(body.get("overrideReasons")))


def _of_texts(summary: str, detail: str) -> Iterator[str]:
    if len(summary) > _LONGEST_SUMMARY:
        yield f"summary has {len(summary)} characters, not fewer than 140"
    if _SUMMARY.fullmatch(summary) is None:
        yield "summary is not one line LABEL VALUE UNIT: BAND"
    if len(detail) > _LONGEST_DETAIL:
        yield f"detail has {len(detail)} characters, more than {_LONGEST_DETAIL}"
    if _MARKUP.search(detail) is not None:
        yield "detail holds HTML, a link or an image"


def _of_source(source: Mapping[str, Any]) -> Iterator[str]:
    if not _text(source.get("label")):
        yield "source.label is missing"
    if "url" in source and not _is_safe(_text(source["url"])):
        yield "source.url is neither https nor of this machine"
    topic = _object(source.get("topic"))
    for name in ("system", "code", "display"):
        if not _text(topic.get(name)):
            yield f"source.topic.{name} is missing"
    code = _text(topic.get("code"))
    if _CODE.fullmatch(code) is None or len(code) > _LONGEST_CODE:
        yield "source.topic.code is not 1 to 100 letters and digits, as Epic takes them"


def _of_links(links: Sequence[Mapping[str, Any]], launch_url: str) -> Iterator[str]:
    if len(links) != 1:
        yield f"{len(links)} links, not one"
    for one in links:
        if one.get("type") != "smart":
            yield f"a link is {one.get('type')!r}, not smart"
        url = _text(one.get("url"))
        if not _is_safe(url):
            yield "the address of a link is neither https nor of this machine"
        if url != launch_url:
            yield f"the link goes to {url}, and the app is registered with {launch_url}"
        yield from _of_context(one.get("appContext"))


def _of_context(context: object) -> Iterator[str]:
    try:
        named = json.loads(context) if isinstance(context, str) else None
    except ValueError:
        named = None
    if not isinstance(named, dict) or not _text(named.get("calculator")):
        yield "appContext is not a text of JSON that names a calculator"


def _of_reasons(reasons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in reasons:
        missing = [name for name in _CODING if not _text(one.get(name))]
        if missing:
            yield f"a reason to override has no {missing[0]}"


_CODING = ("code", "system", "display")


def _empties(value: Any, path: str) -> Iterator[str]:
    """Yield where a member is null or empty, which CDS Hooks forbids."""
    if value is None or value in ("", [], {}):
        yield path
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _empties(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _empties(one, f"{path}[{number}]")


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    is_local = host in ("localhost", "127.0.0.1", "::1")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_local))


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and uuid.UUID(value).version == 4
    except ValueError:
        return False


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
