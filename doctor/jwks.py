"""`python -m doctor jwks`: makes the file `public_jwks` from private keys (RFC 7517 5, RFC 7638).

Keys from a configuration keep their `key_id`. You can add others on the command line, such as the
next key of a rotation. Only public keys are printed.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import replace

from doctor import report
from doctor.checks import configuration, secret_references
from doctor.finding import Checked, fail
from doctor.output import Marks
from shared import base64url
from shared.config.secret_references import resolve
from shared.smart import client_auth, signing_keys

Jwk = Mapping[str, str]


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command; it runs as `run` of the parsed arguments."""
    parser = commands.add_parser(
        "jwks",
        help="create public_jwks from private keys",
        description="Derives public keys from private keys and prints them as a JWK Set.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config", metavar="FILE", help="use each private key in this smart.toml, with its key_id"
    )
    parser.add_argument(
        "keys",
        nargs="*",
        metavar="KEYFILE[=KID]",
        help="a PEM file and its current or future key_id (default: its thumbprint)",
    )

    def run(arguments: argparse.Namespace) -> int:
        if not (arguments.config or arguments.keys):
            parser.error("pass a configuration with --config, key files, or both")
        for argument in arguments.keys:
            path, separator, key_id = _parts(argument)
            if not path or (separator and not (key_id and key_id.isprintable())):
                parser.error("write each key as KEYFILE or KEYFILE=KID")
        return _run(arguments.config, arguments.keys)

    parser.set_defaults(run=run)


def _run(config: str | None, arguments: list[str]) -> int:
    made: list[tuple[str, Jwk]] = []
    findings: list[Checked] = []
    if config is not None:
        _from_configuration(config, made, findings)
    for argument in arguments:
        _from_file(argument, made, findings)
    by_id: dict[str, Jwk] = {}
    for place, jwk in made:
        if by_id.setdefault(jwk["kid"], jwk) != jwk:
            title = f"{place}: another key already has the key_id {jwk['kid']}."
            findings.append(fail("setting_invalid", title, "Give each key its own key_id."))
    if findings:
        sys.stderr.write(report.in_groups(findings, Marks(on=False)) + "\n")
        return 1
    print(json.dumps({"keys": list(by_id.values())}, indent=2))
    return 0


def _from_configuration(path: str, made: list[tuple[str, Jwk]], findings: list[Checked]) -> None:
    sound, checks = configuration.read(path)
    failed = [finding for finding in checks if finding.level == "fail"]
    if sound is None or failed:
        findings += failed
        return
    settings = sound.settings
    launching = tuple(ehr for ehr in settings.ehrs if ehr.client_auth == "private_key_jwt")
    services = tuple(one for ehr in settings.ehrs if (one := ehr.backend) is not None)
    if not launching and not services:
        title = f"No [[ehr]] in {path} has client_auth private_key_jwt or system_scopes."
        findings.append(fail("setting_invalid", title, "Pass the key files as arguments instead."))
    for signing in (launching, services):
        clients, problems = client_auth.resolve(replace(settings, ehrs=signing))
        findings += [
            secret_references.as_finding(one, None, run_elsewhere=False) for one in problems
        ]
        for ehr in signing:
            jwk = clients.public_jwk(ehr)
            if jwk is not None:
                made.append((f"ehr {ehr.key}", jwk))


def _from_file(argument: str, made: list[tuple[str, Jwk]], findings: list[Checked]) -> None:
    path, _, key_id = _parts(argument)
    try:
        pem = resolve(f"file:{path}")
    except ValueError as error:
        findings.append(
            fail("secret_unreadable", f"{error}.", "Pass a PEM file that you're allowed to read.")
        )
        return
    try:
        jwk = signing_keys.read(pem, key_id).public_jwk()
    except ValueError as error:
        fix = "To create or convert a key, see docs/configuration.md, Keys."
        findings.append(fail("setting_invalid", f"{path} contains {error}.", fix))
        return
    made.append((path, jwk if key_id else {**jwk, "kid": _thumbprint(jwk)}))


def _parts(argument: str) -> tuple[str, str, str]:
    path, separator, key_id = argument.rpartition("=")
    return (path, separator, key_id) if separator else (argument, "", "")


def _thumbprint(jwk: Jwk) -> str:
    """Return the RFC 7638 thumbprint: the hash of the key's required members, sorted by name."""
    members = {name: jwk[name] for name in sorted(jwk.keys() - {"kid", "use", "alg"})}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64url.encode(digest)
