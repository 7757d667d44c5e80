"""Render HTML pages: one style, escaped by the template engine, without third-party resources.

Style and script are inline, and the Content-Security-Policy has their hashes. So a page doesn't
need a second request to a function, and injected code can't run.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, MutableMapping
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from shared.pages.labels import labelled

_HERE = Path(__file__).parent
# A line break after a block's tag, which browsers ignore. A page of calculators has thousands.
_UNSEEN = re.compile(
    r"(</?(?:details|div|fieldset|form|h[1-6]|li|ol|p|section|summary|table|tbody|td|th|thead|tr|ul)"
    r"\b[^<>]*>)\n"
)


# What staging adds to the name of a template for the name of its compiled form.
_COMPILED = ".py"
_SPACE = re.compile(r"\s*/\*.*?\*/\s*|(?<=[{};:,>])\s+|\s+(?=[{}>])|;(?=\s*})", re.DOTALL)


class _Loader(FileSystemLoader):
    """Loads templates without the line breaks that only make them easier to read.

    If a staged folder has a template in compiled form, and it was compiled from this text by this
    version of Jinja, that is loaded. Compiling those of the first page takes 70 ms.
    """

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> Template:
        source, file, _ = super().get_source(environment, name)
        spec = spec_from_file_location(name, f"{file}{_COMPILED}")
        if spec is None or spec.loader is None or not Path(f"{file}{_COMPILED}").exists():
            return super().load(environment, name, globals)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        if module.of != _digest(source):
            return super().load(environment, name, globals)
        return Template.from_module_dict(environment, vars(module), globals or {})

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_current = super().get_source(environment, template)
        return _UNSEEN.sub(r"\1", source), name, is_current


@cache
def style() -> str:
    """Return the stylesheet that all pages share."""
    return stylesheet(_HERE / "style.css")


def stylesheet(file: Path) -> str:
    """Return a stylesheet without comments and unnecessary spaces and line breaks."""
    return _SPACE.sub("", file.read_text(encoding="utf-8"))


@cache
def _environment(templates: Path) -> Environment:
    loader = _Loader([templates, _HERE])
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = _marked
    environment.filters["labelled"] = labelled
    environment.filters["linked"] = _linked
    return environment


def compiled(name: str, source: str) -> dict[str, str]:
    """Return the compiled form of a template to stage next to it: the file's name and text."""
    text, own_name = _UNSEEN.sub(r"\1", source), Path(name).name
    code = _environment(_HERE).compile(text, own_name, raw=True, defer_init=True)
    return {f"{name}{_COMPILED}": f"{code}\nof = {_digest(source)!r}\n"}


def _digest(source: str) -> str:
    return hashlib.sha256(f"{jinja2.__version__} {source}".encode()).hexdigest()


def _marked(text: str) -> Markup:
    """Format `code` in a sentence, and escape everything in it."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if at % 2 else part for at, part in enumerate(parts))


def _linked(source: str) -> Markup:
    """Link the documents in a source. Only for this app's own sources, never for an EHR's URL."""
    parts = re.split(r"(https?://[^\s;,()]+)", source)
    link = Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>')
    return Markup("").join(
        link.format(part, _shortened(part)) if at % 2 else part for at, part in enumerate(parts)
    )


def _shortened(address: str) -> str:
    """Shorten a URL to its host and the last part of its path."""
    parts = address.partition("://")[2].rstrip("/").split("/")
    return parts[0] if len(parts) == 1 else f"{parts[0]}/…/{parts[-1]}"


def render(template: str, templates: Path = _HERE, own_style: str = "", /, **values: object) -> str:
    """Render a page from a template that extends `base.html`, or a part of one.

    `own_style` is a stylesheet for only that page, added to the shared one.
    """
    page = _environment(templates).get_template(template)
    return page.render(style=Markup(style() + own_style), **values)  # noqa: S704 - our own


def content_security_policy(
    frame_ancestors: tuple[str, ...],
    script: str | None = None,
    form_action: str = "'none'",
    own_style: str = "",
) -> Mapping[str, str]:
    """Return the header that lets a page use only its own style and the given script.

    `own_style` is the value that was passed to `render`. `form_action` lists the sources that the
    page may post to.
    """
    policy = [
        "default-src 'none'",
        f"style-src {_hash(style() + own_style)}",
        "base-uri 'none'",
        f"form-action {form_action}",
    ]
    if script is not None:
        policy += [f"script-src {_hash(script)}", "connect-src 'self'"]
    if frame_ancestors:
        policy.append(f"frame-ancestors {' '.join(frame_ancestors)}")
    return {"Content-Security-Policy": "; ".join(policy)}


def own_page_policy(frame_ancestors: tuple[str, ...]) -> str:
    """Return the policy of a custom frontend's page. Its bucket also sends it (docs/domain.md)."""
    policy = [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
    if frame_ancestors:
        policy.append(f"frame-ancestors {' '.join(frame_ancestors)}")
    return "; ".join(policy)


@cache
def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
