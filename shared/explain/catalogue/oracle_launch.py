"""Oracle Health: apps opened without a SMART launch, and launch errors (`smart-v1`)."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
$send-aud-with Send `aud` with the value of `iss` from the launch, unchanged.
* redirect {URN_LIST}
oracle/plain-link launch alone @ {FORUM_POWERCHART}; {LAUNCH_SERVER}
  " PAT_PersonId / VIS_EncntrId / fhirServiceUrl in the launch URL
  ~ [?&]pat_personid=
  ~ [?&]vis_encntrid=
  ~ [?&]fhirserviceurl=
  = The EHR opened the app with a plain link and its own parameters, not with a SMART launch.
  launch_parameter_missing certain @ {FORUM_POWERCHART}; {LAUNCH_SERVER}; {TUTORIAL}
    ? PowerChart is configured with the app's URL and its own parameters, or Authorized isn't set to
      Yes in the app's registration, so the app gets `fhirServiceUrl` and `patientId`.
    > Ask the site to configure the app in PowerChart as a SMART app, with `iss` and `launch`.
    > In the code console, make sure Authorized is set to Yes.
    > $CHECK_LAUNCH_URI
oracle/code-required lacks=launch A:smart-v1:grant:launch:code-required
  " Launch Code Required / urn:cerner:error:authorization-server:smart-v1:grant:launch:code-required
  ~ launch[ -]code[ -]required
  = The request included a launch scope but no launch code. Launch code is Oracle Health's term for
    the value of the `launch` parameter. The launch code is neither the OAuth `code` nor PKCE's
    `code_challenge`.
  @ {URN_LIST} (as launch-code-required); {FORUM_CODE_REQUIRED}
  launch_parameter_missing likely @ {URN_LIST}; {GROUP}/GF25peTI9UQ; how it got lost is inferred
    ? Most often, the launch URL was opened directly: typed, bookmarked or reloaded. Otherwise, a
      redirect, a login page or a `#` in the SMART Launch URI dropped the query, or PowerChart
      opened a plain link with `PAT_PersonId` instead of a SMART launch.
    > $LAUNCH_FROM_CONSOLE $CHECK_LAUNCH_URI
    > In the code console, make sure Authorized is set to Yes. If it isn't, the EHR opens the app
      with `fhirServiceUrl` and `patientId`, without `iss` and `launch`.
    > Send `launch` exactly as received, in your redirect from the launch URL. Never send an empty
      `launch`.
    > $WITHOUT_A_CHART
  launch_patient_scope_on_provider likely
    ? `launch/patient` is a launch scope too. If it's requested without `launch`, the server
      requires a launch code, which this scope doesn't provide. Oracle Health supports it only for
      patients' standalone launches: its discovery document for clinicians lists `launch` but not
      `launch/patient`.
    > *0 $CHECK_APPLICATION_TYPE $LAUNCH_FROM_CONSOLE
    @ {TUTORIAL}; {DISCOVERY_CAPTURE}; that it alone leads to this error is inferred
  client_id_mismatch possible @ inferred from {FORUM_INVALID_LAUNCH} and {TUTORIAL_123}
    > *0 $COMPARE_CLIENT_ID *1
  parameter_not_recognised possible
    ? `intent` is part of the token response. In the authorization request, `intent`, `code` and
      `code_challenge` don't replace `launch`.
    > Remove `intent` from the authorization request.
    > Send the `launch` value from the launch URL in a parameter named `launch`.
    @ {SPECIFICATION}; that it was taken for the launch code is inferred
oracle/invalid-launch-code A:smart-v1:grant:launch:invalid-launch-code
  ~ invalid launch code
  = A `launch` value was sent, but the EHR has no launch for it.
  @ {URN_LIST} (as invalid-code); {FORUM_INVALID_LAUNCH}
  launch_value_invalid certain @ {URN_LIST}; {FORUM_INVALID_LAUNCH}; {LAUNCH_SERVER}
    ? The value was made up (a UUID of your own), comes from an old tab or launch, or was created by
      a different tenant or environment than the one that was called.
    > ~ Launch again from the chart or from the code console. Never make up a `launch` value.
    > Close older tabs of the app.
    > Make sure that the launch came from the tenant in `iss`. Sandbox and production don't share
      launches.
  tenant_mismatch possible @ inferred from {LAUNCH_SERVER}
    > $USE_DISCOVERED $COMPARE_TENANT
oracle/mismatched-identity A:smart-v1:grant:launch:mismatched-identity
  = The browser's login session belongs to someone other than the person who launched the app in the
    EHR.
  @ {URN_LIST} (spelled mismatchted-identity)
  user_mismatch certain @ {URN_LIST}; {PEERBITS}; {OF_ORACLE}
    > Open a private window, or sign out: the authorization server's `session-api/log-out` ends its
      session.
    > In the sandbox, sign in as the user that the launch page names.
    > $LAUNCH_FROM_CONSOLE
oracle/audience-required lacks=aud A:smart-v1:grant:launch:audience-required
  = A launch scope was requested without `aud`.
  aud_wrong certain @ {URN_LIST}; {AUTHORIZATION}; {OF_ORACLE}
    ? Oracle Health refuses every launch without `aud`.
    > $send-aud-with $RELAUNCH
oracle/unknown-resource-server A:smart-v1:grant:launch:unknown-resource-server
  = The launch belongs to a FHIR server that the authorization server doesn't recognize.
  aud_wrong likely @ inferred from {URN_LIST}
    > $send-aud-with *1 $RELAUNCH
  tenant_mismatch possible @ inferred from {URN_LIST}
    ? A sandbox FHIR base was sent to a production authorization server, or the reverse.
    > $USE_DISCOVERED $COMPARE_TENANT
oracle/audience-not-white-listed A:smart-v1:grant:launch:audience-not-white-listed
  = The FHIR base in `aud` isn't approved for this launch.
  aud_wrong likely @ inferred from {URN_LIST}
    ? `aud` names a different host or FHIR version than the launch: `fhir-myrecord…` instead of
      `fhir-ehr…`, or `dstu2` instead of `r4`.
    > $send-aud-with
    > In the code console, make sure FHIR Spec matches the version in `iss`.
    > $RELAUNCH
oracle/unsupported-version A:smart-v1:grant:launch:unsupported-version @ {URN_LIST}; {LAUNCH_SERVER}
  = The EHR doesn't support this version of the launch.
  ehr_side likely
    ? The site's domain and the authorization server use different versions of the launch. The
      likely reason is that the domain runs an old release.
    > Ask the site which release its domain runs, and whether SMART launches work there with another
      app.
    > $ASK_SUPPORT
oracle/unregistered-service A:smart-v1:grant:launch:unregistered-service
  = The tenant has no service that can look up the launch.
  ehr_side certain
    ? The tenant isn't set up for SMART launches. Nothing in the app's registration can change that.
    > Ask the site to have SMART launches configured for this tenant.
    > $ASK_SUPPORT
  tenant_mismatch possible @ inferred
    > $COMPARE_TENANT
oracle/launch-unspecified A:smart-v1:grant:launch:unspecified @ {URN_LIST}; {LAUNCH_SERVER}
  = The EHR couldn't look up the launch and doesn't say why.
  ehr_side certain
    ? The service that looks up the `launch` value failed. The EHR did read the request.
oracle/launch-invalid-tenant A:smart-v1:grant:launch:invalid-tenant @ {LAUNCH_SERVER}
  " urn:com:cerner:authorization:error:launch:invalid-tenant
  = The launch belongs to a different tenant than the one that it was sent to.
  tenant_mismatch likely @ {LAUNCH_SERVER}; that it reaches the app is inferred
    > $USE_DISCOVERED $COMPARE_TENANT
"""
)
