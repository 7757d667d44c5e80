"""Shows the documents in docs/ in a browser: Markdown as HTML (CommonMark, with GitHub's tables).

The documents belong to this project, and nothing in them can run: anchors are the only HTML that's
kept. A link leads to another document or to the web. A link to a file that isn't served here is
shown as plain text.
"""

import re
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

_DOCUMENTS = Path(__file__).parents[1] / "docs"
_ANCHOR = re.compile(r'(<a id="[\w./-]{1,200}">|</a>)')
Env = MutableMapping[str, Any]


def names() -> frozenset[str]:
    """Return the paths of all documents, relative to docs/."""
    return frozenset(str(one.relative_to(_DOCUMENTS)) for one in _DOCUMENTS.rglob("*.md"))


def rendered(name: str) -> Markup:
    """Return a document as HTML; `name` is one of `names`."""
    text = (_DOCUMENTS / name).read_text(encoding="utf-8")
    return Markup(_READER.render(text, {"name": name}))  # noqa: S704 - other HTML is escaped


def _heading(_: object, tokens: Sequence[Token], at: int, *__: object) -> str:
    return Markup('<{} id="{}">').format(tokens[at].tag, _slug(tokens[at + 1].content))


def _html(_: object, tokens: Sequence[Token], at: int, *__: object) -> str:
    """Return HTML as text, except the anchors that links point to."""
    parts = _ANCHOR.split(tokens[at].content)
    return "".join(part if number % 2 else escape(part) for number, part in enumerate(parts))


def _link(_: object, tokens: Sequence[Token], at: int, __: object, env: Env) -> str:
    target = str(tokens[at].attrGet("href"))
    env["link"] = "a"
    if target.startswith("https://"):
        form = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">')
        return form.format(target)
    if _is_served(target.partition("#")[0], env["name"]):
        return Markup('<a href="{}">').format(target)
    env["link"] = "span"
    return "<span>"


def _link_end(_: object, __: object, ___: int, ____: object, env: Env) -> str:
    return f"</{env['link']}>"


def _is_served(path: str, name: str) -> bool:
    """Return whether a link's target is served here; targets in the same document always are."""
    target = (_DOCUMENTS / name).parent / path
    return not path or target.resolve() in {_DOCUMENTS.resolve() / one for one in names()}


def _slug(heading: str) -> str:
    """Return the anchor that GitHub generates for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark").enable("table").disable("image")
    reader.add_render_rule("heading_open", _heading)
    reader.add_render_rule("html_inline", _html)
    reader.add_render_rule("html_block", _html)
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("link_close", _link_end)
    # The library would set a column's alignment with an inline style.
    reader.add_render_rule("th_open", lambda *_: '<th scope="col">')
    reader.add_render_rule("td_open", lambda *_: "<td>")
    return reader


_READER = _reader()
