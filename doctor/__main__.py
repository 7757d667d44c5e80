"""The preflight command line: `python -m doctor check --config smart.toml`, `… jwks`,
`… sealing-key`, `… endpoints`, `… codes`, `… explain`.

Exit status 0 if nothing failed, 1 if a check failed or a problem was found, 2 for invalid
arguments.
"""

import argparse
import sys

from doctor import codes, endpoints, explain, jwks, output, report, sealing_key
from doctor.check import check


def main(arguments: list[str]) -> int:
    """Run a command, print its results and return the exit status."""
    parsed = _parser().parse_args(arguments)
    return int(parsed.run(parsed))


def _check(arguments: argparse.Namespace) -> int:
    preflight = check(arguments.config, offline=arguments.offline)
    marks = output.Marks.of_output()
    output.put(report.as_json(preflight) if arguments.json else report.as_text(preflight, marks))
    return 1 if any(finding.level == "fail" for finding in preflight.findings) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smart-calc doctor",
        usage="smart-calc doctor [--config FILE] [--json] [--offline]\n"
        "       smart-calc doctor COMMAND --help",
        description="Finds problems before a launch fails.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", prog="smart-calc doctor")
    preflight = commands.add_parser(
        "check",
        prog="smart-calc doctor",
        help="check a configuration; runs if you name no command",
        allow_abbrev=False,
    )
    preflight.add_argument("--config", required=True, metavar="FILE", help="path of smart.toml")
    preflight.add_argument("--json", action="store_true", help="print the findings as JSON")
    preflight.add_argument(
        "--offline", action="store_true", help="don't contact the EHRs, public_url or the store"
    )
    preflight.set_defaults(run=_check)
    jwks.add_to(commands)
    sealing_key.add_to(commands)
    endpoints.add_to(commands)
    codes.add_to(commands)
    explain.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
