"""Pages: what is inlined is what the policy names, and nothing else could run."""

import base64
import hashlib
import re
from pathlib import Path

from shared import pages
from shared.errors import EhrError
from shared.pages.labels import labelled
from tests.support.tables import each

MARKUP = "<script>alert(1)</script>'\"&"


def error_page(error: EhrError, evidence: dict[str, str] | None = None) -> str:
    return pages.render(
        "error.html",
        full=True,
        code=error.code,
        headline=error.title,
        why=error.why,
        change=None,
        user_steps=error.steps,
        again="",
        trace="",
        other_steps=(),
        most_probable="",
        causes=(),
        cause_ids=[],
        corrected={},
        evidence=evidence or {},
        shown=error.shown,
        correlation_id="c1",
        time="2027-01-15T08:00:00.000Z",
    )


def hash_of(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def inlined(page: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)


def directives(policy: str) -> dict[str, str]:
    pairs = [directive.partition(" ") for directive in policy.split("; ")]
    assert len({name for name, _, _ in pairs}) == len(pairs)
    return {name: value for name, _, value in pairs}


def test_the_policy_names_the_very_style_that_is_inlined() -> None:
    policy = directives(pages.content_security_policy(())["Content-Security-Policy"])
    (style,) = inlined(error_page(EhrError()), "style")
    assert policy == {
        "default-src": "'none'",
        "style-src": hash_of(style),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_a_page_with_a_script_names_it_and_may_call_its_own_origin() -> None:
    policy = directives(pages.content_security_policy((), "let a = 1;")["Content-Security-Policy"])
    assert policy["script-src"] == hash_of("let a = 1;")
    assert policy["connect-src"] == "'self'"


@each(
    ("ancestors", "expected"),
    [
        ((), None),
        (("'self'",), "'self'"),
        (
            ("https://a.example", "https://*.b.example:8443"),
            "https://a.example https://*.b.example:8443",
        ),
    ],
)
def test_framing_is_controlled_only_as_configured(
    ancestors: tuple[str, ...], expected: str | None
) -> None:
    headers = pages.content_security_policy(ancestors)
    assert set(headers) == {"Content-Security-Policy"}
    assert directives(headers["Content-Security-Policy"]).get("frame-ancestors") == expected


@each(
    ("ancestors", "framing"),
    [((), ""), (("https://ehr.example", "'self'"), "; frame-ancestors https://ehr.example 'self'")],
)
def test_a_custom_frontend_may_use_its_own_origin_only(
    ancestors: tuple[str, ...], framing: str
) -> None:
    assert pages.own_page_policy(ancestors) == (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"form-action 'self'{framing}"
    )


@each(
    ("source", "shown"),
    [
        ("RFC 6749 5.2", "RFC 6749 5.2"),
        (
            "see https://a.example/b/c; https://d.example",
            (
                'see <a href="https://a.example/b/c" rel="noopener noreferrer" target="_blank">'
                'a.example/…/c</a>; <a href="https://d.example" rel="noopener noreferrer" '
                'target="_blank">d.example</a>'
            ),
        ),
        (
            "https://a.example/b",
            (
                '<a href="https://a.example/b" rel="noopener noreferrer" target="_blank">'
                "a.example/…/b</a>"
            ),
        ),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_the_documents_in_a_source_are_linked(source: str, shown: str) -> None:
    assert str(pages._linked(source)) == shown


def test_evidence_is_labelled_in_the_order_of_the_labels() -> None:
    evidence = {"a": "1", "base": "2", "document": "3\n4"}
    assert labelled(evidence) == [("URL of the document", "3 4"), ("FHIR base", "2"), ("a", "1")]


@each("text", [MARKUP, f"`{MARKUP}`", f"`{MARKUP}", f"a `b` {MARKUP}"])
def test_text_from_elsewhere_is_shown_as_text(text: str) -> None:
    error = EhrError(text, why=text, steps=(text,), shown={text: text})
    page = error_page(error, {text: text})
    assert "<script" not in page
    # The title is in the tab and in a heading. Nothing else is repeated.
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2 + 1 + 1 + 2 + 2


def test_the_ehrs_words_are_not_in_what_is_copied_for_support() -> None:
    page = error_page(EhrError(shown={"error_uri": "words"}), {"status": "our evidence"})
    (copied,) = re.findall(r'<pre class="copy".*?</pre>', page, re.DOTALL)
    assert "words" in page
    assert "words" not in copied
    assert "our evidence" in copied


def test_code_in_a_sentence_is_set_apart() -> None:
    page = error_page(EhrError(why="Neither `iss` nor `ehr` came."))
    assert "<p>Neither <code>iss</code> nor <code>ehr</code> came.</p>" in page
    assert "<p>One ` only.</p>" in error_page(EhrError(why="One ` only."))


def test_a_page_loads_nothing_and_links_nowhere() -> None:
    page = error_page(EhrError(), {"error_uri": "https://evil.example/x"})
    assert not re.search(r"<(?:a|img|link|iframe|script|form|object)\b|\bon[a-z]+=|style=", page)
    assert "url(" not in pages.style()
    assert "@import" not in pages.style()


# Which color is read on which, and how much they must differ (WCAG 2.2, 1.4.3 and 1.4.11).
_ON = {
    ("paper", "ground"): ("ink", "muted", "accent", "warn", "bad", "good"),
    ("chosen", "charted"): ("ink", "muted", "accent"),
    ("warn-ground",): ("ink", "muted", "warn"),
    ("bad-ground",): ("ink", "muted", "bad"),
    ("accent",): ("accent-ink",),
}
_TEXT, _EDGE = 4.5, 3


def test_colors_differ_enough_by_day_and_in_the_dark() -> None:
    day, night = re.findall(r":root\{([^}]*--ink:[^}]*)\}", pages.style())
    for theme in (day, day + ";" + night):
        color = dict(re.findall(r"--([\w-]+):(#\w+)", theme))
        pairs = [
            (on, one, _TEXT) for grounds, texts in _ON.items() for on in grounds for one in texts
        ]
        pairs += [("paper", one, _EDGE) for one in ("edge", "ring")]
        for on, one, least in pairs:
            assert _contrast(color[on], color[one]) >= least, (on, one)


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_compiled_template_is_used_for_the_text_that_it_was_made_from(tmp_path: Path) -> None:
    """Told apart by a word that was changed after compiling."""
    source = '<p>\n{% include "part.html" %}\n{{ said | marked }}'
    (tmp_path / "part.html").write_text("read")
    for name, text in {"used": source, "stale": f"{source}!", "alone": source}.items():
        (tmp_path / f"{name}.html").write_text(text)
        compiled = pages.compiled(f"{name}.html", source)
        for file, code in compiled.items() if name != "alone" else ():
            (tmp_path / file).write_text(code.replace("<p>", "<p>compiled: "))
    shown = {
        name: pages.render(f"{name}.html", tmp_path, said="<`x`>")
        for name in ("used", "stale", "alone")
    }
    assert shown == {
        "used": "<p>compiled: read&lt;<code>x</code>&gt;",
        "stale": "<p>read&lt;<code>x</code>&gt;!",
        "alone": "<p>read&lt;<code>x</code>&gt;",
    }
