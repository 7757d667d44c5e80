// A page of your own: who the patient is, the newest laboratory results, a way to log out.
// It holds no token. The proxy adds it, and renews it where the EHR lets it.
const session = new URLSearchParams(location.search).get("session");
const proxy = `/fhir_proxy/${session}`;
const element = (id) => document.getElementById(id);
const say = (text) => { element("message").textContent = text; };
const wait = (seconds) => new Promise((then) => setTimeout(then, seconds * 1000));

// The session is over: only a launch from the chart opens a new one.
class Over extends Error {}

async function call(path, { method = "GET", again = true } = {}) {
  const answer = await fetch(`${proxy}/${path}`, { method });
  if (answer.status === 204) return null;
  if (answer.status === 503 && again) {
    // The EHR or the store cannot answer now. The session is kept.
    await wait(Number(answer.headers.get("Retry-After")) || 5);
    return call(path, { method, again: false });
  }
  const body = await answer.json();
  if (answer.status === 401) throw new Over("The session is over. Open the app again from the patient's chart.");
  if (!answer.ok) throw new Error(body.issue?.[0]?.diagnostics ?? `The proxy answered ${answer.status}.`);
  return body;
}

function nameOf(patient) {
  const name = patient.name?.[0] ?? {};
  return name.text ?? [...(name.given ?? []), name.family].filter(Boolean).join(" ");
}

function valueOf(observation) {
  const { valueQuantity: quantity, valueString: text, valueCodeableConcept: concept } = observation;
  if (quantity) return `${quantity.comparator ?? ""}${quantity.value ?? ""} ${quantity.unit ?? ""}`.trim();
  return text ?? concept?.text ?? concept?.coding?.[0]?.display ?? "no value";
}

// A result that was cancelled, or entered for the wrong patient, is no result.
const isResult = ({ status }) => ["final", "amended", "corrected", "preliminary"].includes(status);

function show(observations) {
  for (const one of observations.filter(isResult)) {
    const row = document.createElement("tr");
    const label = one.code?.text ?? one.code?.coding?.[0]?.display ?? "";
    for (const text of [label, valueOf(one), one.effectiveDateTime?.slice(0, 10) ?? ""]) {
      row.append(Object.assign(document.createElement("td"), { textContent: text }));
    }
    element("results").append(row);
  }
  document.querySelector("table").hidden = false;
}

async function logOut() {
  await call("session", { method: "DELETE" });
  element("results").replaceChildren();
  document.querySelector("table").hidden = true;
  element("logout").hidden = true;
  element("patient").textContent = "Logged out";
  say("Close this page.");
}

const stop = (error) => {
  if (error instanceof Over) element("patient").textContent = "Not logged in";
  say(error.message);
};

try {
  const context = await call("session");
  element("logout").hidden = false;
  element("logout").addEventListener("click", () => logOut().catch(stop));
  const patient = await call(`Patient/${context.patient}`);
  element("patient").textContent = `${nameOf(patient)}, born ${patient.birthDate ?? "unknown"}`;
  const bundle = await call("Observation?category=laboratory&_sort=-date&_count=10");
  show((bundle.entry ?? []).map((entry) => entry.resource));
} catch (error) {
  stop(error);
}
