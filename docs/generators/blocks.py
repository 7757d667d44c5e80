"""The generated blocks of a page, each between two comments; the rest is written by hand."""


def put(text: str, name: str, block: str) -> str:
    """Return the page with a new block of this name."""
    before, begin, _, end, after = _parts(text, name)
    return f"{before}{begin}{block}{end}{after}"


def of(text: str, name: str) -> str:
    """Return the block of this name from the page."""
    return _parts(text, name)[2]


def _parts(text: str, name: str) -> tuple[str, str, str, str, str]:
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    block, _, after = rest.partition(end)
    return before, begin, block, end, after
