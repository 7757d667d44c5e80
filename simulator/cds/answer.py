"""Reads the response of a CDS service and reports violations of CDS Hooks 2.0 (CDS Service
Response).

The rules of CDS Hooks apply to any app. Stricter rules that an app sets for itself aren't checked,
so a critical card or a card with suggestions is valid.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulator.cds.http_client import Answer

URGENCY = ("critical", "warning", "info")
_LONGEST_SUMMARY = 139
_SELECTIONS = ("at-most-one", "any")
_ACTIONS = {"create": "resource", "update": "resource", "delete": "resourceId"}
_CODING = ("code", "system")
_REASON = ("code", "system", "display")


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to override a card."""

    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a card.

    `app_context`: `appContext`, if any. `is_shown`: whether this EHR shows it. It shows smart links
    to the registered launch URL and safe absolute links. Epic and Oracle Health hide other smart
    links.
    """

    label: str
    url: str
    type: str
    app_context: str | None
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Card:
    """The parts of one card that can be shown.

    `source`, `source_url`: label and URL of the card's source. `problems`: how the card violates
    CDS Hooks; empty for a valid card.
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
    """The result of a call: cards by urgency, problems of the whole response (as clauses), and
    whether the service refused the call.
    """

    cards: Sequence[Card] = ()
    problems: Sequence[str] = ()
    is_refusal: bool = False


def read(answer: Answer, launch_url: str) -> Response:
    """Read the response to a call; `launch_url` is the app's registered launch URL."""
    if answer.status != 200 or answer.problem:
        problem = answer.problem or f"the service returned {answer.status}{_outcome(answer)}"
        is_refusal = 400 <= answer.status < 500 or answer.status == 503
        return Response(problems=[problem], is_refusal=is_refusal)
    try:
        body = json.loads(answer.body)
    except ValueError:
        return Response(problems=["the response isn't JSON"])
    listed = body.get("cards") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return Response(problems=["the response has no list of cards"])
    cards = [_card(one, launch_url) for one in listed]
    problems = [*_of_whole(answer, body), *_of_uuids(cards)]
    return Response(sorted(cards, key=_urgency), problems)


