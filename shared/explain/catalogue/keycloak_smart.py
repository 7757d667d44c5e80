"""Keycloak with a SMART extension, whose messages are its own (keycloak-smart-fhir, Alvearie)."""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
* redirect {KEYCLOAK_SMART}
keycloak/aud-required alone lacks=aud
  " A SMART on FHIR Request must include an 'aud', 'audience', or 'resource' parameter
  ~ must include an 'aud', 'audience'
  = `aud` is missing.
  aud_wrong certain
    ? The authorization request has no `aud`.
    > Send `aud` with the value of `iss`.
keycloak/audience-not-allowed alone
  " Requested audience '…' is not allowed
  ~ requested audience '[^'\n]{0,300}'
  = `aud` isn't one of the audiences configured in Keycloak.
  aud_wrong certain
    ? Keycloak compares `aud` with the list in the audience validator's configuration.
    > In Keycloak, add the FHIR base to the validator's audiences in the authentication flow,
      exactly as it's written in `iss` in smart.toml.
keycloak/invalid-launch-request alone
  " Invalid EHR launch request! / Invalid Standalone launch request!
  ~ invalid (?:ehr|standalone) launch request
  = The scopes and parameters match neither an EHR launch nor a standalone launch.
  launch_parameter_missing possible @ inferred from {KEYCLOAK_SMART}
    ? The scope `launch` was requested without a `launch` value.
  launch_scope_missing possible @ inferred from {KEYCLOAK_SMART}
    ? A `launch` value was sent without the scope `launch`, or a standalone launch requests `launch`
      instead of `launch/patient`.
keycloak/launch-context alone
  " Could not resolve launch context parameter to any EHR Launch Context set in this user session
  ~ could not resolve launch context parameter
  = Keycloak stores launches in the user's Keycloak session, but that session has none for this
    `launch` value.
  user_mismatch likely @ inferred from {KEYCLOAK_SMART}
    ? The EHR stored the launch in a different sign-in session than the browser's.
    > Sign in to the EHR and the app in the same browser, through the same Keycloak realm.
    > $RELAUNCH
  launch_value_invalid likely @ inferred from {KEYCLOAK_SMART}
keycloak/patient-claims fhir alone @ {ALVEARIE}
  " Cannot enforce 'patient/*' claims without a launch context.
  ~ claims without a launch context
  = The token has `patient/` scopes but doesn't name a patient, so the FHIR server can't restrict
    access to one patient.
  patient_context_missing likely
    ? Keycloak doesn't add a patient to the token: the mapper for `launch/patient` is missing from
      the client's scopes.
    > In Keycloak, add the client scope `launch/patient` with its mapper to the client.
    > Sign in again. Tokens issued earlier still lack the patient.
"""
)
