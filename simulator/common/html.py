"""The EHR's HTML pages: one style, at most one script from this repository, and a policy that
allows nothing else (Content Security Policy Level 3).
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parents[1]
_STYLE = "".join(
    file.read_text("utf-8")
    for file in (_HERE.parent / "shared" / "pages" / "style.css", _HERE / "templates" / "ehr.css")
)
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    template: str,
    *,
    status: int = 200,
    form_action: Sequence[str] = ("'none'",),
    frame_src: Sequence[str] = ("'none'",),
    script: str = "",
    **values: object,
) -> Response:
    """Render a page; `form_action` and `frame_src` are CSP sources, `script` is a file name."""
    # Markup is safe here, because style and script are files of this repository.
    code = _script(script)
    context = {"style": Markup(_STYLE), "script": Markup(code), **values}  # noqa: S704 - ours
    html = _TEMPLATES.get_template(template).render(context)
    scripts = [f"script-src {_hash(code)}", "connect-src 'self'"] if code else []
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(_STYLE)}",
            "img-src data:",  # the empty icon, so that browsers don't request one
            f"form-action {' '.join(form_action)}",
            f"frame-src {' '.join(frame_src)}",
            *scripts,
            "frame-ancestors 'self'",
            "base-uri 'none'",
        ]
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@cache
def _script(name: str) -> str:
    return (_HERE / "templates" / name).read_text("utf-8") if name else ""


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def fault_page(
    status: int,
    title: str,
    text: str,
    facts: Mapping[str, str] | None = None,
    heading: str = "What the app sent",
    why: str = "",
    links: Mapping[str, str] | None = None,
) -> Response:
    """Render an error page; below `heading`, it lists `facts` for a developer. `why` is the reason
    that only a simulated EHR shows, `links` are URLs by their labels.
    """
    return page(
        "fault.html",
        status=status,
        title=title,
        text=text,
        facts=facts or {},
        heading=heading,
        why=why,
        links=links or {},
    )


def origin(url: str) -> str:
    """Return the origin of an http(s) URL, as a CSP source."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
