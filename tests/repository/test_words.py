"""Docs, pages and messages have none of the phrases in words.toml, docstrings and comments few."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
EXEMPT = {(one["file"], one["phrase"]) for one in RULES["exempt"]}
PHRASES = [
    (row["name"], re.compile(row["pattern"], re.IGNORECASE | re.MULTILINE), row["instead"])
    for row in RULES["phrase"]
]
LEFT_IN_CODE = 20
FOLDERS = (
    *("benchmarks", "clinical", "docs", "doctor", "examples", "functions", "gateway", "infra"),
    *("shared", "simulator", "smart_calc", "tests"),
)
_STRING = r"""(?:\b[rbfuRBFU]{1,2})?(?:"{3}.*?"{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
_INLINE = r"</?(?:a|abbr|b|code|em|span|strong|time)\b[^>]*>"
# Comments, or strings, that follow each other are one text. So is an item of a list, or a row.
_TOKENS = {
    ".py": re.compile(rf"#[^\n]*(?:\n *#[^\n]*)*|{_STRING}(?:\s+{_STRING})*", re.DOTALL),
    ".js": re.compile(r"""//[^\n]*(?:\n *//[^\n]*)*|"(?:[^"\\\n]|\\.)*"|`[^`]*`"""),
    ".html": re.compile(
        rf"\{{#.*?#\}}|\{{%.*?%\}}|(?:[^<{{]|{_INLINE}|\{{(?![%#]))+|<[^>]*>", re.DOTALL
    ),
    ".md": re.compile(r"[^\n]+(?:\n(?! *(?:[-*|#]|\d+\.) )[^\n]+)*"),
}
_QUOTED = re.compile(r"""("{3}|["'`])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
_BLOCK = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
# Code, URLs, file names, fields of a template, and placeholders.
_BLANK = re.compile(
    r"`[^`]*`|https?://\S+|\{[^{}\n]*\}|<[^>\n]*>"
    r"|[\w./-]+\.(?:py|md|json|toml|sh|tf|yaml|js|css|html)\b"
)
# A page's code, tags, fields and statements. People read only their quoted sentences.
_MARKUP = re.compile(r"<code>.*?</code>|<[^>]*>|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def _quoted(markup: re.Match[str]) -> str:
    texts = [one for one in re.findall('"([^"]*)"', markup[0]) if one.count(" ") > 1]
    return " ".join(texts) or ("``" if markup[0].startswith(("<code>", "{")) else "")


def _fast() -> re.Pattern[str]:
    """Return one expression for lower-case text that matches wherever a phrase does.

    Most phrases start at a word and are tried only there.
    """
    lower = [
        re.sub(r"(?<!\\)[A-Z]", lambda one: one[0].lower(), row["pattern"])
        for row in RULES["phrase"]
    ]
    others = [one for one in lower if one.startswith("(?:^|")]
    at_words = "|".join(f"(?:{one})" for one in lower if one not in others)
    return re.compile(rf"\b(?=\w)(?:{at_words})|{'|'.join(others)}", re.MULTILINE)


FAST = _fast()


def _texts(file: str, source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each text that people read with its position, and whether only engineers read it."""
    suffix = Path(file).suffix
    for token in _TOKENS[suffix].finditer(source):
        text, start = token[0], token.start()
        is_code = text.startswith(("#", "//", "{#")) and suffix != ".md"
        if is_code:
            text = re.sub(r"^ *(?:#|//|\{#) ?|#\}$", "", text, flags=re.MULTILINE)
        elif suffix == ".html":
            text = _MARKUP.sub(_quoted, text)
        elif suffix in {".py", ".js"}:
            line = source[source.rfind("\n", 0, start) + 1 : start]
            is_code = text.startswith('"""') and not line.strip()
            text = "".join(one[2] for one in _QUOTED.finditer(text))
            if not is_code and (file.startswith("tests/") or text.count(" ") < 2):
                continue
        for paragraph in re.split(r"\n\s*\n", text):
            yield start, " ".join(_BLANK.sub("``", paragraph.replace("\\n", " ")).split()), is_code


def _found(file: str, text: str) -> Iterator[str]:
    if not FAST.search(text.lower()):
        return
    for name, pattern, instead in PHRASES:
        if (file, name) not in EXEMPT:
            for match in pattern.finditer(text):
                yield f"{name}: {match[0].strip()!r}. Write: {instead}"


def test_phrases_that_readers_stumble_over_are_not_used() -> None:
    """The failure lists the place, the phrase, the match, and what to write instead."""
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found: dict[bool, list[str]] = {False: [], True: []}
    for path in [*ROOT.glob("*.md"), *(one for one in paths if one.suffix in _TOKENS)]:
        file = path.relative_to(ROOT).as_posix()
        source = _BLOCK.sub(lambda one: "\n" * one[0].count("\n"), path.read_text("utf-8"))
        for start, text, is_code in _texts(file, source):
            line = source.count("\n", 0, start) + 1
            found[is_code] += [f"{file}:{line}: {one}" for one in _found(file, text)]
    assert not found[False], "\n".join(found[False])
    assert len(found[True]) <= LEFT_IN_CODE, "\n".join(found[True])
