"""URLs compared, resolved and put together without surprises."""

from urllib.parse import parse_qsl, quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import urls
from tests.support.tables import each


@each(
    ("written", "normal"),
    [
        ("https://ehr.test", "https://ehr.test"),
        ("https://ehr.test/", "https://ehr.test"),
        ("HTTPS://EHR.Test/R4/Tenant", "https://ehr.test/R4/Tenant"),
        ("https://ehr.test:443/r4", "https://ehr.test/r4"),
        ("http://ehr.test:80/r4", "http://ehr.test/r4"),
        ("https://ehr.test:80/r4", "https://ehr.test:80/r4"),
        ("https://ehr.test:8443/r4/", "https://ehr.test:8443/r4"),
        ("http://[::1]:8090/r4", "http://[::1]:8090/r4"),
        ("https://ehr.test/a.b/c-d_e~f/g:h@i", "https://ehr.test/a.b/c-d_e~f/g:h@i"),
        ("https://ehr.test/...", "https://ehr.test/..."),
        ("https://EHR.test//FHIR/r4/", "https://ehr.test//FHIR/r4"),
        ("https://ehr.test/r4;x/..a", "https://ehr.test/r4;x/..a"),
    ],
)
def test_a_base_is_normalised_as_little_as_possible(written: str, normal: str) -> None:
    assert urls.normalise_base(written) == normal
    assert urls.normalise_base(normal) == normal


@each(
    "url",
    [
        *("", "ehr.test/r4", "//ehr.test/r4", "ftp://ehr.test", "https:ehr.test", "https://"),
        *("https:///r4", "https://user@ehr.test", "https://user:password@ehr.test"),
        *("https://ehr.test:", "https://ehr.test:0", "https://ehr.test:0443"),
        *("https://ehr.test:65536", "https://ehr.test:443443", "https://ehr.test:x"),
        *("https://-ehr.test", "https://ehr.test-", "https://ehr.test.", "https://ehr_test"),
        *("https://[::1", "https://ehr.test///r4", "https://ehr.test/r4//", "https://ehr.test//"),
        *("https://ehr.test/.", "https://ehr.test/..;", "https://ehr.test/..;a=b/r4"),
        *("https://ehr.test/.;/r4", "https://ehr.test/;/r4", "https://ehr.test//.."),
        *("https://ehr.test/../r4", "https://ehr.test/r4/..", "https://ehr.test/%72%34"),
        *("https://ehr.test/r4?", "https://ehr.test/r4?a=b", "https://ehr.test/r4#"),
        *("https://ehr.test/*", "https://ehr.test/*/r4", "https://ehr.test\\r4"),
        *("https://ehr.test/r4\\", "https://ehr.test/r 4", " https://ehr.test"),
        *("https://ehr.test\n", "https://ehr.test/r4\r\n", "https://ehr.tést/"),
        *("https://ehr.teſt/", "https://e\u212ar.test/", "httpſ://ehr.test:443/"),
        *("https://ehr。test/", "https://ehr.test:４43/", "https://ehr.test/ſ"),
    ],
)
def test_whatever_could_mean_two_things_is_no_base(url: str) -> None:
    with pytest.raises(ValueError, match=r"not a plain|no such port|dot segments"):
        urls.normalise_base(url)


@given(st.text(max_size=60))
def test_no_text_normalises_to_anything_but_a_normal_base_or_fails_otherwise(text: str) -> None:
    for candidate in (text, f"https://{text}", f"https://ehr.test/{text}"):
        try:
            base = urls.normalise_base(candidate)
        except ValueError:
            continue
        assert base.isascii()
        assert urls.normalise_base(base) == base
        assert base.lower() in candidate.lower() or ":" in candidate.removeprefix("https:")


@each(
    ("url", "host"),
    [
        ("https://ehr.test", "ehr.test"),
        ("https://EHR.test:443/x", "ehr.test"),
        ("https://ehr.test:8443?x", "ehr.test:8443"),
        ("http://ehr.test:443/", "ehr.test:443"),
        ("http://[::1]:80#x", "[::1]"),
        ("https://ehr.test/@other.test", "ehr.test"),
    ],
)
def test_the_authority_of_a_url_is_its_host_and_port(url: str, host: str) -> None:
    assert urls.authority(url) == host


