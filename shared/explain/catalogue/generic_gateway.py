"""Any EHR: responses of proxies, gateways and firewalls in place of the token endpoint's own.

RFC 6749 5.2 has the token endpoint send its errors as JSON. A response without one comes from
something in front of it (RFC 9110 15, RFC 6585), or from a server that failed.
"""

from shared.explain.catalogue.table import entries

ENTRIES = entries(
    r"""
$give-the-ehrs Give the EHR's operator the time, the client ID, this app's outbound IP address and
  every number or ID in the response.
* token {RFC_9110}
generic/gateway-page alone @ inferred
  " The requested URL was rejected / Request unsuccessful / no healthy upstream
  ~ \bthe requested url was rejected\b[^\n]{0,80}
  ~ \brequest unsuccessful\. incapsula\b[^\n]{0,80}
  ~ \bupstream connect error\b[^\n]{0,80}|\bno healthy upstream\b
  ~ \bcloudflare ray id\b|\bno route matched with those values\b
  ~ \baccess denied\b[\s\S]{0,300}\breference ?(?:#|&#35;)
  = A firewall or gateway in front of the EHR responded. The request didn't reach the server.
  ehr_side likely: A firewall or gateway in front of the EHR stopped the request.
    c The app's request didn't reach the EHR.
    ? The response is worded like a firewall's or gateway's, and it isn't an OAuth error.
    > $give-the-ehrs
generic/token-no-upstream status=502,504
  " 502 Bad Gateway or 504 Gateway Timeout from the token endpoint
  = A gateway in front of the EHR's token endpoint got no usable response from it.
  ehr_side likely: The server behind the EHR's gateway returned no usable response.
    c The EHR didn't respond as it should.
    ? A gateway returns this status code if the server behind it gave no usable response.
generic/token-failed status=500,501,505,507,508,520,521,522,523,524,525,526,527,528,529,530,598,599
  " 500 and other 5xx without an OAuth error from the token endpoint
  = The token endpoint, or a server in front of it, failed without an OAuth error.
  ehr_side likely
generic/token-not-there status=404,405,410
  " 404, 405 or 410 without an OAuth error from the token endpoint
  = There's no token endpoint at this URL, or a gateway doesn't forward requests to it.
  endpoint_wrong likely: There's no token endpoint at the EHR's token URL.
    ? The app uses the `token_endpoint` from the EHR's discovery document.
    > Ask the EHR's operator to correct `token_endpoint` in `ISS/.well-known/smart-configuration`,
      or the route to it in the gateway.
  ehr_side possible @ inferred
generic/token-proxy-login status=407,511
  " 407 Proxy Authentication Required or 511 from the token endpoint
  = A proxy between the app and the EHR requires a login.
  ehr_side certain: A proxy between the app and the EHR requires a login.
    c The app's request didn't reach the EHR.
    ? The proxy stopped the request before it reached the EHR.
    > Ask the network's administrator to let the app reach the EHR directly.
generic/token-redirected status=301,302,303,307,308
  " redirect (301, 302, 307 …) from the token endpoint
  = The app doesn't follow redirects from the token URL, because the request contains the app's
    credentials.
  ehr_side possible: The EHR's token URL redirects elsewhere. @ inferred
    ? The server has moved, or it's behind a gateway that signs users in.
    > Ask the EHR's operator to list the final URL as `token_endpoint` in
      `ISS/.well-known/smart-configuration`.
    > Ask the operator to exempt the token endpoint from the gateway's login.
    > $give-the-ehrs
generic/token-401-without-error status=401
  " 401 Unauthorized without an OAuth error from the token endpoint
  = The request's authentication was refused without an OAuth error in JSON.
  client_auth_wrong likely
  ehr_side possible: A proxy or gateway in front of the token endpoint requires its own login.
    @ inferred from {RFC_6749}
    c The app's request was refused.
    ? A token endpoint sends its errors as JSON. A proxy sends a web page or an empty response.
    > $give-the-ehrs
generic/token-refused-without-error status=400,406,411,413,414,421,422,431,451,495,496,497,498,499
  " 400, 406, 413, 431 … without an OAuth error from the token endpoint
  = The request was refused without an OAuth error in JSON, so the reason is unknown.
  ehr_side possible: The token endpoint, or a proxy in front of it, refused the request.
    @ inferred from {RFC_6749}
    c The app's request was refused.
    ? The response doesn't show whether the endpoint or a proxy refused the request, or why.
    > $give-the-ehrs
  client_auth_wrong possible @ inferred
  code_expired_or_used possible @ inferred
generic/token-media-type status=415
  " 415 Unsupported Media Type from the token endpoint
  = The token endpoint doesn't accept the format of the request.
  request_malformed likely
    ? The body wasn't sent as a form.
    > Send the token request as a form (`application/x-www-form-urlencoded`) in the body.
generic/edge-access-denied status=403 @ {DISCHARGE}
  " HTTP 403 Access denied, as text, from the token endpoint
  = Something in front of the token endpoint refused the request. The response is text, not an OAuth
    error in JSON.
  ehr_side possible: A firewall or gateway in front of the EHR refused the request.
    @ inferred from {DISCHARGE}
    c The app's request was refused.
    ? The firewall or gateway might allow only certain networks, or reject the request's format.
    > Ask the EHR's operator whether this app's network is allowed to reach the token endpoint. Give
      them the time and the client ID.
    > If you can use another network, launch the app again from there. |backend If you can use
      another network, try again from there.
  client_unknown possible @ {DISCHARGE} (its author's guess)
    ? The only known report is about Oracle Health's sandbox. The report's author guesses that an
      unused sandbox app had expired.
"""
)
