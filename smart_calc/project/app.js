// Shows the patient of this launch. The page has no token: the server adds it to each request.
const session = new URLSearchParams(location.search).get("session");
const element = (id) => document.getElementById(id);
const say = ({ message }) => { element("message").textContent = message; };
const UNITS = { "10*3/uL": "10³/µL", "10*9/L": "10⁹/L", "{INR}": "", "mL/min/{1.73_m2}": "mL/min/1.73 m²" };

async function call(path, method = "GET") {
  const response = await fetch(path, { method });
  if (response.status === 401) throw new Error("The session has ended. Open the app again from the patient's chart.");
  const body = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(body.detail ?? body.issue[0].diagnostics);
  return body;
}
function age(born) {
  const today = new Date().toLocaleDateString("sv"); // as in FHIR: 2026-11-20
  return today.slice(0, 4) - born.slice(0, 4) - (today.slice(5) < born.slice(5) ? 1 : 0);
}
try {
  if (!session) throw new Error("Open the app from a patient's chart.");
  const { scope } = await call(`/fhir_proxy/${session}/session`);
  const { name, born, results } = await call(`/summary/${session}/`);
  // A chart can lack any of these.
  element("patient").textContent = name?.text ?? [...(name?.given ?? []), name?.family ?? "Patient without a name"].join(" ");
  element("born").textContent = born?.length === 10 ? `Age ${age(born)}, born ${born}` : `Born ${born ?? "on an unknown date"}`;
  for (const [label, value, unit, date, complete] of results) {
    const shown = `${value ?? "not found in chart"} ${UNITS[unit] ?? unit ?? ""}${complete ? "" : " (not all results were read)"}`;
    const row = element("results").insertRow();
    for (const text of [label, shown, date?.slice(0, 10) ?? ""]) row.insertCell().textContent = text;
  }
  element("scopes").textContent = scope.granted.join(" ");
  const end = () => element("page").replaceChildren("Logged out. Close this page.");
  element("logout").onclick = () => call(`/fhir_proxy/${session}/session`, "DELETE").then(end).catch(say);
  say({ message: "" });
  element("page").hidden = false;
} catch (error) {
  say(error);
}
