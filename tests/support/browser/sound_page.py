"""What must hold of every state of a page: it is accessible, and nothing scrolls sideways."""

from typing import Any

from playwright.sync_api import Page

from tests.support.browser import npm


def violations(page: Page, within: str = "html") -> list[str]:
    """Return axe-core's findings on the current page, as a rule and the first place.

    `within`: a part that has changed since the page was last checked, which takes a fraction of the
    time.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(npm.script("axe-core"))
    options = {"resultTypes": ["violations"], "selectors": False}
    violations: list[dict[str, Any]] = page.evaluate(
        "([within, options]) => axe.run(within, options).then((result) => result.violations)",
        [within, options],
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in violations]


def fits(page: Page) -> bool:
    """Nothing scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
