"""Replaces generated blocks, each between two comments, in a page that's written by hand."""


def put(text: str, name: str, block: str) -> str:
    """Return the page with this content in the named block."""
    before, begin, _, end, after = _parts(text, name)
    return f"{before}{begin}{block}{end}{after}"


def of(text: str, name: str) -> str:
    """Return the content of the named block."""
    return _parts(text, name)[2]


def _parts(text: str, name: str) -> tuple[str, str, str, str, str]:
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    block, _, after = rest.partition(end)
    return before, begin, block, end, after
