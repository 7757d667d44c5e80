"""Checks that the secrets behind `env:` and `file:` references exist and have the right form. It
never prints them.

References are resolved on this machine, which can differ from where the functions run. A secret
that can't be read here is a failure, unless the functions run elsewhere and respond: they don't
start without the secrets of their deployed configuration.
"""

from collections.abc import Sequence
from typing import cast

from doctor.finding import Checked, FindingId, fail, ok, warn
from shared.config import secret_references
from shared.config.settings import Ehr, Settings
from shared.config.table import Problem
from shared.smart import published_keys
from shared.smart.client_auth import Clients
from shared.smart.published_keys import PublishedKeys


def check(
    settings: Settings,
    clients: Clients,
    problems: Sequence[Problem],
    *,
    run_elsewhere: bool,
    sealing_keys: bool = True,
) -> list[Checked]:
    """Check the sealing keys, the public keys to serve, and each registration's credentials.

    `clients` and `problems` are the results of resolving the credentials. `run_elsewhere` means
    that all functions respond, and not on this machine.
    """
    published, unserved = published_keys.load(settings)
    findings = [*_sealing_keys(settings, run_elsewhere)] if sealing_keys else []
    findings += [as_finding(problem, None, run_elsewhere) for problem in unserved]
    if published is not None:
        findings.append(ok("secret_unreadable", "public_jwks can be read here."))
    for ehr in settings.ehrs:
        own = [one for one in problems if one.place.startswith(f"ehr {ehr.key}: ")]
        findings += [as_finding(problem, ehr.key, run_elsewhere) for problem in own]
        if ehr.client_auth != "none" and not own:
            findings += _usable(ehr, clients, published)
        if ehr.client_auth == "client_secret_basic" and not own:
            findings.append(_basic(ehr, clients))
    return findings


def as_finding(problem: Problem, ehr: str | None, run_elsewhere: bool) -> Checked:
    """Return the finding about an unusable secret."""
    if problem.id == "secret_unreadable":
        return _unreadable(problem.title.removesuffix("."), ehr, run_elsewhere)
    return fail(cast(FindingId, problem.id), problem.title, problem.fix, ehr)


def _usable(ehr: Ehr, clients: Clients, published: PublishedKeys | None) -> list[Checked]:
    jwk = clients.public_jwk(ehr)
    name = "backend_private_key" if ehr.is_backend else "private_key"
    name = "client_secret" if jwk is None else name
    read = ok("secret_unreadable", f"{name} can be read here and has a valid form.", ehr.key)
    if jwk is None or published is None:
        return [read]
    if published.include(jwk):
        title = f"public_jwks contains the public key of {name} under its key_id."
        return [read, ok("setting_invalid", title, ehr.key)]
    return [
        read,
        warn(
            "setting_invalid",
            f"public_jwks doesn't contain the public key of {name} under its key_id, so an EHR "
            "that reads /launch/jwks.json rejects the key's signatures.",
            "Re-create the file with `smart-calc doctor jwks`, or correct `key_id`. If this EHR "
            "got the public key another way, ignore this warning.",
            ehr.key,
        ),
    ]


def _basic(ehr: Ehr, clients: Clients) -> Checked:
    """Check that servers read the same Basic credentials with and without form encoding."""
    id_: FindingId = "basic_credentials_ambiguous"
    if ehr.basic_credentials is not None:
        title = f"basic_credentials is set: the Basic header uses the {ehr.basic_credentials} form."
        return ok(id_, title, ehr.key)
    if clients.ambiguous_basic_form(ehr) is None:
        return ok(id_, "Form encoding doesn't change the Basic credentials.", ehr.key)
    return warn(
        id_,
        "client_id or client_secret has a character that form encoding changes, such as +, / or "
        "=, and EHRs disagree on whether the Basic header is form-encoded. The app sends the "
        f"{ehr.basic_form} form.",
        'Set basic_credentials = "form" (RFC 6749 2.3.1: Keycloak, most servers) or "raw" '
        "(Epic, the SMART launcher, Inferno). If you don't know which form this EHR expects, "
        "ask for a secret of letters and digits only.",
        ehr.key,
    )


def _sealing_keys(settings: Settings, run_elsewhere: bool) -> list[Checked]:
    _, problems = secret_references.read_sealing_keys(settings)
    if problems:
        return [as_finding(problem, None, run_elsewhere) for problem in problems]
    return [
        ok("secret_unreadable", "Every sealing key can be read here."),
        ok("sealing_key_invalid", "Every sealing key has 32 bytes."),
    ]


def _unreadable(what: str, ehr: str | None, run_elsewhere: bool) -> Checked:
    if run_elsewhere:
        return warn(
            "secret_unreadable",
            f"{what}, on this machine. The functions at public_url have started, and they don't "
            "start without the secrets that they were deployed with.",
            "If this file refers to a different secret than the deployed one, make sure that "
            "the secret is mounted before you deploy.",
            ehr,
        )
    return fail(
        "secret_unreadable",
        f"{what}.",
        "Set the secret where the functions run (docs/deploy.md, Configuration and secrets). To "
        "check it here too, set it where you run this command.",
        ehr,
    )
