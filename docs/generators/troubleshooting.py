"""Writes docs/troubleshooting.md, and a page for each vendor, from the catalogue of errors.

The first page lists every error by its text, since that is what people search for. A test holds the
committed files to it.
"""

from collections.abc import Iterator, Mapping

from shared.explain.catalogue import ENTRIES, causes, sources
from shared.explain.model import Cause, Entry
from shared.vendors import everyone

# Those of whom an error is known, by name.
_VENDORS = {
    one.name: one for one in everyone() if any(entry.vendor == one.name for entry in ENTRIES)
}
_HEAD = """\
<!-- Made by `make docs` from shared/explain/catalogue/. A change
here is lost: change the catalogue. -->

# Troubleshooting: the error, its causes, what to do

Let the app's own command read what you see, or paste it into the start page of `make run`:

```
make explain < FILE
.venv/bin/python -m doctor explain 'TEXT' --config smart.toml
```

Or search this page for the text that you see: each line leads to the causes and what to do.

What you paste may be whatever you have: the address that the EHR came back to, an `error_uri`, a
URN, the JSON of the token endpoint, the body of a FHIR 401 or 403, or a message with any of these.
Without `TEXT`, or with `-`, standard input is read. Nothing is sent anywhere and no address in the
text is opened. With `--config` the answer compares the text with your registration: which client
id the EHR saw, which scopes were asked for. `--json` prints it for programs:
`kind` is `explained`, `asks`, `ehr_side` or `not_a_launch`, `change` is the line to change, and
`ask` lists what to paste next if the text doesn't show the cause. What you claim and have tried
counts too, but less than a server's words. A value that is itself suspected, such as a client id or
a redirect URI, isn't offered for copying unless `--config` has the right one.

How sure a cause is stands beside it. **certain**: the error says so, or its vendor does.
**likely**: reported for this error, or follows closely. **possible**: one reading among others.
What no source says is marked as *inferred*. Where your text, your registration or the request that
the app sent proves a cause, the answer calls it certain though this page does not.
`HOST` is the host of `public_url`. Dates are year-month-day.

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


_GROUPS = {
    "launch": "The launch never reaches the EHR's sign-in",
    "error page": "A page of the EHR, and the app is not called",
    "authorize redirect": "Errors that come back to the redirect URI",
    "token endpoint": "Errors of the token endpoint",
    "FHIR answer": "Errors of the FHIR server",
    "CDS call": "Calls of the CDS service that are refused",
}
_PAGE_HEAD = """\
<!-- Made by `make docs` from shared/explain/catalogue/. A change
here is lost: change the catalogue. -->

# {}: errors, causes, what to do

[All errors by their text](../troubleshooting.md), and what certain, likely and possible mean. What
no source says is marked as *inferred*.
"""


def pages() -> Mapping[str, str]:
    """Every page by its path below docs/."""
    pages = {"troubleshooting.md": "\n".join([_HEAD, *_index(), _REQUEST, *_causes()]) + "\n"}
    for vendor, profile in _VENDORS.items():
        lines = [_PAGE_HEAD.format(profile.title), *_groups(vendor), *_sources(vendor)]
        pages[_file(vendor)] = "\n".join(lines) + "\n"
    return pages


def _file(vendor: str) -> str:
    return f"troubleshooting/{_VENDORS[vendor].docs_page or vendor}.md"


def _by_text(entries: list[Entry]) -> list[Entry]:
    """In the order of the text that people search for."""
    return sorted(entries, key=lambda entry: (entry.says.lower(), entry.key))


def _index() -> Iterator[str]:
    yield "## By the text that you see"
    for where, title in _GROUPS.items():
        yield f"\n**{title}**\n"
        for entry in _by_text([one for one in ENTRIES if one.where == where]):
            link = f"{_file(entry.vendor)}#{entry.key}"
            yield f"- [`{entry.says}`]({link}) ({_VENDORS[entry.vendor].title})"
    yield "\n## By vendor\n"
    for vendor, profile in _VENDORS.items():
        yield f"- [{profile.title}]({_file(vendor)})"
    yield ""


def _groups(vendor: str) -> Iterator[str]:
    for where, title in _GROUPS.items():
        entries = [one for one in ENTRIES if (one.vendor, one.where) == (vendor, where)]
        if entries:
            yield f"## {title}\n"
        told: dict[tuple[Cause, ...], Entry] = {}
        for entry in _by_text(entries):
            yield from _entry(entry, told.setdefault(entry.causes, entry))


def _entry(entry: Entry, alike: Entry) -> Iterator[str]:
    """An entry; one whose causes stand on the page already, at `alike`, leads there."""
    yield f'<a id="{entry.key}"></a>'
    yield f"### `{entry.says}`\n"
    yield f"{entry.meaning} {_numbered(entry)}\n"
    others = [urn for urn in entry.urns if urn != entry.says]
    if others:
        yield f"Also: {', '.join(f'`{urn}`' for urn in others)}\n"
    if alike is not entry:
        yield f"Its causes are those of [`{alike.says}`](#{alike.key}).\n"
        return
    for number, cause in enumerate(entry.causes, 1):
        yield from _cause(number, cause, entry.vendor)


def _cause(number: int, cause: Cause, vendor: str) -> Iterator[str]:
    yield f"{number}. **{cause.title}** ({cause.certainty}; `{cause.id}`)"
    yield f"   {cause.why} {_shown(cause.source, vendor)}"
    yield from (f"   - {step}" for step in cause.steps)
    yield ""


def _causes() -> Iterator[str]:
    yield "## Causes by id\n"
    yield "The ids in the answers of `explain` and in `scope.causes` of the session.\n"
    yield "| id | cause | a clinician reads |\n|---|---|---|"
    for kind in causes.KINDS.values():
        yield f"| `{kind.id}` | {kind.title} | {kind.plainly or kind.title} |"
    yield ""


def _known() -> list[str]:
    return sorted(
        (value for name, value in vars(sources).items() if name.isupper() and name[0] != "_"),
        # The longest first: one address may begin like another.
        key=lambda value: (-len(value), value),
    )


def _numbers(vendor: str) -> dict[str, int]:
    """The sources that a page names, numbered in the order of their names."""
    mine = [entry for entry in ENTRIES if entry.vendor == vendor]
    texts = "\n".join(
        [entry.source for entry in mine]
        + [cause.source for entry in mine for cause in entry.causes]
    )
    used = [value for value in _known() if "http" in value and value in texts]
    return {value: number for number, value in enumerate(sorted(used, key=str.lower), 1)}


_NUMBERS = {vendor: _numbers(vendor) for vendor in _VENDORS}


def _numbered(entry: Entry) -> str:
    return _shown(entry.source, entry.vendor)


def _shown(source: str, vendor: str) -> str:
    """A source with the number in place of every one that the list at the page's end holds."""
    numbers = _NUMBERS[vendor]
    for value in _known():
        if value in numbers:
            number = numbers[value]
            source = source.replace(value, f"[{number}](#source-{number})")
    return f"({source})".replace("inferred", "*inferred*")


def _sources(vendor: str) -> Iterator[str]:
    if not _NUMBERS[vendor]:
        return
    yield "## Sources\n"
    for value, number in _NUMBERS[vendor].items():
        name, _, rest = value.partition("https://" if "https://" in value else "http://")
        scheme = "https://" if "https://" in value else "http://"
        address, _, remark = rest.partition(" ")
        yield (
            f'- <a id="source-{number}"></a>{number}: {name}'
            f"<{scheme}{address}>{' ' + remark if remark else ''}"
        )
