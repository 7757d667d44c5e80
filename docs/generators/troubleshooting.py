"""Writes docs/troubleshooting.md from the catalogue of errors.

Usage: python -m docs.generators.troubleshooting > docs/troubleshooting.md

The page lists every error by its text, since that is what people search for. It goes to standard
output; a test holds the committed file to it.
"""

from collections.abc import Iterator

from shared.explain.catalogue import ENTRIES, causes, frames, ours, sources
from shared.explain.model import Cause, Entry

_FRAMES = frozenset(entry.key for entry in frames.ENTRIES)
_OURS = frozenset(entry.key for entry in ours.ENTRIES)
_SHOWN_AS = {
    "oracle": "Oracle Health",
    "epic": "Epic",
    "athenahealth": "athenahealth",
    "meditech": "MEDITECH",
    "eclinicalworks": "eClinicalWorks",
    "smart-launcher": "SMART launcher",
    "keycloak": "Keycloak",
    "azure": "Azure",
    "okta": "Okta",
    "generic": "Any EHR",
    "smart-calc": "This app",
}
_HEAD = """\
<!-- Made by `python -m docs.generators.troubleshooting > docs/troubleshooting.md` from
shared/explain/catalogue/. A change here is lost: change the catalogue. -->

# Troubleshooting: the error, its causes, what to do

Find the text that you see: search this page for it, or let the app's own command read it.

```
.venv/bin/python -m doctor explain 'TEXT' --config smart.toml
make explain < FILE
```

`TEXT` may be whatever you have: the address that the EHR came back to, an `error_uri`, a URN, the
JSON of the token endpoint, the body of a FHIR 401 or 403, or a message with any of these in it.
Without `TEXT`, or with `-`, standard input is read. Nothing is sent anywhere and no address in the
text is opened. With `--config` the answer compares the text with your registration: which client
id the EHR saw, which scopes were asked for. `--json` prints it for programs.

How sure a cause is stands beside it. **certain**: the error says so, or its vendor does.
**likely**: reported for this error, or follows closely. **possible**: one reading among others.
Sources are numbered; what no source says is marked as inferred. `HOST` is the host of `public_url`.

What the app's own codes mean is in [errors.md](errors.md); the checks before a launch are in
[doctor.md](doctor.md).
"""
_REQUEST = """\
## The right request

What this app sends in an EHR launch, to the `authorization_endpoint` of
`ISS/.well-known/smart-configuration`. Other software can be compared with it, parameter by
parameter.

| parameter | value |
|---|---|
| `response_type` | `code` |
| `client_id` | as registered, for this environment |
| `redirect_uri` | as registered, byte for byte |
| `launch` | as it came with the launch, unchanged; left out in a standalone launch, never empty |
| `scope` | `launch` in an EHR launch, and the configured scopes in the SMART version of the app |
| `aud` | `iss` as it came with the launch, unchanged |
| `state` | new and random for each launch |
| `code_challenge`, `code_challenge_method` | SHA-256 of a new verifier, `S256` |
| `nonce` | with `openid`: new and random for each launch |

Not among them: `intent`, `patient`, `encounter` (they come back with the token), an empty `launch`,
and `system/` scopes.
"""


def _group_of(entry: Entry) -> str:
    if entry.key in _OURS:
        return "This app's own checks"
    if entry.key in _FRAMES:
        return "Pages and frames"
    return _GROUPS[entry.where]


_GROUPS = {
    "launch": "The launch never reaches the EHR's sign-in",
    "error page": "A page of the EHR, and the app is not called",
    "authorize redirect": "Errors that come back to the redirect URI",
    "token endpoint": "Errors of the token endpoint",
    "FHIR answer": "Errors of the FHIR server",
}
_ORDER = (*_GROUPS.values(), "Pages and frames", "This app's own checks")


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_index(), _REQUEST, *_groups(), *_causes(), *_sources()]) + "\n"


def _in(group: str) -> list[Entry]:
    """The entries of a group, by the text that people search for."""
    return sorted(
        (entry for entry in ENTRIES if _group_of(entry) == group),
        key=lambda entry: (entry.says.lower(), entry.key),
    )


def _index() -> Iterator[str]:
    yield "## Index"
    for group in _ORDER:
        yield f"\n**{group}**\n"
        for entry in _in(group):
            yield f"- [`{entry.says}`](#{entry.key}) ({_SHOWN_AS[entry.vendor]})"
    yield ""


def _groups() -> Iterator[str]:
    for group in _ORDER:
        yield f"## {group}\n"
        for entry in _in(group):
            yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    yield f'<a id="{entry.key}"></a>'
    yield f"### `{entry.says}`\n"
    yield f"{_SHOWN_AS[entry.vendor]}, {entry.where}. {entry.meaning} {_numbered(entry.source)}\n"
    others = [urn for urn in entry.urns if urn != entry.says]
    if others:
        yield f"Also: {', '.join(f'`{urn}`' for urn in others)}\n"
    for number, cause in enumerate(entry.causes, 1):
        yield from _cause(number, cause)


def _cause(number: int, cause: Cause) -> Iterator[str]:
    yield f"{number}. **{cause.title}** ({cause.certainty}; `{cause.id}`)"
    yield f"   {cause.why} {_numbered(cause.source)}"
    yield from (f"   - {step}" for step in cause.steps)
    yield ""


def _causes() -> Iterator[str]:
    yield "## Causes by id\n"
    yield "The ids in the answers of `explain` and in `scope.causes` of the session.\n"
    yield "| id | cause |\n|---|---|"
    yield from (f"| `{kind.id}` | {kind.title} |" for kind in causes.KINDS.values())
    yield ""


def _known() -> list[str]:
    return sorted(
        (value for name, value in vars(sources).items() if name.isupper() and name[0] != "_"),
        # The longest first: one address may begin like another.
        key=lambda value: (-len(value), value),
    )


def _numbers() -> dict[str, int]:
    """The sources that the catalogue names, numbered in the order of their names."""
    texts = "\n".join(
        [entry.source for entry in ENTRIES]
        + [cause.source for entry in ENTRIES for cause in entry.causes]
    )
    used = [value for value in _known() if "http" in value and value in texts]
    return {value: number for number, value in enumerate(sorted(used, key=str.lower), 1)}


def _numbered(source: str) -> str:
    """A source with the number in place of every one that the list at the end holds."""
    for value in _known():
        if value in _NUMBERS:
            number = _NUMBERS[value]
            source = source.replace(value, f"[{number}](#source-{number})")
    return f"({source})"


def _sources() -> Iterator[str]:
    yield "## Sources\n"
    for value, number in _NUMBERS.items():
        name, _, rest = value.partition("https://" if "https://" in value else "http://")
        scheme = "https://" if "https://" in value else "http://"
        address, _, remark = rest.partition(" ")
        yield (
            f'- <a id="source-{number}"></a>{number}: {name}'
            f"<{scheme}{address}>{' ' + remark if remark else ''}"
        )


_NUMBERS = _numbers()


if __name__ == "__main__":
    print(page(), end="")
