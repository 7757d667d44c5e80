"""Shows the documents in docs/ in a browser, as plain text with working links.

It doesn't render Markdown, except links to other documents, and the headings and anchors that links
point to.
"""

import re
from pathlib import Path

from markupsafe import Markup, escape

_DOCUMENTS = Path(__file__).parents[1] / "docs"
_LEADS = re.compile(
    r"\[([^\]\n]{1,300})\]\(((?:[\w./-]{1,200}\.md)?(?:#[\w./-]{1,200})?)\)"
    r'|<a id="([\w./-]{1,200})"></a>'
    r"|^#{1,6} (.+)$",
    re.MULTILINE,
)


def names() -> frozenset[str]:
    """Return the paths of all documents, relative to docs/."""
    return frozenset(str(one.relative_to(_DOCUMENTS)) for one in _DOCUMENTS.rglob("*.md"))


def linked(name: str) -> Markup:
    """Return an escaped document with its links to other documents; `name` is one of `names`."""
    text = (_DOCUMENTS / name).read_text(encoding="utf-8")
    parts = []
    end = 0
    for match in _LEADS.finditer(text):
        parts += [escape(text[end : match.start()]), _written(match, name)]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def _written(match: re.Match[str], name: str) -> Markup:
    label, target, anchor, heading = match.groups()
    if anchor is not None:
        return Markup('<a id="{}"></a>').format(anchor)
    if heading is not None:
        return Markup('<strong id="{}">{}</strong>').format(_slug(heading), match[0])
    if not target or not _is_served(target.partition("#")[0], name):
        return escape(match[0])
    return Markup('<a href="{}">{}</a>').format(target, label)


def _is_served(path: str, beside: str) -> bool:
    """Return whether a link's target is served here; targets in the same document always are."""
    whole = (_DOCUMENTS / beside).parent / path
    return not path or whole.resolve() in {_DOCUMENTS.resolve() / one for one in names()}


def _slug(heading: str) -> str:
    """Return the anchor that GitHub generates for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
