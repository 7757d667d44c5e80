"""The explanation as text: first what happened, the cause and the one change to make, then the rest
in the order that you need it. The correct request comes last.
"""

import re
import textwrap
from collections.abc import Iterator

from doctor.output import Marks
from shared.explain import Cause, Diagnosis, parameter

_WIDTH = 80


def as_text(
    diagnosis: Diagnosis, registration: str | None, *, marks: Marks, sources: bool = False
) -> str:
    """Return the whole explanation, wrapped; `registration` is the key of the compared one."""
    parts = [
        "\n".join(_summary(diagnosis, marks)),
        _section("Why", _first(diagnosis), marks),
        _section("Other causes", _others(diagnosis), marks),
        _section("Your configuration", _configuration(diagnosis, registration), marks),
        _section("For support", _support(diagnosis), marks),
        _section("Sources", _sources(diagnosis) if sources else iter(()), marks),
        _section("The correct request", _request(diagnosis, marks), marks),
    ]
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: Iterator[str], marks: Marks) -> str:
    body = "\n".join(lines)
    return f"{marks.strong(title)}\n{'-' * len(title)}\n{body}" if body else ""


def _summary(diagnosis: Diagnosis, marks: Marks) -> Iterator[str]:
    """Yield what happened, the cause and the one change to make."""
    if not diagnosis.causes:
        yield from _wrapped("", diagnosis.meaning)
        yield from _to_paste(diagnosis)
        return
    first = diagnosis.causes[0]
    what = _sentence(diagnosis.meaning)
    second = diagnosis.causes[1] if len(diagnosis.causes) > 1 else None
    # The text doesn't show which of the two is the cause.
    either = second is not None and second.certainty == first.certainty == "likely"
    # The summary takes at most five lines. The full texts come under "Why".
    yield from list(_wrapped("", what))[: 1 if either else 2]
    yield from list(_emphatic(f"Cause ({first.certainty}): ", first.title, marks))[:2]
    if either and second is not None:
        yield from list(_emphatic(f"Or ({second.certainty}): ", second.title, marks))[:1]
    yield from _emphatic("Fix: ", _sentence(first.steps[0]), marks)
    if diagnosis.change is not None:
        # Not wrapped, so that you can copy it.
        yield marks.strong(f"  {_plain(diagnosis.change.line)}")
        if diagnosis.change.setting:
            yield f"  {_plain(diagnosis.change.setting)}     (the setting that sends it)"
    yield from _to_paste(diagnosis)


def _to_paste(diagnosis: Diagnosis) -> Iterator[str]:
    for text in diagnosis.ask:
        yield from _wrapped("To paste: ", text, indent="  ")


def _emphatic(start: str, text: str, marks: Marks) -> Iterator[str]:
    yield from (marks.strong(line) for line in _wrapped(start, text, indent="  "))


def _sentence(text: str) -> str:
    """Return the first sentence of a text."""
    return re.split(r"(?<=[.!?]) (?=[A-Z`'])", text, maxsplit=1)[0]


def _first(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.causes:
        return
    for name in filter(None, (diagnosis.message.urn, diagnosis.message.oauth_error)):
        yield _plain(name)
    yield from _wrapped("", diagnosis.meaning)
    yield ""
    yield from _wrapped("", diagnosis.causes[0].why)
    yield from _steps(diagnosis.causes[0], "")


def _others(diagnosis: Diagnosis) -> Iterator[str]:
    for number, cause in enumerate(diagnosis.causes[1:], 2):
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


def _sources(diagnosis: Diagnosis) -> Iterator[str]:
    for number, cause in enumerate(diagnosis.causes, 1):
        yield from _wrapped(f"{number}. ", f"{cause.source} [{cause.id}]")


def _configuration(diagnosis: Diagnosis, registration: str | None) -> Iterator[str]:
    if registration:
        yield from _wrapped("", f"Compared with the registration {registration}.")
    for finding in diagnosis.config_findings:
        yield from _wrapped("- ", f"{finding.title} [{finding.id}]")
        yield from _wrapped("  ", finding.fix)


def _request(diagnosis: Diagnosis, marks: Marks) -> Iterator[str]:
    changed = {parameter(one) for one in diagnosis.causes if one.certainty == "certain"}
    if diagnosis.change is not None:
        changed.add(diagnosis.change.line.partition("=")[0])
    for name, value in (diagnosis.corrected_request or {}).items():
        if name in changed:
            yield from _emphatic(f"{name} = ", f"{value}   <- change this", marks)
        else:
            yield from _wrapped(f"{name} = ", value, indent="    ")


def _support(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the values that the EHR's support needs to find the failure. None of them is secret."""
    message = diagnosis.message
    if not diagnosis.causes:
        return
    known = (
        ("Error", message.urn or message.oauth_error),
        ("Instance or correlation id", message.instance),
        ("Client ID that the EHR saw", message.client),
        ("Tenant", message.tenant),
    )
    for name, value in known:
        if value:
            yield from _wrapped(f"{name}: ", value, indent="    ")
    yield from _wrapped("", "Time of the failure, with time zone: add it from your log.")


def _plain(text: str) -> str:
    # Parts are untrusted, so replace characters that could control the terminal.
    plain = text.replace("`", "'")
    return "".join(character if character.isprintable() else "�" for character in plain)


def _wrapped(start: str, text: str, indent: str | None = None) -> Iterator[str]:
    yield from textwrap.wrap(
        _plain(text),
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start) if indent is None else indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