@each(
    "url",
    [
        *("https://ehr.test@other.test/", "https://ehr.test\\@other.test/"),
        *("https://ehr.test\\other.test/", "https://ehr.test\n.other.test/", "https://ehr.test\n"),
        *("https://ehr.test:08443/", "https://ehr.teſt/", "http:///ehr.test/", "//ehr.test/"),
        "javascript://ehr.test/",
    ],
)
def test_a_host_in_doubt_has_no_authority(url: str) -> None:
    with pytest.raises(ValueError, match="plain host"):
        urls.authority(url)


@each(
    ("url", "local"),
    [
        ("http://localhost", True),
        ("http://LOCALHOST:8080", True),
        ("http://app.localhost:8080", True),
        ("http://127.0.0.1:1", True),
        ("https://[::1]", True),
        ("http://[::1]:8080", True),
        ("http://localhost.evil.test", False),
        ("http://evillocalhost", False),
        ("http://127.0.0.1.evil.test", False),
        ("http://127.0.0.2", False),
        ("http://0.0.0.0", False),
        ("http://localhost@evil.test", False),
        ("http://evil.test/localhost", False),
        ("", False),
    ],
)
def test_only_the_names_of_this_machine_are_local(url: str, local: bool) -> None:
    assert urls.is_local(url) is local


