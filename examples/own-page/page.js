// Your own page: the patient, the newest laboratory results, and a logout button.
// It has no token. The proxy adds it, and refreshes it if the EHR allows that.
const session = new URLSearchParams(location.search).get("session");
const proxy = `/fhir_proxy/${session}`;
const element = (id) => document.getElementById(id);
const say = (text) => { element("message").textContent = text; };
const wait = (seconds) => new Promise((then) => setTimeout(then, seconds * 1000));

// The session has ended. Only another launch from the chart starts a new one.
class Over extends Error {}

async function call(path, { method = "GET", again = true } = {}) {
  const answer = await fetch(`${proxy}/${path}`, { method });
  if (answer.status === 204) return null;
  if (answer.status === 503 && again) {
    // The EHR or the store can't respond now. The session is kept.
    const seconds = Math.min(Number(answer.headers.get("Retry-After")) || 5, 60);
    say(`The EHR can't respond right now. Trying again in ${seconds} s.`);
    await wait(seconds);
    say("Reading the chart …");
    return call(path, { method, again: false });
  }
  // A proxy in between may respond with its own page.
  const body = await answer.json().catch(() => null);
  if (answer.status === 401) throw new Over("The session has ended. Open the app again from the patient's chart.");
  if (!answer.ok || !body) throw new Error(body?.issue?.[0]?.diagnostics ?? `The response can't be used (status ${answer.status}).`);
  return body;
}

function nameOf(patient) {
  const names = patient.name ?? [];
  const name = names.find(({ use }) => use === "official") ?? names[0] ?? {};
  return name.text ?? [...(name.given ?? []), name.family].filter(Boolean).join(" ");
}

function valueOf(observation) {
  const { valueQuantity: quantity, valueString: text, valueCodeableConcept: concept } = observation;
  if (quantity) return `${quantity.comparator ?? ""}${quantity.value ?? ""} ${quantity.unit ?? ""}`.trim();
  return text ?? concept?.text ?? concept?.coding?.[0]?.display ?? "no value";
}

// Skip results that were canceled or entered for the wrong patient.
const isResult = ({ status }) => ["final", "amended", "corrected", "preliminary"].includes(status);

function show(observations) {
  for (const one of observations.filter(isResult)) {
    const row = document.createElement("tr");
    const label = one.code?.text ?? one.code?.coding?.[0]?.display ?? "";
    for (const text of [label, valueOf(one), one.effectiveDateTime?.slice(0, 10) ?? "", ""]) {
      row.append(Object.assign(document.createElement("td"), { textContent: text }));
    }
    row.cells[1].className = one.valueQuantity ? "whole" : "";
    row.cells[2].className = "whole";
    // A preliminary value can still change, so it must never look like a final one.
    const look = one.status === "preliminary" ? "tag warn" : "tag";
    row.cells[3].append(Object.assign(document.createElement("span"), { className: look, textContent: one.status }));
    element("results").append(row);
  }
  document.querySelector("table").hidden = false;
}

// The next person at this screen must not see the patient's data.
function forget(heading) {
  element("results").replaceChildren();
  document.querySelector("table").hidden = true;
  element("logout").hidden = true;
  element("patient").textContent = heading;
}

async function logOut() {
  await call("session", { method: "DELETE" });
  forget("Logged out");
  say("Close this page.");
}

const stop = (error) => {
  if (error instanceof Over) forget("Not logged in");
  say(error.message);
};

try {
  if (!session) throw new Over("Open the app from a patient's chart.");
  const context = await call("session");
  element("logout").hidden = false;
  element("logout").addEventListener("click", () => logOut().catch(stop));
  const patient = await call(`Patient/${context.patient}`);
  const born = Object.assign(document.createElement("span"), { className: "whole", textContent: `born ${patient.birthDate ?? "unknown"}` });
  element("patient").replaceChildren(`${nameOf(patient)}, `, born);
  const bundle = await call("Observation?category=laboratory&_sort=-date&_count=10");
  show((bundle.entry ?? []).map((entry) => entry.resource));
  say("");
} catch (error) {
  stop(error);
}
