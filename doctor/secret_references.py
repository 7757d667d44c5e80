"""The secrets behind `env:` and `file:` references: there and of the right form, never shown.

They are resolved where the doctor runs, which need not be where the functions run. One that cannot
be read here fails, unless the functions are elsewhere and answer: they do not start without the
secrets of the configuration with which they were deployed.
"""

from typing import cast

from doctor.finding import Finding, FindingId, fail, ok, warn
from shared import references
from shared.settings import Settings


def check(settings: Settings, *, run_elsewhere: bool) -> list[Finding]:
    """Sealing keys, the credentials of each registration, and the public keys to serve.

    `run_elsewhere`: all functions were found to answer, and not on this machine.
    """
    named: list[tuple[str | None, str, str | None]] = [(settings.public_jwks, "public_jwks", None)]
    for ehr in settings.ehrs:
        named.append((ehr.client_secret, "client_secret", ehr.key))
        named.append((ehr.private_key, "private_key", ehr.key))
    return [
        *_sealing_keys(settings, run_elsewhere),
        *(
            _reference(reference, name, ehr, run_elsewhere)
            for reference, name, ehr in named
            if reference is not None
        ),
    ]


def _sealing_keys(settings: Settings, run_elsewhere: bool) -> list[Finding]:
    _, problems = references.read_sealing_keys(settings)
    if problems:
        return [
            _unreadable(f"{problem.place}: {problem.what}", None, run_elsewhere)
            if problem.id == "secret_unreadable"
            else fail(
                cast(FindingId, problem.id), f"{problem.place}: {problem.what}.", problem.remedy
            )
            for problem in problems
        ]
    return [
        ok("secret_unreadable", "Every sealing key can be read here."),
        ok("sealing_key_invalid", "Every sealing key holds 32 bytes."),
    ]


def _reference(reference: str, name: str, ehr: str | None, run_elsewhere: bool) -> Finding:
    try:
        references.resolve(reference)
    except ValueError as error:
        return _unreadable(f"{name}: {error}", ehr, run_elsewhere)
    return ok("secret_unreadable", f"{name} can be read here.", ehr)


def _unreadable(what: str, ehr: str | None, run_elsewhere: bool) -> Finding:
    if run_elsewhere:
        return warn(
            "secret_unreadable",
            f"{what}, here. The functions at public_url have started, which they do not without "
            "the secrets that they were deployed with.",
            "If this file names another secret than the deployed one, see that it is mounted there "
            "before you deploy.",
            ehr,
        )
    return fail(
        "secret_unreadable",
        f"{what}.",
        "Set it where the functions run (docs/deploy.md, Configuration and secrets), and where the "
        "doctor runs, to have it checked.",
        ehr,
    )
