"""docs/proxy.md lists the FHIR interactions that are served, every row of the table and no other,
and what differs from a FHIR server: each difference has a test.
"""

import re
from pathlib import Path

from shared.fhir.policy.interactions import TABLE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/proxy.md").read_text(encoding="utf-8")
SECTION = re.compile(
    r"^\| request \| FHIR R4 \| scope letter \|\n\|.*\n((?:\|.*\n)+)", re.MULTILINE
)
PLACES = {"{type}": "TYPE", "{id}": "ID", "{version}": "VERSION"}


def test_every_interaction_stands_in_the_document_with_its_scope_letter() -> None:
    match = SECTION.search(TEXT)
    assert match is not None
    documented = []
    for line in match[1].splitlines():
        request, _, letter = (cell.strip() for cell in line.strip("|").split("|"))
        (form, *_) = re.findall(r"`([^`?]+)", request)
        documented.append((form, None if letter == "none" else letter.strip("`")))
    served = []
    for one in TABLE:
        form = one.form
        for name, place in PLACES.items():
            form = form.replace(name, place)
        served.append((f"{one.method} {form}", one.letter))
    assert sorted(documented, key=str) == sorted(served, key=str)


_AT = "tests/functions/fhir_proxy"
# The tests that hold each row of "What differs from a FHIR server".
HELD = {
    "`Bundle.link`": (
        "test_paging.py::test_a_search_by_post_is_paged_by_get",
        "test_paging.py::test_a_link_of_one_session_is_refused_in_another",
        "test_paging.py::test_a_link_serves_the_type_that_was_searched_only",
        "test_paging.py::test_a_link_that_is_not_followed_never_hides_that_there_is_more",
    ),
    "references, `entry.fullUrl`, URLs in resources": (
        "test_bytes.py::test_everything_but_the_links_reaches_the_browser_as_the_ehr_sent_it",
    ),
    "`Location`, `Content-Location`": (
        "test_writes.py::test_where_it_lies_is_told_as_an_address_of_the_proxy",
    ),
    "`metadata`": (
        "test_addresses.py::test_metadata_names_the_proxy_and_not_where_the_ehr_gives_tokens",
    ),
    "a body with a URL of this proxy": (
        "test_write_refusals.py::test_no_address_of_the_proxy_gets_into_the_chart",
    ),
    "a body with a reference to a different patient or server": (
        "test_writes_name_no_other.py::test_nothing_is_written_that_refers_to_another_patient",
    ),
    "`If-Match` of an older version": ("test_writes.py::test_the_ehrs_own_refusal_is_relayed",),
    "`If-Match` of an older version, under `patient/` scopes": (
        "test_patched_result.py::test_a_change_is_held_to_the_version_that_was_judged",
    ),
    "`If-None-Match`, `If-Modified-Since`": (
        "test_conditional_reads.py::test_what_is_the_patients_is_compared_after_the_check",
        "test_headers.py::test_an_unchanged_resource_is_answered_by_304_without_a_body",
        "test_headers.py::test_conditional_headers_pass_on_reads_only",
    ),
    "`PUT` of a missing id": ("test_writes.py::test_an_update_may_create_what_is_not_there",),
    "conditional create, update, patch, delete": (
        "test_write_refusals.py::test_a_condition_that_would_not_be_kept_is_refused",
        "test_addresses.py::test_every_other_interaction_is_not_allowed",
    ),
    "`PATCH`": ("test_write_refusals.py::test_only_the_media_types_of_fhir_are_taken",),
    "`Prefer`": ("test_writes.py::test_of_the_preferences_only_what_to_return_passes",),
    "what a write returns": (
        "test_patched_result.py::test_without_r_nothing_of_the_resource_comes_back",
    ),
    "a search without a patient": (
        "test_compartment_holds.py::test_a_search_is_held_to_the_patient",
    ),
    "a read of, or a search for, a different patient": (
        "test_compartment_holds.py::test_a_search_for_another_patient_is_refused",
        "test_compartment_holds.py::test_another_patient_is_not_asked_for",
    ),
    "a response with even one resource of a different patient": (
        "test_compartment_holds.py::test_a_mixed_bundle_of_a_lenient_ehr_is_not_released",
    ),
    "`_include`, `_revinclude`, `_list`, `_contained`, `_type`": (
        "test_scopes_decide.py::test_reaching_other_types_needs_a_scope_for_all",
        "test_scopes_decide.py::test_scopes_for_all_types_allow_it",
    ),
    "`_has`, `_filter`, chained parameters": (
        "test_scopes_decide.py::test_what_asks_about_other_resources_needs_user_scopes_for_all",
        "test_scopes_decide.py::test_a_named_query_is_refused_whatever_the_scopes",
    ),
    "`total` without resources": (
        "test_counts.py::test_a_total_without_resources_is_released_where_it_is_the_patients",
    ),
    "compartment search, search over all types, history of a type": (
        "test_addresses.py::test_every_other_interaction_is_not_allowed",
    ),
    "batch, transaction": ("test_addresses.py::test_a_batch_is_refused_whole",),
    "`$everything` and other operations": (
        "test_addresses.py::test_every_other_interaction_is_not_allowed",
    ),
    "`HEAD`": ("test_addresses.py::test_head_is_answered_as_get_without_the_body",),
    "`OPTIONS`, CORS": ("test_callers.py::test_a_preflight_is_answered_without_a_grant",),
    "a path with `%`, `//` or dot segments": (
        "test_addresses.py::test_a_path_out_of_the_grammar_is_called_invalid",
    ),
    "XML": (
        "test_answers_of_the_ehr.py::test_another_format_in_the_query_is_not_acceptable",
        "test_answers_of_the_ehr.py::test_json_as_format_is_left_out",
    ),
    "content of a Binary": (
        "test_binary.py::test_the_content_comes_byte_for_byte_and_only_to_be_saved",
        "test_binary.py::test_content_that_a_browser_may_run_is_not_passed_on",
    ),
    "without a session": ("test_callers.py::test_no_session_is_told_and_never_sent_to_a_login",),
    "a 500, a redirect, a web page from the EHR": (
        "test_answers_of_the_ehr.py::test_an_answer_that_is_not_the_fhir_json_asked_for_is_invalid",
        "test_answers_of_the_ehr.py::test_a_redirect_is_not_followed",
    ),
}


def test_every_difference_from_a_fhir_server_is_held_by_a_test() -> None:
    section = TEXT.partition("## What differs from a FHIR server\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| .+ \|$", section, re.MULTILINE)
    assert rows[1:] == list(HELD)
    missing = [
        named
        for test in HELD.values()
        for named in test
        if f"\ndef {named.partition('::')[2]}("
        not in (ROOT / _AT / named.partition("::")[0]).read_text(encoding="utf-8")
    ]
    assert missing == []
