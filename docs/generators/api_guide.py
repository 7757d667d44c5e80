"""The part of docs/api.md that shows how to read, write and test, with code that runs."""

GUIDE = """\
## Values

A resource is parsed FHIR R4 JSON. It's a `dict` of `list`, `str`, `int`, `bool` and `None` values. A number with a
fraction is a `decimal.Decimal`, so that 1.50 stays 1.50. Its type is [`api.Resource`](#apiresource). To change a
resource, make a new one: `{**resource, "status": "amended"}`.

FHIR elements are optional, so a chart can lack any of them. `api.at` reads a nested value and returns None if a part of
it is missing.

Dates are ISO 8601 text of any precision: `2026`, `2026-11`, `2026-11-29` or `2026-11-29T08:30:00+01:00`.
`datetime.fromisoformat` doesn't accept the first two. `taken`, below, converts all of them.

For a type checker:

- Use `isinstance(value, str)` to check the type of a value that `api.at` returned. For a list and an object, check for
  `Sequence` and `Mapping` from `collections.abc`. If you check for `list` and `dict`, the types of their items are lost
  (`list[Any]`).
- Annotate a `dict` literal: `note: dict[str, api.Json] = {…}`. Otherwise the type checker infers a type that doesn't
  fit.
- Run `mypy --strict --explicit-package-bases functions tests`. Without `--explicit-package-bases`, mypy finds two
  modules named `main`.

## The newest results

Don't search with `_sort`. Oracle Health's documentation doesn't list it for Observation, and the simulated Oracle
Health EHR refuses it with status 400. Epic ignores it. Instead, read all pages, drop results that were entered in
error, and sort in Python.

```python
from datetime import UTC, datetime

from smart_calc import api


def taken(observation: api.Resource) -> datetime:
    # A date without month, day, time or zone counts as its first moment in UTC.
    text = observation.get("effectiveDateTime") or api.at(observation, "effectivePeriod", "start")
    text = text if isinstance(text, str) else "0001"
    moment = datetime.fromisoformat(text + "0001-01-01"[len(text) :])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@api.function
def creatinines(call: api.Call) -> api.Reply:
    session = call.session()
    result = session.search("Observation", {"code": "http://loinc.org|2160-0"}, pages=20)
    valid = {one["id"]: one for one in result.resources if one.get("status") != "entered-in-error"}
    newest = sorted(valid.values(), key=taken, reverse=True)[:5]
    return api.json({"newest": newest, "complete": result.complete})
```

- If `complete` is False, the chart has more results than were read, and a newer one might be missing. Tell the user.
- An EHR can repeat a result on the next page (Oracle Health's documentation says so), so `valid` contains each id once.
- `_count` is the size of a page, not a limit. Most EHRs have a maximum for it.
- EHRs also refuse or ignore other parameters that they don't support. A refusal raises `api.EhrError`.

## A page that writes

`functions/nursenote/main.py` shows a form and writes the note that the page's script sends. A response can get lost
after the EHR has stored the note. So the script gives each note its own key, and the function looks for that key in the
last day's documents before it writes. If the result isn't complete, the function raises an error instead of writing. An
EHR might list a new document only after a delay, so wait before you try again.

```python
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from smart_calc import api

FORM = (
    '<!doctype html><html lang="en"><title>Note</title><h1>Note</h1>'
    '<script type="module" src="/app/nursenote.js"></script>'
    "<form><label>Text <textarea required></textarea></label> <button>Add to the chart</button></form>"
    '<p role="status"></p>'
)


@api.function(navigation=True)
def nursenote(call: api.Call) -> api.Reply:
    session = call.session()
    if call.method != "POST":
        return api.html(FORM)
    body = call.json()
    text, key = api.at(body, "text"), api.at(body, "key")
    if not isinstance(text, str) or not isinstance(key, str):
        return api.json({"detail": "Send text and key."}, status=400)
    stored = id_of(session, key) or session.create(document(session, text, key))["id"]
    return api.json({"id": stored})


def id_of(session: api.Session, key: str) -> api.Json:
    day_before = (datetime.now(UTC) - timedelta(days=1)).date()
    result = session.search("DocumentReference", {"date": f"ge{day_before}"}, pages=20)
    for one in result.resources:
        identifiers = one.get("identifier")
        for identifier in identifiers if isinstance(identifiers, Sequence) else ():
            if api.at(identifier, "value") == f"urn:uuid:{key}":
                return one["id"]
    if not result.complete:
        raise RuntimeError("Too many documents to check.")
    return None


def document(session: api.Session, text: str, key: str) -> api.Resource:
    data = b64encode(text.encode(errors="replace")).decode()
    resource: dict[str, api.Json] = {
        "resourceType": "DocumentReference",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{key}"}],
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "34746-8"}]},
        "subject": {"reference": f"Patient/{session.patient}"},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}],
    }
    if session.encounter is not None:
        resource["context"] = {"encounter": [{"reference": f"Encounter/{session.encounter}"}]}
    return resource
```

Its script, `page/nursenote.js`:

```js
const session = location.pathname.split("/")[2];
const key = crypto.randomUUID();
const say = (text) => { document.querySelector("[role=status]").textContent = text; };

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [area, button] = event.target.elements;
  area.readOnly = button.disabled = true;  // one request at a time, and one text per key
  try {
    const response = await fetch(`/nursenote/${session}/`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key, text: area.value }),
    });
    const body = await response.json();
    button.disabled = response.ok || body.code === "patient_denied";  // a second attempt could store it twice
    area.readOnly = button.disabled || response.status >= 500;  // after 5xx it might be stored
    say(response.ok ? "The note is in the chart." : body.detail);
  } catch {
    button.disabled = false;
    say("The connection failed. Wait a minute, and press the button again.");
  }
});
```

On your page, link to `/nursenote/${session}/`. Many EHRs accept only some types of DocumentReference. The example
`note` ([own-app.md](own-app.md)) also shows a preview.

## Tests

`smart_calc.testing` runs the project with the simulated EHRs, launches it, and calls it over HTTP like a script on your
page. Startup takes a few seconds, so start the project once for all tests in a file, such as `tests/test_summary.py`:

```python
from collections.abc import Iterator

import pytest

from smart_calc import api, testing


@pytest.fixture(scope="module")
def app() -> Iterator[testing.App]:
    with testing.running() as app:
        yield app


@pytest.mark.parametrize("ehr", ["generic", "oracle", "epic"])
def test_the_summary_has_the_birth_date(app: testing.App, ehr: str) -> None:
    session = app.launch(patient="synthetic-alma", ehr=ehr)
    response = session.get("/summary/{session}/")
    assert response.status == 200, response.text
    assert response.json()["born"] == "1968-03-14"


def test_the_patient_has_a_family_name(app: testing.App) -> None:
    patient = app.launch(patient="synthetic-alma").fhir("Patient/synthetic-alma").json()
    assert api.at(patient, "name", 0, "family") == "Testpatient"
```

| name | does |
|---|---|
| `running(folder=".")` | runs the project in a folder on free ports until the `with` block ends, and yields an `App` |
| `App.launch(patient="synthetic-alma", ehr="generic")` | launches from a chart in a new browser, and returns a `Session` |
| `App.origin`, `App.ehr` | the URLs of the app and of the simulated EHR, whose trace is at `{app.ehr}/trace` |
| `Session.get(path)` | sends a GET request as your page's script does. `{session}` in the path becomes the handle |
| `Session.send(method, path, body=None, headers=None)` | sends any request, with `body` as JSON: `session.send("POST", "/nursenote/{session}/", {"text": "…", "key": "…"})` |
| `Session.fhir(path)` | reads through `fhir_proxy`, such as `session.fhir("Observation?category=laboratory")` |
| `Session.id`, `Session.patient`, `Session.page` | the handle, the patient's id, and the last response of the launch |
| `Response.status`, `.headers`, `.text`, `.url` | the response after redirects |
| `Response.json()` | its JSON object. Read nested values with `api.at` |

`ehr` is `generic`, `oracle` or `epic`. Test with each one that your users have. Each refuses the requests that its
vendor's EHR refuses, as documented, observed or assumed ([simulator/README.md](../simulator/README.md)). All of them
have the same charts: http://localhost:8090 lists the patients while the app runs, and "Open the chart" shows the
resources. For example, `synthetic-alma` has 14 creatinines and a document, `synthetic-falk` has no creatinine and no
birth date, `synthetic-greta` has dirty data, and `synthetic-hugo` has 3,000 Observations. The names in
`smart_calc.testing` are as stable as those in `smart_calc.api`.

## From a terminal

While `smart-calc run` is running, launch with a cookie jar. Then call the function with the header that a browser adds
to a script's requests. Without this header, the response is `cross_site`.

```sh
start='http://127.0.0.1:8090/generic/start?patient=synthetic-alma&client=smart-calc-demo&user=clara&in=tab'
curl -sL -c jar -b jar -o page.html -w '%{url_effective}' "$start"  # …/app/?session=SESSION
call() { curl -b jar -H 'Sec-Fetch-Site: same-origin' "$@"; }
call http://localhost:8080/summary/SESSION/
call -H 'Content-Type: application/json' -d '{"text": "Slept.", "key": "1"}' http://localhost:8080/nursenote/SESSION/
```

For the other EHRs, use `oracle` and `smart-calc-oracle`, or `epic` and `smart-calc-epic`. The cookie jar gives access
to the session, so delete it after use.
"""  # noqa: E501 - code and rows of a table are one line
