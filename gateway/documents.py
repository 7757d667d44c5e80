"""Shows the documents in docs/ in a browser: Markdown as HTML (CommonMark, with GitHub's tables).

The documents belong to this project, and nothing in them can run: anchors are the only HTML that's
kept. A link leads to another document or to the web. A link to a file that isn't served here is
shown as plain text.
"""

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from infra import project

_DOCUMENTS = Path(__file__).parents[1] / "docs"
_ANCHOR = re.compile(r'(<a id="[\w./-]{1,200}">|</a>)')
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
# At the start of a code span, or of a line in a code block.
_MAKE = re.compile(
    r"(?m)(?<![^`\n])make (run|serve|ehr|doctor|explain|stage)\b((?: [A-Z_]+=[^\s`]+)*)"
)
_PYTHON = re.compile(
    r"(?:\.venv/bin/)?python -m (gateway|doctor (?:check|explain|jwks|sealing-key))\b"
)
Env = MutableMapping[str, Any]


def names() -> frozenset[str]:
    """Return the paths of all documents, relative to docs/."""
    return frozenset(str(one.relative_to(_DOCUMENTS)) for one in _DOCUMENTS.rglob("*.md"))


@dataclass(frozen=True, slots=True)
class Document:
    """A document as HTML: its title, and the ids and texts of its main sections."""

    title: str
    sections: Sequence[tuple[str, str]]
    text: Markup


def rendered(name: str, *, in_clone: bool = project.IS_CLONE) -> Document:
    """Return a document; `name` is one of `names`. Outside a clone, the commands are smart-calc's,
    because a project has no Makefile.
    """
    text = (_DOCUMENTS / name).read_text(encoding="utf-8")
    env: Env = {"name": name, "headings": []}
    html = _READER.render(text if in_clone else _with_own_commands(text), env)
    plain = [(tag, slug, heading.replace("`", "")) for tag, slug, heading in env["headings"]]
    title = next((heading for tag, _, heading in plain if tag == "h1"), name)
    sections = [(slug, heading) for tag, slug, heading in plain if tag == "h2"]
    return Document(title, sections, Markup(html))  # noqa: S704 - other HTML is escaped


def _with_own_commands(text: str) -> str:
    """Replace make's commands with smart-calc's, except in a paragraph about a clone."""
    return "\n\n".join(
        paragraph
        if "n a clone" in paragraph
        else _PYTHON.sub(_of_python, _MAKE.sub(_of_make, paragraph))
        for paragraph in text.split("\n\n")
    )


def _of_make(found: "re.Match[str]") -> str:
    options = (one.split("=", 1) for one in found[2].split())
    written = (f" --{name.lower().replace('_', '-')} {value}" for name, value in options)
    return f"smart-calc {found[1]}{''.join(written)}"


def _of_python(found: "re.Match[str]") -> str:
    own = {"gateway": "serve", "doctor explain": "explain", "doctor check": "doctor"}
    return f"smart-calc {own.get(found[1], found[1])}"


def _heading(_: object, tokens: Sequence[Token], at: int, __: object, env: Env) -> str:
    tag, text = tokens[at].tag, tokens[at + 1].content
    env["headings"].append((tag, _slug(text), text))
    return Markup('<{} id="{}">').format(tag, _slug(text))


def _html(_: object, tokens: Sequence[Token], at: int, *__: object) -> str:
    """Return HTML as text, except the anchors that links point to, and without comments."""
    parts = _ANCHOR.split(_COMMENT.sub("", tokens[at].content))
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
