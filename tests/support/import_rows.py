"""The rows of every folder: a module imports only from the rows above its own.

Rows are read from the bottom up. tests/repository/test_imports.py enforces them.
"""

from collections.abc import Mapping

from infra.stage import FUNCTIONS
from tests.support.whole import is_gone

# Folders of modules that are all of one kind.
MANY_ALIKE = frozenset({"clinical/calculators", "shared/explain/catalogue"})

_ALL: Mapping[str, tuple[str, ...]] = {
    "shared": (
        "findings",
        (
            "base64url fhir_id footprint json_members legacy_launch outbound outcome "
            "release scopes strict_json urls vendors"
        ),
        "config errors log sealing",
        "document_cache explain held_bytes pages store",
        "inbound",
        "smart",
        "oidc",
        "session",
        "fhir",
        "own",
    ),
    "shared/config": (
        "settings table",
        "cds_clients ehrs",
        "settings_file",
        "secret_references",
    ),
    "shared/errors": (
        "base",
        "cds launch request service session upstream",
        "callback",
        "__init__",
    ),
    "shared/explain": (
        "model parameters",
        "catalogue",
        "parsing",
        "ranking",
        "diagnosis",
        "__init__ of_fhir",
    ),
    "shared/explain/catalogue": (
        "causes entry sources",
        (
            "athenahealth eclinicalworks epic frames generic generic_gateway generic_keys "
            "generic_texts generic_token generic_web keycloak_azure meditech oracle_authorize "
            "oracle_fhir oracle_launch oracle_pages oracle_token ours smart_launcher"
        ),
        "ours_cds",
        "__init__",
    ),
    "shared/explain/parsing": (
        "claims noise shown_scopes texts urns vendor",
        "find shown_request",
        "error_uri parse",
        "responses",
    ),
    "shared/explain/ranking": (
        "change registrations scope_causes",
        "facts",
        (
            "asking backend circumstances corrected_request fallbacks launch our_request request "
            "scope_evidence server_text status"
        ),
    ),
    "shared/fhir": (
        "authorised bundle_links json_patch page_links resource_types searchset side_by_side",
        "fhir_client references",
        "compartment mentions",
        "nested quick_accept",
        "policy",
        "calls",
    ),
    "shared/fhir/calls": (
        "conditional",
        "read write",
        "served",
    ),
    "shared/fhir/policy": (
        "finer_scopes interactions",
        "content decision searches",
        "asking disclosing",
        "history quick write_policy",
        "answers",
    ),
    "shared/held_bytes": (
        "room",
        "__init__",
    ),
    "shared/inbound": (
        (
            "compression cookies health refusal request_body request_headers request_line "
            "server_log slow_readers"
        ),
        "edge",
    ),
    "shared/log": (
        "output platform traces",
        "error_report",
        "__init__",
    ),
    "shared/oidc": (
        "jws",
        "jwk_set",
        "key_files keys",
        "id_token",
    ),
    "shared/outbound": (
        "bulkheads content_coding request response sockets",
        "connections",
        "http_client",
    ),
    "shared/own": (
        "in_flight",
        "resources",
        "changes",
        "entry",
    ),
    "shared/pages": (
        "labels",
        "__init__",
    ),
    "shared/session": (
        "lease session_cookies",
        "record",
        "cache context end",
        "refresh",
        "sessions",
        "deployment",
    ),
    "shared/smart": (
        "discovery known_words pkce signing_keys token_response",
        "client_auth launches published_keys",
        "token_endpoint",
    ),
    "shared/store": (
        "contract records",
        "firestore sqlite",
        "__init__",
    ),
    "shared/vendors": (
        "oracle_console profile",
        "epic oracle others",
        "__init__",
    ),
    "functions": (" ".join(FUNCTIONS),),
    "functions/callback": (
        "authorization_response opened_at",
        "failure",
        "main",
    ),
    "functions/cds_services": (
        "caller cards cors discovery prefetch",
        "hook_call reader",
        "chart_reading feedback",
        "main",
    ),
    "functions/fhir_proxy": (
        "address rewrite",
        "binary response_headers",
        "main",
    ),
    "functions/launch": (
        "jwks parameters",
        "main",
    ),
    "functions/smart_calc": (
        "calculators chart contradictions reading rows unclassified ungranted",
        "page",
        "all_results parts recalculate",
        "again stream",
        "main",
    ),
    "functions/smart_calc/page": (
        "__init__ bands banner observation_text wording",
        "latest_values view_models",
        "entries result_views tables",
        "cautions input_views note trends",
        "calculator_views",
    ),
    "functions/smart_calc/reading": (
        "awaited coverage",
        "search",
        "arrivals",
        "__init__",
    ),
    "functions/smart_calc/recalculate": (
        "entered",
        "recalculation",
    ),
    "clinical": (
        "calculators dates scales",
        "chart site_choice units_in_words",
        "basis clock earlier fitness queries settled",
        "prefilled",
        "card_conditions",
        "cards",
    ),
    "clinical/calculators": (
        "card_rule in_chart limits units",
        "model",
        (
            "anion_gap bmi bsa cha2ds2_vasc ckd_epi_2021 cockcroft_gault corrected_calcium fib4 "
            "has_bled inputs ldl meld news2 osmolality pooled_cohort prevent qtc"
        ),
        "ranges registry",
        "evaluate",
        "__init__",
    ),
    "clinical/chart": (
        "codes resources",
        "evidence",
        "classified choice draws heading items patient quantity steadiness swapped",
        "derived medications observations pressure",
        "answers diagnoses",
        "__init__",
        "unread",
    ),
    "clinical/chart/codes": ("diagnoses drugs observations plausible systems tables",),
    "clinical/chart/diagnoses": (
        "codes_of_items state words",
        "classification kidney_stage",
        "__init__",
    ),
    "clinical/chart/medications": (
        "names",
        "coded",
        "drug",
        "state",
        "__init__",
    ),
    "clinical/chart/resources": (
        "json_access",
        "times",
        "scope",
    ),
    "doctor": (
        "finding output",
        "checks explain_report sealing_key",
        "check explain_config",
        "explain report",
        "jwks",
        "__main__",
    ),
    "doctor/checks": (
        (
            "cds_clients configuration ehr_claims ehr_clock ehr_keys obvious public_address "
            "registration scope_advice secret_references store"
        ),
        "ehr",
    ),
    "gateway": (
        "blocked documents own_functions processes serving",
        "servers",
        "own_page",
        "__main__ front",
        "app",
    ),
    "simulator": (
        "charts common faults",
        "fhir trace",
        "oauth",
        "cds",
        "vendors",
        "cds_client demo endpoints",
        "__main__ pages",
        "ehr",
        "serve_ehr",
    ),
    "simulator/cds": (
        "habits http_client markdown templates",
        "answer token",
        "opening request",
    ),
    "simulator/cds_client": (
        "prefetch",
        "exchange",
        "feedback",
    ),
    "simulator/charts": (
        "analytes parts resources",
        "builder documents moving users",
        "courses dirty inpatient",
        "outpatients",
        "generated",
    ),
    "simulator/common": ("addresses expiring_map html redirects",),
    "simulator/endpoints": (
        "authorize_effects cds_keys control cross_origin token_faults",
        "authorize discovery_faults identity keys",
        "discovery token",
        "fhir http_errors revocation",
    ),
    "simulator/endpoints/fhir": (
        "bearer",
        "versions",
        "writes",
        "api",
    ),
    "simulator/faults": (
        "cds_faults oracle_errors oracle_faults",
        "authorize_faults",
        "named",
    ),
    "simulator/fhir": (
        "bundle dates fhir_xml json_patch outcome records resource_text",
        "search_parameters",
        "search",
        "dialect",
    ),
    "simulator/oauth": (
        "id_tokens key_sets scopes spoiled_claims token_errors",
        "granted registrations",
        "assertions authorization_request grants launch_values",
        "authorization_rules client_authentication",
    ),
    "simulator/pages": (
        "chart_contents chart_pages oracle_pages trace_page",
        "cds_chart_page front_page",
    ),
    "simulator/trace": (
        "__init__",
        "log",
        "recorder verdict",
    ),
    "simulator/vendors": (
        "epic_orders oracle_addresses oracle_search profile",
        "epic_fhir generic installation oracle_authorization oracle_discovery oracle_fhir",
        "epic oracle",
    ),
    "benchmarks": (
        "beside parallel_launches support",
        (
            "a_launch cold_start endurance launching memory page proxying round_trips "
            "store_operations"
        ),
        "cds_calling",
        "__main__",
    ),
    "benchmarks/support": (
        "load report resources rounds wire",
        "ehr",
        "click processes",
        "others",
    ),
    "benchmarks/beside": (
        (
            "calculators_only forward_pooled forward_requests forward_unchecked "
            "imports_only parse_body redirect redirect_and_write"
        ),
    ),
    "infra": (
        "dist_bill own_files project",
        "deployment_checks dist smoke stage",
        "deployment",
        "policies release",
        "preflight",
    ),
    "smart_calc": (
        "__init__ place",
        "api",
        "new testing",
        "command project",
        "__main__",
    ),
    "smart_calc/api": (
        "_values",
        "_errors _replies",
        "_product",
        "_session",
        "_function",
        "__init__",
    ),
    "smart_calc/project": ("launching summary",),
    "docs/generators": (
        "api_guide api_page blocks calculators_page pictures scaling_page troubleshooting",
        "api cds_cards cds_prefetch errors",
        "calculators scaling",
        "__main__",
    ),
}

ROWS = {folder: rows for folder, rows in _ALL.items() if not is_gone(folder)}
