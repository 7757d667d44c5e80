"""HTML pages of the EHR: one style, no script, and a policy that allows nothing else
(Content Security Policy Level 3).
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, render_template
from markupsafe import Markup

_HERE = Path(__file__).parents[1]
_STYLE = "".join(
    file.read_text("utf-8")
    for file in (
        _HERE.parent / "shared" / "pages" / "style.css",
        _HERE / "templates" / "ehr.css",
    )
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode("utf-8")).digest()).decode("ascii")


def page(
    template: str,
    *,
    status: int = 200,
    form_action: Sequence[str] = ("'none'",),
    frame_src: Sequence[str] = ("'none'",),
    **values: object,
) -> Response:
    """Render a page; `form_action` and `frame_src` are the CSP sources that it needs."""
    # Markup is right here: the style is a file of this repository.
    html = render_template(template, style=Markup(_STYLE), **values)  # noqa: S704
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "; ".join(
        [
            "default-src 'none'",
            f"style-src 'sha256-{_STYLE_HASH}'",
            "img-src data:",  # the empty icon, so that browsers do not ask for one
            f"form-action {' '.join(form_action)}",
            f"frame-src {' '.join(frame_src)}",
            "frame-ancestors 'self'",
            "base-uri 'none'",
        ]
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def fault_page(
    status: int,
    title: str,
    text: str,
    facts: Mapping[str, str] | None = None,
    heading: str = "What the app sent",
) -> Response:
    """Render a page that says what is wrong; `facts` stand below `heading`, for a developer."""
    return page(
        "fault.html", status=status, title=title, text=text, facts=facts or {}, heading=heading
    )


def origin(url: str) -> str:
    """Return the origin of an http(s) address, as a CSP source."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
