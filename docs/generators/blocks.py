"""A part of a page that is written from the code, between two comments; the rest is by hand."""


def put(text: str, name: str, block: str) -> str:
    """The page with the block of this name as it is now."""
    before, begin, _, end, after = _parts(text, name)
    return f"{before}{begin}{block}{end}{after}"


def of(text: str, name: str) -> str:
    """The block of this name as the page has it."""
    return _parts(text, name)[2]


def _parts(text: str, name: str) -> tuple[str, str, str, str, str]:
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    block, _, after = rest.partition(end)
    return before, begin, block, end, after
