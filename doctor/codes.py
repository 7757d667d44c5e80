"""`smart-calc doctor codes [FILE]`: the codes of a chart that no calculator reads, each with the
`[[ehr.codes]]` table that adds it. It prints no value and no identifier.
"""

import argparse
import json
import sys

from doctor import output
from doctor.issuers import text_of

_MOST_BYTES = 50_000_000
_WHAT = "a Bundle or one Observation, as JSON; - or no FILE reads standard input"
_FIX = "Pass a FHIR Bundle, or one Observation."
_TABLE = """\
[[ehr.codes]]
system = {system}
code = {code}
input = ""  # the value that it measures, from "Inputs" in docs/calculators.md"""
_UNIT = '\nunit = ""  # the unit of these values, because the laboratory sends none'


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; it runs as `run` of the parsed arguments."""
    parser = commands.add_parser(
        "codes",
        help="list the codes of a chart that no calculator reads",
        description="Lists the codes of Observations that no calculator reads, and their lines.",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help=_WHAT)
    parser.set_defaults(run=lambda arguments: _run(arguments.file))


def _run(name: str) -> int:
    try:
        from clinical.unread_codes import unread
    except ModuleNotFoundError:
        sys.stderr.write("This installation has no calculators.\n")
        return 1
    try:
        # Numbers aren't used, and Python refuses very long ones.
        document = json.loads(text_of(name, "JSON", _MOST_BYTES), parse_int=str, parse_float=str)
    except (json.JSONDecodeError, RecursionError):
        sys.stderr.write(f"The text isn't JSON. {_FIX}\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"Nothing was listed: {error}.\n")
        return 1
    found = unread(document)
    if not found.observations:
        sys.stderr.write(f"The JSON has no Observation. {_FIX}\n")
        return 1
    listed = f"Codes that no calculator reads: {len(found.codes):,}."
    parts = [f"Observations: {found.observations:,}. {listed}"]
    if found.without_code:
        parts.append(
            f"Values whose code has no system, which can't be read: {found.without_code:,}."
        )
    for one in found.codes:
        table = _TABLE.format(system=_quoted(one.system), code=_quoted(one.code))
        unit = "not a number" if one.unit is None else one.unit or "no unit"
        heading = f"# {one.count:,} x {one.display or one.code}, {unit}"
        parts.append(f"{heading}\n{table}{_UNIT if one.unit == '' else ''}")
    output.put("\n\n".join(parts))
    return 0


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
