"""The markdown of a card's detail as HTML (GitHub Flavored Markdown, with its tables).

HTML, links and images are shown as text, because a card can come from any service.
"""

from collections.abc import Callable

from markdown_it import MarkdownIt
from markupsafe import Markup

_READER = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable("table")
    .disable(["link", "image", "autolink", "reference"])
)
# A card adds no headings to the page and no inline styles.
_TAGS = {
    "heading_open": "<p><strong>",
    "heading_close": "</strong></p>\n",
    "th_open": '<th scope="col">',
    "td_open": "<td>",
}


def _written(tag: str) -> Callable[..., str]:
    return lambda *_: tag


for _name, _tag in _TAGS.items():
    _READER.add_render_rule(_name, _written(_tag))


def html(text: str) -> Markup:
    """Render untrusted markdown as HTML."""
    return Markup(_READER.render(text))  # noqa: S704 - the reader escapes it
