"""The EHR calls that `cds_services` refuses, recognized by the response's code or by the reason in
a log line (docs/cds-hooks.md).
"""

from shared.explain.catalogue.ours import own

ENTRIES = own(
    r"""
* cds this product's own check (docs/errors.md)
smart-calc/cds-client
  " cds_refused, reason client or unconfigured
  ~ \breason(?:\": ?\"|=)(?:client|unconfigured)\b
  = The EHR's token names an issuer (`iss`, with `tenant`) that isn't in any `[[cds_client]]` entry.
    The log field `came` has the value that was received.
  tenant_mismatch certain: The configured issuer isn't the one in the caller's tokens.
    ? `iss` and `tenant` are compared as text, with every slash.
    > If the issuer is your EHR, copy the received value to `iss` in the `[[cds_client]]` entry. If
      the token has a `tenant`, copy that too.
    > If you don't know the issuer, don't add it.
smart-calc/cds-audience
  " cds_refused, reason audience
  ~ \breason(?:\": ?\"|=)(?:audience)\b
  = The token's audience (`aud`) isn't the URL that was called. The log field `came` has the value
    that was received.
  aud_wrong certain: `aud` in the EHR's token isn't the service's URL.
    ? `aud` must be exactly `public_url` + `/cds_services/cds-services/calculators-patient-view`. In
      Epic, the hospital enters this value by hand. Sandboxes have sent a fixed text instead.
    > In the EHR, enter the URL as the audience, character by character.
smart-calc/cds-time
  " cds_refused, reason time
  ~ \breason(?:\": ?\"|=)(?:time)\b
  = `exp`, `iat` or `nbf` in the EHR's token doesn't match this server's time, or the token is valid
    for longer than 15 minutes.
  clock_skew likely
  ehr_side possible: The EHR sends a token that it created earlier, or one that is valid for too \
      long. @ inferred
    ? A token must be created for a single call and expire within 15 minutes.
    > Ask the EHR's operator to create a new token for each call, valid for up to 15 minutes.
smart-calc/cds-key
  " cds_refused, reason key, signature or jku; cds_keys_unavailable
  ~ \breason(?:\": ?\"|=)(?:key|signature|jku)\b
  ~ \bcds_keys_unavailable\b
  = The EHR's token can't be verified with the keys from its `[[cds_client]]` entry.
  ehr_side likely: The keys were changed, or they don't belong to this EHR. @ inferred
    ? The token names a key that isn't at `jku`, it names another key URL, or the URL doesn't
      respond within 2 seconds.
    > Run `make doctor CONFIG=smart.toml`.
    > Ask the EHR's operator which `jku` its tokens have, and set `jku` in the `[[cds_client]]`
      entry to that URL.
smart-calc/cds-token
  " cds_token_invalid
  ~ \bcds_token_invalid\b
  ~ \bcds_refused\b
  = The call's token isn't accepted. The response doesn't say why. The log's `cds_refused` entry
    does, in `reason`.
  tenant_mismatch possible: The caller isn't configured, or its tokens identify it differently.
    ? If the reason is `unconfigured` or `client`, the token's `iss` and `tenant` aren't in any
      `[[cds_client]]` entry.
    > Find the log entry with the correlation ID, and paste that entry into `make explain`.
    > Run `make doctor CONFIG=smart.toml`.
  aud_wrong possible: `aud` in the EHR's token isn't the service's URL.
    ? If the reason is `audience`, the `aud` in the token is wrong. In Epic, the hospital enters
      this value by hand.
    > In the EHR, enter the service's URL as the audience.
  clock_skew possible
    ? If the reason is `time`, the clocks differ.
own/CdsServerDenied
  tenant_mismatch likely: The call's `fhirServer` isn't in the `iss` of the EHR's entry.
    ? `fhirServer` has a different tenant, host or FHIR version, or `ehr` in the `[[cds_client]]`
      entry names a different `[[ehr]]` entry.
    > If `fhirServer` belongs to your EHR, add it to `iss` in the `[[ehr]]` entry.
    > Check `ehr` in the `[[cds_client]]` entry.
own/CdsDataMissing
  ehr_side likely: The EHR doesn't send a prefetch or a usable access token.
    ? In Epic, someone enters the prefetch templates by hand. A hook is sent without data and
      without a token if the hook's endpoint isn't listed for the client ID.
    > Enter each prefetch template from docs/cds-hooks.md under its key.
    > In Epic, add the endpoint to the client ID, with FHIR R4 as its version.
"""
)