@each(
    ("base", "reference", "url"),
    [
        ("https://e.test/a/fhir", "auth/token", "https://e.test/a/auth/token"),
        ("https://e.test/a/fhir", "/auth/token", "https://e.test/auth/token"),
        ("https://e.test/a/fhir", "../token", "https://e.test/token"),
        ("https://e.test/a/fhir", "//o.test/token", "https://o.test/token"),
        ("https://e.test/a/fhir", "https://o.test/token", "https://o.test/token"),
        ("https://e.test/a/fhir", "https:///o.test/token", "https:///o.test/token"),
        ("https://e.test/a/fhir", "https:token", "https:token"),
        ("https://e.test/a/fhir", "javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_references_are_resolved_against_the_base(base: str, reference: str, url: str) -> None:
    assert urls.resolve(base, reference) == url


def test_a_reference_that_cannot_be_taken_apart_is_an_error() -> None:
    with pytest.raises(ValueError, match="Invalid IPv6"):
        urls.resolve("https://e.test/fhir", "//[::1")


@each(
    ("query", "parameters"),
    [
        ("", {}),
        ("&&", {}),
        ("a", {"a": [""]}),
        ("a=", {"a": [""]}),
        ("a=b=c", {"a": ["b=c"]}),
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("%61=1&a=2", {"a": ["1", "2"]}),
        ("a=%2B+%2b", {"a": ["%2B+%2b"]}),
        ("a=1;b=2", {"a": ["1;b=2"]}),
        ("A=1&a=2", {"A": ["1"], "a": ["2"]}),
        ("=x", {"": ["x"]}),
        ("%ff=1", {"\ufffd": ["1"]}),
    ],
)
def test_names_are_decoded_and_values_stay_as_they_are(
    query: str, parameters: dict[str, list[str]]
) -> None:
    assert urls.raw_parameters(query) == parameters


@each(
    ("raw", "text"),
    [("a+b%20c", "a b c"), ("%C3%A9", "é"), ("Ã©", "é"), ("%ff", "\ufffd"), ("%zz%", "%zz%")],
)
def test_a_raw_value_is_decoded_to_text(raw: str, text: str) -> None:
    assert urls.decode(raw) == text


@given(st.text())
def test_an_encoded_text_decodes_to_itself(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    assert urls.decode(urls.encode(text)) == text
    assert dict(parse_qsl(f"v={urls.encode(text)}", keep_blank_values=True)) == {"v": text}


@each(
    ("raw", "passed_on"),
    [
        ("a+b%2Bc%2bd/e=f==", "a+b%2Bc%2bd/e=f=="),
        ("a?b:c@d;e,f!$'()*~", "a?b:c@d;e,f!$'()*~"),
        ("%", "%25"),
        ("%2", "%252"),
        ("%zz", "%25zz"),
        ("a b", "a%20b"),
        ("a#b&c", "a%23b%26c"),
        ('<">', "%3C%22%3E"),
        ("\r\n", "%0D%0A"),
        ("Ã©â\x82¬", "%C3%A9%E2%82%AC"),  # é€ in UTF-8, as WSGI gives its bytes
        ("é", "%E9"),
        ("\xff", "%FF"),
    ],
)
def test_a_raw_value_keeps_its_bytes(raw: str, passed_on: str) -> None:
    assert urls.safe_raw(raw) == passed_on


@given(st.binary())
def test_any_bytes_reach_the_other_side_unchanged(content: bytes) -> None:
    raw = content.decode("latin-1")
    out = urls.safe_raw(raw)
    assert out.isascii()
    assert not set(out) & set('&# \r\n"<>\\^`{}|')
    assert unquote_to_bytes(out) == unquote_to_bytes(content)
    assert urls.safe_raw(out) == out
    encoded = quote(content, safe="")
    assert urls.safe_raw(encoded) == encoded


@each(
    ("endpoint", "url"),
    [
        ("https://e.test/a", "https://e.test/a?x=%20&launch=a+b"),
        ("https://e.test/a?", "https://e.test/a?x=%20&launch=a+b"),
        ("https://e.test/a?t=1", "https://e.test/a?t=1&x=%20&launch=a+b"),
        ("https://e.test/a?t=1&", "https://e.test/a?t=1&x=%20&launch=a+b"),
    ],
)
def test_parameters_are_added_to_a_query(endpoint: str, url: str) -> None:
    assert urls.with_parameters(endpoint, [("x", "%20"), ("launch", "a+b")]) == url


def test_no_parameters_are_added_to_a_fragment() -> None:
    with pytest.raises(ValueError, match="fragment"):
        urls.with_parameters("https://e.test/a#b", [("x", "1")])


@each(
    ("link", "target"),
    [
        ("http://ehr.example/r4?page=2", "https://ehr.example/r4?page=2"),
        ("http://EHR.example/r4?page=2", "https://EHR.example/r4?page=2"),
        ("https://ehr.example:443/r4?page=2", "https://ehr.example:443/r4?page=2"),
        ("ehr.example/r4/Observation?page=2", "https://ehr.example/r4/Observation?page=2"),
        ("//ehr.example/r4?page=2", "https://ehr.example/r4?page=2"),
        ("?page=2", "https://ehr.example/r4/Observation?page=2"),
        ("http://ehr.example:8080/r4?page=2", None),
        ("http://other.example/r4?page=2", None),
        ("other.example/r4?page=2", "https://ehr.example/r4/other.example/r4?page=2"),
        ("ehr.example.evil.example/x", "https://ehr.example/r4/ehr.example.evil.example/x"),
        ("ehr.example@evil.example/x", "https://ehr.example/r4/ehr.example@evil.example/x"),
        ("http://ehr.example@evil.example/x", None),
        ("https://ehr.example/r4/../x", None),
        ("?page=" + "x" * 10_000, None),
        ("https://ehr.example%2eevil.example/x", None),
        ("https://ehr.example:443@evil.example/x", None),
    ],
)
def test_a_link_is_resolved_to_the_bases_scheme_and_host(link: str, target: str | None) -> None:
    assert urls.on_own_host(link, "https://ehr.example/r4", "Observation") == target


@each(
    ("text", "plain"),
    [
        ("https://ehr.test/a?b=c&d=%20#e", True),
        ("/token", True),
        ("h" * 2000, True),
        ("h" * 2001, False),
        ("", False),
        ("https://ehr.test/a b", False),
        ("https://ehr.test/\n", False),
        ("https://ehr.test/<script>", False),
        ("https://ehr.test\\@other.test", False),
        ("https://ehr.test/é", False),
    ],
)
def test_a_url_has_the_characters_of_rfc_3986_alone(text: str, *, plain: bool) -> None:
    assert urls.is_plain(text) is plain


@each(
    ("reference", "absolute"),
    [("https://a.test/x", True), ("urn:x", True), ("//a.test/x", True), ("Patient/1", False)],
)
def test_a_reference_that_names_a_server_is_absolute(reference: str, *, absolute: bool) -> None:
    assert urls.is_absolute(reference) is absolute
