// npm's fhirclient with the proxy, which it uses as an open FHIR server: no token, no authorize(),
// no ready(). README.md explains how to get the library's file into this folder.
const session = new URLSearchParams(location.search).get("session");
const proxy = `${location.origin}/fhir_proxy/${session}`;
const element = (id) => document.getElementById(id);
const say = (text) => { element("message").textContent = text; };
const wait = (seconds) => new Promise((then) => setTimeout(then, seconds * 1000));

// Retry once after a 503: the EHR or the store can't respond now, but the session is kept.
async function patiently(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error.status !== 503) throw error;
    const seconds = Math.min(Number(error.response.headers.get("Retry-After")) || 5, 60);
    say(`The EHR can't respond right now. Trying again in ${seconds} s.`);
    await wait(seconds);
    return ask();
  }
}

// Describe an error. fhirclient appends the proxy's OperationOutcome as text to its own message.
function wordsFor(error) {
  if (error.status === 401) return "The session has ended. Open the app again from the patient's chart.";
  if (!error.status) return error.message;
  try {
    return JSON.parse(error.message.slice(error.message.indexOf("\n\n"))).issue[0].diagnostics;
  } catch {
    return `The response can't be used (status ${error.status}).`;
  }
}

async function start() {
  if (!session) throw new Error("Open the app from a patient's chart.");
  if (!window.FHIR) throw new Error("fhir-client.pure.min.js is not in this folder: see README.md.");
  // Get the launch context from the proxy. fhirclient would take it from a token response.
  const open = FHIR.client({ serverUrl: proxy });
  const { patient, encounter } = await patiently(() => open.request("session"));
  return FHIR.client({ serverUrl: proxy, tokenResponse: { patient, encounter } });
}

const labelOf = ({ code }) => code?.text ?? code?.coding?.[0]?.display ?? "without a name";
const dayOf = (text) => text?.slice(0, 10) ?? "without a date";

function list(id, texts) {
  const items = (texts.length ? texts : ["none found"]).map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  element(id).replaceChildren(...items);
}

try {
  const client = await start();
  const patient = await patiently(() => client.patient.read());
  const name = patient.name?.find(({ use }) => use === "official") ?? patient.name?.[0] ?? {};
  const born = Object.assign(document.createElement("span"), { textContent: `born ${patient.birthDate ?? "unknown"}` });
  element("patient").replaceChildren(`${name.text ?? [...(name.given ?? []), name.family].join(" ")}, `, born);

  // `patient.request` adds the patient; `pageLimit: 0` follows all pages, `flat` removes the Bundles.
  const all = { pageLimit: 0, flat: true };
  const problems = await patiently(() => client.patient.request("Condition?clinical-status=active", all));
  list("problems", problems.map((one) => `${labelOf(one)}, since ${dayOf(one.onsetDateTime)}`));

  const results = await patiently(() => client.patient.request("Observation?category=laboratory&_sort=-date&_count=100", all));
  const usable = results.filter(({ status, valueQuantity }) => valueQuantity?.value !== undefined && ["final", "amended", "corrected"].includes(status));
  element("count").textContent = `${usable.length} results. The list shows up to 20, newest first.`;
  list("results", usable.slice(0, 20).map((one) => {
    const { comparator = "", value, unit = "" } = one.valueQuantity;
    return `${labelOf(one)}: ${comparator}${value}\u00a0${unit}, ${dayOf(one.effectiveDateTime)}`;
  }));
  document.querySelector("section").hidden = false;
  say("");
} catch (error) {
  say(wordsFor(error));
}
