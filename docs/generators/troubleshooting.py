"""Writes docs/troubleshooting.md, and a page for each vendor, from the catalogue of errors.

The first page lists all errors by their text, because that's what people search for. A test keeps
the committed files in sync.
"""

from collections.abc import Iterator, Mapping

from shared.explain.catalogue import ENTRIES, causes, sources
from shared.explain.model import Cause, Entry
from shared.vendors import GENERIC, everyone

# The vendors that have an error in the catalogue, by name.
_VENDORS = {
    one.name: one for one in everyone() if any(entry.vendor == one.name for entry in ENTRIES)
}
_HEAD = """\
<!-- Made by `make docs` from shared/explain/catalogue/. A change
here is lost: change the catalogue. -->

# Troubleshooting: the error, its causes, what to do

This page is for anyone with a failed launch: it lists the causes and fixes of each EHR error.
To find the cause, let the app's own command read the error, or paste it into the start page of
`make run`:

```
make explain < FILE
.venv/bin/python -m doctor explain 'TEXT' --config smart.toml
```

Or search this page for the text that you see. Each line links to its causes and fixes. For a URN,
search for its last words, such as `empty-scopes`. In a URL, `%3A` stands for `:`, and the part from
`/instances/` on doesn't belong to the URN.

You can paste anything that you have: the URL that the EHR redirected to, an `error_uri`, a URN, the
JSON from the token endpoint, the body of a FHIR 401 or 403, or a message with any of these. If
`TEXT` is absent or `-`, the command reads stdin. It sends nothing anywhere and opens no URL in the
text. With `--config`, it compares the text with your registration: the client id that the EHR saw,
and the requested scopes. `--json` prints JSON: `kind` is `explained`, `asks`, `ehr_side` or
`not_a_launch`, `change` is the line to change, and `ask` lists what to paste next if the text
doesn't show the cause. What you claim and have tried counts too, but less than a server's message.
A value that is itself suspected, such as a client id or a redirect URI, isn't offered for copying
unless `--config` has the right one.

Each cause has a certainty. **certain**: the error or its vendor states it. **likely**: it was
reported for this error, or follows closely. **possible**: it's one of several explanations.
*inferred* marks statements without a source. If your text, your registration or the app's request
proves a cause, `explain` calls it certain even if this page doesn't.
`HOST` is the host of `public_url`. Dates are year-month-day.

For the app's own error codes, see [errors.md](errors.md). For the checks before a launch, see
[doctor.md](doctor.md).
"""
_REQUEST = """\
## The correct request

In an EHR launch, this app sends the following request to the `authorization_endpoint` in
`ISS/.well-known/smart-configuration`. You can compare other software with it, parameter by
parameter.

| parameter | value |
|---|---|
| `response_type` | `code` |
| `client_id` | as registered, for this environment |
| `redirect_uri` | as registered, byte for byte |
| `launch` | as received with the launch, unchanged; left out in a standalone launch, never empty |
| `scope` | `launch` in an EHR launch, and the configured scopes in the SMART version of the app |
| `aud` | `iss` as received with the launch, unchanged |
| `state` | new and random for each launch |
| `code_challenge`, `code_challenge_method` | SHA-256 of a new verifier, `S256` |
| `nonce` | with `openid`: new and random for each launch |

It doesn't send `intent`, `patient` and `encounter` (the token response has them), an empty
`launch`, or `system/` scopes.
"""


_GROUPS = {
    "launch": "The launch never reaches the EHR login",
    "error page": "The EHR shows an error page and doesn't redirect to the app",
    "authorize redirect": "Errors sent to the redirect URI",
    "token endpoint": "Errors from the token endpoint",
    "FHIR answer": "Errors from the FHIR server",
    "CDS call": "Refused calls of the CDS service",
}
_PAGE_HEAD = """\
<!-- Made by `make docs` from shared/explain/catalogue/. A change
here is lost: change the catalogue. -->

# {}: errors, causes, what to do

For all errors by their text, and the meaning of certain, likely and possible, see
[Troubleshooting](../troubleshooting.md). *inferred* marks statements without a source.
"""


def pages() -> Mapping[str, str]:
    """Return all pages by their path below docs/."""
    pages = {"troubleshooting.md": "\n".join([_HEAD, *_index(), _REQUEST, *_causes()]) + "\n"}
    for vendor, profile in _VENDORS.items():
        head = _PAGE_HEAD.format(profile.title)
        if profile is not GENERIC:
            general = f"[{GENERIC.title}]({GENERIC.docs_page}.md)"
            head += f"If an error isn't on this page, look for it under {general}.\n"
        lines = [head, *_groups(vendor), *_sources(vendor)]
        pages[_file(vendor)] = "\n".join(lines) + "\n"
    return pages


def _file(vendor: str) -> str:
    return f"troubleshooting/{_VENDORS[vendor].docs_page or vendor}.md"


def _by_text(entries: list[Entry]) -> list[Entry]:
    """Sort entries by the text that people search for."""
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
    """Yield an entry; if the page already has its causes at `alike`, link to them."""
    yield f'<a id="{entry.key}"></a>'
    yield f"### `{entry.says}`\n"
    yield f"{entry.meaning} {_numbered(entry)}\n"
    others = [urn for urn in entry.urns if urn not in entry.says]
    if others:
        yield f"Also: {', '.join(f'`{urn}`' for urn in others)}\n"
    if alike is not entry:
        yield f"It has the same causes as [`{alike.says}`](#{alike.key}).\n"
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
    yield "`explain` and the session's `scope.causes` use these ids.\n"
    yield "| id | cause | a clinician reads |\n|---|---|---|"
    for kind in causes.KINDS.values():
        yield f"| `{kind.id}` | {kind.title} | {kind.plainly or kind.title} |"
    yield ""


def _known() -> list[str]:
    return sorted(
        (value for name, value in vars(sources).items() if name.isupper() and name[0] != "_"),
        # The longest first, because one URL may be the start of another.
        key=lambda value: (-len(value), value),
    )


def _numbers(vendor: str) -> dict[str, int]:
    """Return the numbers of a page's sources, in the order of their names."""
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
    """Replace each listed source in a text with a link to its number."""
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