def _outcome(answer: Answer) -> str:
    """Return the code and the text of an OperationOutcome, as the end of a sentence."""
    try:
        issue = json.loads(answer.body)["issue"][0]
        code, text = issue["details"]["coding"][0]["code"], issue.get("diagnostics", "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ", without an OperationOutcome"
    return f" ({code}): “{str(text).rstrip('.')}”" if text else f" ({code})"


def _of_whole(answer: Answer, body: Mapping[str, Any]) -> Iterator[str]:
    if answer.media_type != "application/json":
        yield f"the media type is {answer.media_type}, not application/json"
    if "systemActions" in body:
        yield from _of_actions("systemActions", body["systemActions"])


def _of_uuids(cards: Sequence[Card]) -> Iterator[str]:
    uuids = [one.uuid for one in cards if one.uuid]
    if len(set(uuids)) < len(uuids):
        yield "two cards have the same uuid"


def _urgency(card: Card) -> int:
    return URGENCY.index(card.indicator) if card.indicator in URGENCY else len(URGENCY)


def _card(item: Any, launch_url: str) -> Card:
    body: Mapping[str, Any] = item if isinstance(item, dict) else {}
    source = _object(body.get("source"))
    links, reasons = _objects(body.get("links")), _objects(body.get("overrideReasons"))
    return Card(
        uuid=_text(body.get("uuid")),
        summary=_text(body.get("summary")),
        detail=_text(body.get("detail")),
        indicator=_text(body.get("indicator")),
        source=_text(source.get("label")),
        source_url=_text(source.get("url")),
        links=[_link(one, launch_url) for one in links],
        reasons=[Reason(*(_text(one.get(name)) for name in _REASON)) for one in reasons],
        problems=list(_problems(body)),
    )


def _link(body: Mapping[str, Any], launch_url: str) -> Link:
    context = body.get("appContext")
    url, kind = _text(body.get("url")), _text(body.get("type"))
    return Link(
        _text(body.get("label")),
        url,
        kind,
        context if isinstance(context, str) else None,
        is_shown=url == launch_url if kind == "smart" else kind == "absolute" and _is_safe(url),
    )


def _problems(body: Mapping[str, Any]) -> Iterator[str]:
    for path in _empties(body, ""):
        yield f"{path} is null or empty"
    yield from _lacking("", body, ("summary", "indicator"))
    summary = _text(body.get("summary"))
    if len(summary) > _LONGEST_SUMMARY:
        yield f"summary has {len(summary)} characters; it must have fewer than 140"
    if body.get("indicator") not in URGENCY:
        yield f"indicator is {body.get('indicator')!r}, not one of {', '.join(URGENCY)}"
    for name in ("uuid", "detail"):
        if name in body and not isinstance(body[name], str):
            yield f"{name} is not a string"
    yield from _of_source(_object(body.get("source")))
    yield from _of_suggestions(body)
    for name in ("suggestions", "overrideReasons", "links"):
        items = body.get(name, [])
        if not isinstance(items, list) or len(_objects(items)) < len(items):
            yield f"{name} is not a list of objects"
    for number, one in enumerate(_objects(body.get("overrideReasons"))):
        yield from _lacking(f"overrideReasons[{number}].", one, _REASON)
    for number, one in enumerate(_objects(body.get("links"))):
        yield from _of_link(f"links[{number}]", one)


def _of_source(source: Mapping[str, Any]) -> Iterator[str]:
    yield from _lacking("source.", source, ("label",))
    for name in ("url", "icon"):
        if name in source and not _is_safe(_text(source[name])):
            yield f"source.{name} is neither an https URL nor on localhost"
    if "topic" in source:
        yield from _lacking("source.topic.", _object(source["topic"]), _CODING)


def _of_suggestions(body: Mapping[str, Any]) -> Iterator[str]:
    suggestions = _objects(body.get("suggestions"))
    behavior = body.get("selectionBehavior")
    if suggestions and behavior not in _SELECTIONS:
        yield f"selectionBehavior is {behavior!r}, not one of {', '.join(_SELECTIONS)}"
    for number, one in enumerate(suggestions):
        place = f"suggestions[{number}]"
        yield from _lacking(f"{place}.", one, ("label",))
        yield from _of_actions(f"{place}.actions", one.get("actions", []))


def _of_actions(place: str, actions: object) -> Iterator[str]:
    if not isinstance(actions, list):
        yield f"{place} is not a list"
    for number, one in enumerate(_objects(actions)):
        at = f"{place}[{number}]"
        kind = _text(one.get("type"))
        if kind not in _ACTIONS:
            yield f"{at}.type is {one.get('type')!r}, not one of {', '.join(_ACTIONS)}"
        elif not one.get(_ACTIONS[kind]):
            yield f"{at}.{_ACTIONS[kind]} is missing"
        yield from _lacking(f"{at}.", one, ("description",))


def _of_link(place: str, link: Mapping[str, Any]) -> Iterator[str]:
    yield from _lacking(f"{place}.", link, ("label", "url", "type"))
    if link.get("type") not in ("absolute", "smart"):
        yield f"{place}.type is {link.get('type')!r}, neither absolute nor smart"
    if not _is_safe(_text(link.get("url"))):
        yield f"{place}.url is neither an https URL nor on localhost"
    context = link.get("appContext")
    if context is not None and link.get("type") != "smart":
        yield f"{place}.appContext is allowed only in smart links"
    elif context is not None and not isinstance(context, str):
        yield f"{place}.appContext is not a string"


def _lacking(place: str, body: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """Yield a problem for each required string that this part of the response lacks."""
    for name in names:
        if not _text(body.get(name)):
            yield f"{place}{name} is missing"


def _empties(value: Any, path: str) -> Iterator[str]:
    """Yield the paths of null or empty fields, which CDS Hooks forbids."""
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


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
