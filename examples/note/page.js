// A note for the chart, with the eGFR that smart-calc calculates. Nothing is written until a person
// has seen the whole note, with the patient's name, and has confirmed it.
const session = new URLSearchParams(location.search).get("session");
const element = (id) => document.getElementById(id);
const say = (text) => { element("message").textContent = text; };

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const document = await response.json().catch(() => ({}));
  if (response.ok) return document;
  if (response.status === 401) throw Object.assign(new Error("The session has ended. Open the app again from the patient's chart."), { over: true });
  // After patient_denied, the EHR may have added the note and then returned one of another patient. After any other
  // 4xx, nothing was written.
  const unsure = response.status >= 500 || document.code === "patient_denied";
  throw Object.assign(new Error(document.error ?? document.detail ?? `The server returned ${response.status}.`), { unsure });
}

const DAY = /^\d{4}-\d{2}-\d{2}/;

// The draft of the note. Without a usable creatinine, or without the calculators, it is empty.
async function draft({ patient, creatinine, measured }) {
  // Without a full birth date, the age is unknown.
  if (!creatinine || !DAY.test(measured) || !DAY.test(patient.birthDate)) return "";
  const day = measured.slice(0, 10);
  const [from, to] = [patient.birthDate, day].map((text) => text.split("-").map(Number));
  const age = to[0] - from[0] - (to[1] < from[1] || (to[1] === from[1] && to[2] < from[2]) ? 1 : 0);
  const inputs = { age: { value: age, unit: "a" }, sex: { value: patient.gender, unit: null }, creatinine: { value: creatinine.value, unit: creatinine.code } };
  const { outputs, refused } = await ask(`/smart_calc/${session}/egfr_ckd_epi_2021`, { inputs }).catch(() => ({ refused: true }));
  const egfr = outputs?.egfr?.value ?? outputs?.egfr;
  if (refused || typeof egfr !== "number") return "";
  return `eGFR ${Math.round(egfr)} mL/min/1.73 m² (CKD-EPI 2021), from creatinine ${creatinine.value} ${creatinine.unit ?? creatinine.code} on ${day}.`;
}

const textOf = ({ content }) => new TextDecoder().decode(Uint8Array.from(atob(content?.[0]?.attachment?.data ?? ""), (sign) => sign.charCodeAt(0)));

function describe(id, rows) {
  const make = (tag, textContent) => Object.assign(document.createElement(tag), { textContent });
  element(id).replaceChildren(...rows.flatMap(([term, text]) => [make("dt", term), make("dd", text)]));
}

const rowsOf = (one) => [
  ["Type", one.type?.text ?? ""],
  ["Status", one.docStatus ?? ""],
  ["Date", new Date(one.date).toLocaleString("en", { dateStyle: "long", timeStyle: "short" })],
];

function show(id) {
  for (const part of ["entry", "preview", "done"]) element(part).hidden = part !== id;
  (element(`${id}-heading`) ?? element("text")).focus();
}

function fail(error) {
  if (error.over) show("nothing");
  const unsure = error.unsure || error instanceof TypeError ? "The note may have been added: look in the chart before you try again. " : "";
  say(unsure + error.message);
}

async function start() {
  // Any other value could change the path of the preview's URL.
  if (!/^[\w-]{22}$/.test(session)) throw new Error("Open the app from a patient's chart.");
  const chart = await ask(`/note/${session}/`);
  const name = chart.patient.name?.find(({ use }) => use === "official") ?? chart.patient.name?.[0] ?? {};
  const called = name.text ?? [...(name.given ?? []), name.family].join(" ");
  const born = Object.assign(document.createElement("span"), { textContent: `born ${chart.patient.birthDate ?? "unknown"}` });
  const patient = [["Patient", called], ["Birth date", chart.patient.birthDate ?? "unknown"]];
  element("patient").replaceChildren(`${called}, `, born);
  element("text").value = await draft(chart);
  element("entry").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const one = await ask(`/note/${session}/preview`, { text: element("text").value });
      describe("shown", [...patient, ...rowsOf(one)]);
      element("preview-text").textContent = textOf(one);
      element("create").disabled = false;
      say("");
      show("preview");
    } catch (error) { say(error.message); }
  });
  element("change").addEventListener("click", () => show("entry"));
  element("create").addEventListener("click", async () => {
    element("create").disabled = element("change").disabled = true;   // prevents a second click
    say("Adding the note …");
    try {
      const one = await ask(`/note/${session}/`, { text: element("preview-text").textContent });
      describe("stored", [...patient, ...rowsOf(one), ["Id", one.id]]);
      element("stored-text").textContent = textOf(one);
      say("The note was added.");
      show("done");
    } catch (error) {
      element("change").disabled = false;
      fail(error);
    }
  });
  say("");
  show("entry");
}

start().catch((error) => { show("nothing"); say(error.message); });
