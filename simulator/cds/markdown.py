"""The markdown of a card's detail as HTML: paragraphs, lists, bold, emphasis, code, headings and
tables (GitHub Flavored Markdown). All else stays the text that it is: no HTML, link or image.
"""

import re

from markupsafe import Markup, escape

_INLINE = re.compile(
    r"\*\*(.+?)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?!\w)|`([^`]+)`|\\([!-/:-@\[-`{-~])"
)
_BULLET = re.compile(r"\s{0,3}[-*+] +(.*)")
_HEADING = re.compile(r"#{1,6} +(.*)")
_RULE = re.compile(r"\|?[\s:|-]*-[\s:|-]*\|?")
_BREAK = Markup("<br>")


def html(text: str) -> Markup:
    """Return the HTML of a text that may come from anywhere."""
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return Markup("\n").join(part for block in blocks for part in _parts(block.split("\n")))


def _parts(lines: list[str]) -> list[Markup]:
    """Cut a block where a list, a heading or a table begins or ends."""
    parts: list[Markup] = []
    at = 0
    while at < len(lines):
        kind = _kind(lines, at)
        end = at + 1
        while end < len(lines) and (kind == "table" or _kind(lines, end) == kind != "heading"):
            end += 1
        parts.append(_WRITERS[kind](lines[at:end]))
        at = end
    return parts


def _kind(lines: list[str], at: int) -> str:
    if _BULLET.fullmatch(lines[at]):
        return "list"
    if _HEADING.fullmatch(lines[at]):
        return "heading"
    below = lines[at + 1] if at + 1 < len(lines) else ""
    if "|" in lines[at] and "|" in below and _RULE.fullmatch(below.strip()):
        return "table"
    return "text"


def _paragraph(lines: list[str]) -> Markup:
    shown = [one for one in map(str.strip, lines) if one]
    return Markup("<p>{}</p>").format(_BREAK.join(map(_inline, shown))) if shown else Markup("")


def _list(lines: list[str]) -> Markup:
    items = [_BULLET.sub(r"\1", one) for one in lines]
    return Markup("<ul>{}</ul>").format(
        Markup("").join(Markup("<li>{}</li>").format(_inline(one)) for one in items)
    )


def _heading(lines: list[str]) -> Markup:
    return Markup("<p><strong>{}</strong></p>").format(_inline(_HEADING.sub(r"\1", lines[0])))


def _table(lines: list[str]) -> Markup:
    head, _, *rows = [_cells(one) for one in lines]
    return Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(
        _row(head, Markup('<th scope="col">{}</th>')),
        Markup("").join(_row(one, Markup("<td>{}</td>")) for one in rows),
    )


def _row(cells: list[str], cell: Markup) -> Markup:
    inside = Markup("").join(cell.format(_inline(one)) for one in cells)
    return Markup("<tr>{}</tr>").format(inside)


def _cells(line: str) -> list[str]:
    return [one.strip() for one in line.strip().strip("|").split("|")]


def _inline(text: str) -> Markup:
    done: list[Markup] = []
    end = 0
    for match in _INLINE.finditer(text):
        strong, emphasis, code, escaped = match.groups()
        done.append(escape(text[end : match.start()]))
        if strong is not None:
            done.append(Markup("<strong>{}</strong>").format(_inline(strong)))
        elif emphasis is not None:
            done.append(Markup("<em>{}</em>").format(emphasis))
        elif code is not None:
            done.append(Markup("<code>{}</code>").format(code))
        else:
            done.append(escape(escaped))
        end = match.end()
    return Markup("").join([*done, escape(text[end:])])


_WRITERS = {"text": _paragraph, "list": _list, "heading": _heading, "table": _table}
