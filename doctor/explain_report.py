"""The answer for people: what it means, why it came, what to do, what to give to support."""

import textwrap
from collections.abc import Iterator

from shared.explain import Cause, Diagnosis

_WIDTH = 80


def as_text(found: Diagnosis, registration: str | None) -> str:
    """The whole answer, wrapped. `registration` is the key of the one it was compared with."""
    parts = [
        _section("What it means", _meaning(found)),
        _section("Why it came, most probable first", _causes(found)),
        _section("Your configuration", _configuration(found, registration)),
        _section("The request as it should be", _request(found)),
        _section("For support", _support(found)),
        _section("Where the causes are known from", _sources(found)),
    ]
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: Iterator[str]) -> str:
    body = "\n".join(lines)
    return f"{title}\n{'-' * len(title)}\n{body}" if body else ""


def _meaning(found: Diagnosis) -> Iterator[str]:
    said = found.said
    for value in (said.urn, said.oauth_error):
        if value:
            yield value
    yield from _wrapped("", found.meaning)


def _causes(found: Diagnosis) -> Iterator[str]:
    for number, cause in enumerate(found.causes, 1):
        if number > 1:
            yield ""
        yield from _cause(number, cause)


def _cause(number: int, cause: Cause) -> Iterator[str]:
    start = f"{number}. "
    yield from _wrapped(start, f"{cause.title} ({cause.certainty})")
    indent = " " * len(start)
    yield from _wrapped(indent, cause.why)
    yield from _wrapped(indent, "What to do:")
    for step in cause.steps:
        yield from _wrapped(f"{indent}- ", step)


def _sources(found: Diagnosis) -> Iterator[str]:
    for number, cause in enumerate(found.causes, 1):
        yield from _wrapped(f"{number}. ", f"{cause.source} [{cause.id}]")


def _configuration(found: Diagnosis, registration: str | None) -> Iterator[str]:
    if registration:
        yield from _wrapped("", f"Compared with the registration {registration}.")
    for finding in found.config_findings:
        yield from _wrapped("- ", f"{finding.title} [{finding.id}]")
        yield from _wrapped("  ", finding.fix)


def _request(found: Diagnosis) -> Iterator[str]:
    for name, value in (found.corrected_request or {}).items():
        yield from _wrapped(f"{name} = ", value, indent="    ")


def _support(found: Diagnosis) -> Iterator[str]:
    """What the EHR's support finds the failure by; nothing of it is secret."""
    said = found.said
    if not found.causes:
        return
    known = (
        ("Error", said.urn or said.oauth_error),
        ("Instance or correlation id", said.instance),
        ("Client id that the EHR saw", said.client),
        ("Tenant", said.tenant),
    )
    for name, value in known:
        if value:
            yield from _wrapped(f"{name}: ", value, indent="    ")
    yield from _wrapped("", "Time of the failure, with time zone: add it from your log.")


def _wrapped(start: str, text: str, indent: str | None = None) -> Iterator[str]:
    # Parts come from texts and files of others: nothing in them may steer the terminal.
    plain = text.replace("`", "'")
    if not plain.isprintable():
        plain = "".join(sign if sign.isprintable() else "�" for sign in plain)
    yield from textwrap.wrap(
        plain,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start) if indent is None else indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
