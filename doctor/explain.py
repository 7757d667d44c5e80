"""Explains a failed launch on the command line: `python -m doctor explain [TEXT] [--config FILE]`.

It always prints an explanation and exits with status 0, whatever the text is. The explanation lists
what the text contains, but never repeats the text itself.
"""

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from dataclasses import asdict, replace

from doctor import explain_config, explain_report, output
from shared.explain import Cause, Diagnosis, Registered, choose, diagnose, in_text, parse
from shared.findings import Finding

# More than `parse` reads. The limit stops an endless stream.
_MOST_BYTES = 4_000_000


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Add the command and its arguments."""
    command = commands.add_parser(
        "explain", prog="smart-calc explain", help="explain a failed launch", allow_abbrev=False
    )
    command.add_argument(
        "text", nargs="?", metavar="TEXT", help="the error; reads stdin if absent or -"
    )
    command.add_argument("--config", metavar="FILE", help="compare with this smart.toml")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--sources", action="store_true", help="print the source of each cause")
    command.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Explain the text from the arguments or stdin; always return exit status 0."""
    message = parse(_text(arguments.text))
    if arguments.config is None:
        diagnosis, key = diagnose(message), None
    else:
        configuration = explain_config.read(arguments.config)
        registrations = configuration.registrations
        chosen = choose(message, in_text(message.text), registrations)
        findings = configuration.findings(chosen)
        diagnosis = replace(diagnose(message, None, registrations), config_findings=findings)
        diagnosis = explain_config.where_right_already(diagnosis, chosen)
        diagnosis = _with_urls(diagnosis, configuration.public_url, chosen)
        key = chosen.key if chosen is not None else None
    output.put(as_json(diagnosis) if arguments.json else _as_text(diagnosis, key, arguments))
    return 0


def _as_text(diagnosis: Diagnosis, key: str | None, arguments: Namespace) -> str:
    marks = output.Marks.of_output()
    return explain_report.as_text(diagnosis, key, marks=marks, sources=arguments.sources)


def _with_urls(diagnosis: Diagnosis, public_url: str | None, mine: Registered | None) -> Diagnosis:
    """Return the diagnosis with the app's own URLs in the steps, if the configuration has them."""
    if public_url is None:
        return diagnosis
    redirect_uri = mine.redirect_uri if mine is not None else None
    causes = tuple(one.with_addresses(public_url, redirect_uri) for one in diagnosis.causes)
    return replace(diagnosis, causes=causes)


def _text(argument: str | None) -> str:
    if argument is not None and argument != "-":
        return argument
    if sys.stdin.isatty():
        print("Paste the error, then press Ctrl-D:", file=sys.stderr)
    return sys.stdin.buffer.read(_MOST_BYTES).decode("utf-8", "replace")


def as_json(diagnosis: Diagnosis) -> str:
    """Return the explanation as JSON. Its untrusted texts are ids, codes, URLs, and a
    quoted sentence if no error is known, all printable and without secrets.
    """
    message, corrected = diagnosis.message, diagnosis.corrected_request
    members = ("vendor", "urn", "oauth_error", "instance", "persona", "client", "tenant")
    return json.dumps(
        {
            "error": {name: getattr(message, name) for name in members},
            "kind": diagnosis.kind,
            "meaning": diagnosis.meaning,
            "causes": [_cause(cause) for cause in diagnosis.causes],
            "corrected_request": None if corrected is None else dict(corrected),
            "change": asdict(diagnosis.change) if diagnosis.change is not None else None,
            "ask": list(diagnosis.ask),
            "config_findings": [_finding(one) for one in diagnosis.config_findings],
        },
        indent=2,
    )


def _cause(cause: Cause) -> dict[str, str]:
    return {
        "id": cause.id,
        "title": cause.title,
        "why": cause.why,
        "fix": " ".join(cause.steps),
        "certainty": cause.certainty,
        "source": cause.source,
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"id": finding.id, "title": finding.title, "fix": finding.fix}
