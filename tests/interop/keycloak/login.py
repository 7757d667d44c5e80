"""A browser that follows a launch through Keycloak's login page."""

import re
from html import unescape
from urllib.parse import urlencode, urljoin

from tests.interop.keycloak import realm
from tests.support.browser.browser import NAVIGATION, Answer, Browser

_REDIRECTS = {301, 302, 303, 307, 308}


def log_in(browser: Browser, url: str, until: str) -> Answer:
    """Open a URL, log in where Keycloak asks for it, and return the answer of the first URL that
    begins with `until`, or of the page that leads nowhere.
    """
    form = None
    for _ in range(10):
        method = "GET" if form is None else "POST"
        headers = dict(NAVIGATION)
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = browser.send(method, url, headers, form)
        form = None
        if answer.url.startswith(until):
            return answer
        if answer.status in _REDIRECTS:
            url = urljoin(url, answer.location)
            continue
        login = re.search(r'<form id="kc-form-login"[^>]* action="([^"]+)"', answer.text)
        if login is None:
            return answer
        url = unescape(login[1])
        form = urlencode({"username": realm.USER, "password": realm.PASSWORD}).encode()
    raise AssertionError("too many redirects")
