"""The answer for people: in the first lines what happened, why and the one thing to change; then
the rest in the order in which it is used. It ends on the request as it should be.
"""

import re
import textwrap
from collections.abc import Iterator

from doctor.output import Marks
from shared.explain import Cause, Diagnosis, parameter

_WIDTH = 80


def as_text(
    found: Diagnosis, registration: str | None, *, marks: Marks, sources: bool = False
) -> str:
    """The whole answer, wrapped. `registration` is the key of the one it was compared with."""
    parts = [
        "\n".join(_answer(found, marks)),
        _section("Why", _first(found), marks),
        _section("What else is wrong, or may be", _others(found), marks),
        _section("Your configuration", _configuration(found, registration), marks),
        _section("For support", _support(found), marks),
        _section(
            "Where the causes are known from", _sources(found) if sources else iter(()), marks
        ),
        _section("The request as it should be", _request(found, marks), marks),
    ]
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: Iterator[str], marks: Marks) -> str:
    body = "\n".join(lines)
    return f"{marks.strong(title)}\n{'-' * len(title)}\n{body}" if body else ""


def _answer(found: Diagnosis, marks: Marks) -> Iterator[str]:
    """What happened, the cause, the one thing to change."""
    if not found.causes:
        yield from _wrapped("", found.meaning)
        yield from _asked(found)
        return
    first = found.causes[0]
    what = _sentence(found.meaning)
    second = found.causes[1] if len(found.causes) > 1 else None
    # Nothing in the text tells which of the two it is.
    either = second is not None and second.certainty == first.certainty == "likely"
    # All three are in the first five lines; the whole of each comes under "Why".
    yield from list(_wrapped("", what))[: 1 if either else 2]
    yield from list(_emphatic(f"Cause ({first.certainty}): ", first.title, marks))[:2]
    if either and second is not None:
        yield from list(_emphatic(f"Or ({second.certainty}): ", second.title, marks))[:1]
    yield from _emphatic("To change: ", _sentence(first.steps[0]), marks)
    if found.change is not None:
        # In one piece, so that it can be copied.
        yield marks.strong(f"  {_plain(found.change.line)}")
        if found.change.setting:
            yield f"  {_plain(found.change.setting)}     (this app, in smart.toml)"
    yield from _asked(found)


def _asked(found: Diagnosis) -> Iterator[str]:
    for text in found.ask:
        yield from _wrapped("To paste: ", text, indent="  ")


def _emphatic(start: str, text: str, marks: Marks) -> Iterator[str]:
    yield from (marks.strong(line) for line in _wrapped(start, text, indent="  "))


def _sentence(text: str) -> str:
    """The first sentence of a text."""
    return re.split(r"(?<=[.!?]) (?=[A-Z`'])", text, maxsplit=1)[0]


def _first(found: Diagnosis) -> Iterator[str]:
    if not found.causes:
        return
    for name in filter(None, (found.said.urn, found.said.oauth_error)):
        yield _plain(name)
    yield from _wrapped("", found.meaning)
    yield ""
    yield from _wrapped("", found.causes[0].why)
    yield from _steps(found.causes[0], "")


def _others(found: Diagnosis) -> Iterator[str]:
    for number, cause in enumerate(found.causes[1:], 2):
        if number > 2:
            yield ""
        start = f"{number}. "
        indent = " " * len(start)
        yield from _wrapped(start, f"{cause.title} ({cause.certainty})")
        yield from _wrapped(indent, cause.why)
        yield from _steps(cause, indent)


def _steps(cause: Cause, indent: str) -> Iterator[str]:
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


def _request(found: Diagnosis, marks: Marks) -> Iterator[str]:
    changed = {parameter(one) for one in found.causes if one.certainty == "certain"}
    if found.change is not None:
        changed.add(found.change.line.partition("=")[0])
    for name, value in (found.corrected_request or {}).items():
        if name in changed:
            yield from _emphatic(f"{name} = ", f"{value}   <- change this", marks)
        else:
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


def _plain(text: str) -> str:
    # Parts come from texts and files of others: nothing in them may steer the terminal.
    plain = text.replace("`", "'")
    return "".join(sign if sign.isprintable() else "�" for sign in plain)


def _wrapped(start: str, text: str, indent: str | None = None) -> Iterator[str]:
    yield from textwrap.wrap(
        _plain(text),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start) if indent is None else indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
