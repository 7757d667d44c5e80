"""The text of docs/api.md around the names of smart_calc.api."""

PAGE = """\
# Functions of your own: smart_calc.api

This page is for developers who write a function that reads or writes FHIR data in a user's session, or a job without a
user ([backend.md](backend.md)). It assumes a project that `smart-calc new` created ([own-app.md](own-app.md)). `make
docs` generates the page from the docstrings in `smart_calc/api/`, so don't edit it.

## A function

The function `summary` is in `functions/summary/main.py`:

```python
from smart_calc import api


@api.function
def summary(call: api.Call) -> api.Reply:
    session = call.session()
    patient = session.read("Patient", session.patient)
    result = session.search("Observation", {"code": "http://loinc.org|2160-0"}, pages=20)
    # Some EHRs repeat a result on the next page, so this counts ids.
    ids = {one["id"] for one in result.resources if one.get("status") != "entered-in-error"}
    return api.json(
        {"born": patient.get("birthDate"), "creatinines": len(ids), "complete": result.complete}
    )
```

- `smart-calc run` serves the function at `http://localhost:8080/summary/SESSION/`. Restart `run` after you change the
  function.
- SESSION is the session's handle, which your page gets in `?session=`. The page calls the function with `fetch`, and
  the browser sends the session's cookie:

  ```js
  const session = new URLSearchParams(location.search).get("session");
  const response = await fetch(`/summary/${session}/`);
  ```

- To open a function in the browser like a page, use `@api.function(navigation=True)`. Then send the user there with a
  link to `/summary/SESSION/`, or with `after_launch = "/summary/{session}/"` in `smart.toml`. `smart-calc run` doesn't
  read `smart.toml`, so its launches always end at `/app/`.
- A function can do what the session's scopes allow. For example, it needs `patient/Observation.rs` to read and search
  Observations, and `patient/DocumentReference.c` to create a DocumentReference. Request the scopes in `smart.toml`. For
  the scopes of `smart-calc run`, see [own-app.md](own-app.md#more-scopes-at-the-simulated-ehr).
- A GET request can't create or update anything. Let the page send a POST request after a person has confirmed (see
  [A page that writes](#a-page-that-writes)).
- If your function raises an exception, `smart-calc run` prints the exception's type and the lines in your code.

GUIDE

## Names

In 0.x versions, a name changes only in a minor version, after one version that warns about it.

REFERENCE

### api.Json

The type of a JSON value: None, `bool`, `int`, `float`, `Decimal`, `str`, a `Sequence` of such values, or a `Mapping` of
such values by `str`.

```python
observation: dict[str, api.Json] = {"resourceType": "Observation", "code": {"text": "Pain score"}}
```

### api.Resource

The type of a FHIR resource: `Mapping[str, api.Json]`.

```python
def is_valid(observation: api.Resource) -> bool:
    return observation.get("status") != "entered-in-error"
```

## Errors

If your function doesn't catch an error, the response has the error's code and status. It's a page if the browser
requested HTML, and otherwise `application/problem+json` with `code`, `status`, `title`, `detail` and `correlation_id`.
Your function can get these codes:

| exception | code | status | when |
|---|---|---|---|
| `SmartError` | `scope_denied` | 403 | no granted scope allows the request |
| | `patient_denied` | 403 | the request or the EHR's response is about another patient. If it was a write, the EHR might have stored it |
| | `patient_missing` | 403 | the launch has no patient |
| | `path_invalid` | 400 | there's no such FHIR type, or the id isn't a FHIR id |
| | `parameter_invalid` | 400 | a search parameter, or the resource to write, can't be used |
| | `not_found` | 404 | the URL has no session |
| | `parameter_repeated`, `media_type_unsupported`, `too_large` | 400, 415, 413 | the request to your function can't be used, or the resource to write is larger than 10 MB |
| | `method_not_allowed` | 405 | your function called `create` or `update` in a GET request |
| | `version_conflict` | 412 | the resource has changed since it was read |
| | `session_missing`, `session_expired` | 401 | the user must launch again from the chart |
| | `refresh_failed`, `overloaded`, `store_unavailable` | 503 | try again later. The session is kept |
| | `upstream_unreachable`, `upstream_invalid`, `upstream_timeout` | 502, 502, 504 | the EHR failed. If the request was a write, the EHR might have stored it |
| | `token_error`, `token_invalid`, `discovery_failed`, `discovery_invalid` | 502 | only in a job: the EHR gave the backend service no token. The log has the cause |
| | `misconfigured`, `iss_not_allowed` | 500, 400 | only in a job: `smart.toml` has no such key with `system_scopes`, or no such FHIR base |
| `EhrError` | `ehr_refused` | the EHR's, 4xx | the EHR refused the request |
| any other exception | `internal_error` | 500 | the exception's text isn't shown. The log has its type and the line in your code |
| | `internal_error` | 500 | the function returned something other than an `api.Reply` (the log has `ReturnedNoReplyError`), its reply has a status, media type or body that can't be sent (`UnusableReplyError`), or it called `sys.exit` (`EndedProcessError`) |

If the EHR refuses a request with 400 or 422, trying again doesn't help. With `smart-calc run`,
http://localhost:8090/trace lists each request that the simulated EHR received and marks its errors. In your function,
`outcome` has the EHR's reason:

```python
try:
    result = session.search("Observation", {"_sort": "-date"})
except api.EhrError as error:
    print(error.status, api.at(error.outcome, "issue", 0))
    raise
```

The reason can identify the patient, so print it only on your machine. Neither the response nor smart-calc's log
contains it.

## Limits

| what | limit |
|---|---|
| body of a request, read with `call.json()` | 1 MB |
| resource to create or update | 10 MB |
| a response from the EHR | 20 MB |
| parameters of a search | 200 |
| results of a search | 20 pages, 20 MB, and no further page after 60 seconds. If there are more results, `complete` is False |
| total that one call reads | about 40 MB, or less if other calls use much of the memory. Above that, the error is `overloaded` |
| one request to the EHR | 60 seconds |
| your function as a whole | `timeout_seconds` in `deployment.toml` |

If an object in the EHR's JSON repeats a property, the response is refused (`upstream_invalid`).

## What a function can't see

`Call`, `Session`, `JobCall` and `Backend` contain no access token, cookie or store, and neither do the objects that you
can reach from them. This guards against mistakes and injected data, not against the function's author. Python lets a
function import modules and inspect the frames that called it, for example through a traceback. So all code in the
process must be trusted.
"""  # noqa: E501 - rows of a table are one line
