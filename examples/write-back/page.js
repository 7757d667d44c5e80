// A body weight for the chart: previewed, written once, then shown as the EHR returns it.
// The launch needs patient/Observation.crs: c to write, r to read back, s to search for an
// Observation that may have been written although no response came.
import { Draft, read } from "./once.js";

const element = (id) => document.getElementById(id);
const say = (text) => { element("message").textContent = text; };

// The Observation to write: patient, value, time, author, encounter.
function observation(context, kilograms) {
  return {
    resourceType: "Observation",
    status: "final",
    category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] }],
    code: { coding: [{ system: "http://loinc.org", code: "29463-7", display: "Body weight" }], text: "Body weight" },
    subject: { reference: `Patient/${context.patient}` },
    ...(context.encounter && { encounter: { reference: `Encounter/${context.encounter}` } }),
    ...(context.user?.fhirUser && { performer: [{ reference: context.user.fhirUser }] }),
    effectiveDateTime: new Date().toISOString().replace(/\.\d+/, ""),
    valueQuantity: { value: kilograms, unit: "kg", system: "http://unitsofmeasure.org", code: "kg" },
  };
}

function describe(id, rows) {
  const make = (tag, textContent) => Object.assign(document.createElement(tag), { textContent });
  element(id).replaceChildren(...rows.flatMap(([term, text]) => [make("dt", term), make("dd", text)]));
}

const rowsOf = (one) => [
  ["Body weight", `${one.valueQuantity?.value} ${one.valueQuantity?.unit}`],
  ["Measured", new Date(one.effectiveDateTime).toLocaleString("en", { dateStyle: "long", timeStyle: "short" })],
];

function show(id) {
  for (const part of ["entry", "preview", "done"]) element(part).hidden = part !== id;
  (element(`${id}-heading`) ?? element("weight")).focus();
}

const ENDED = { new: "Nothing was written.", unsure: "We can't tell whether it was written.", written: "It was written, but could not be read back." };
const NEXT = { new: "Write to the chart", unsure: "Look in the chart, then write", written: "Read it back" };

async function send(draft) {
  const [write, change] = [element("write"), element("change")];
  write.disabled = change.disabled = true;   // prevents a second click
  say("Writing …");
  try {
    const one = await draft.send();
    describe("read-back", [...rowsOf(one), ["Status", one.status], ["Id", one.id]]);
    show("done");
    say("Written.");
  } catch (error) {
    write.textContent = NEXT[draft.state];
    write.disabled = false;
    change.disabled = draft.state !== "new";
    write.focus();
    stop(error, ENDED[draft.state]);
  }
}

function stop(error, ended = "") {
  if (error.status === 401) {
    element("patient").textContent = "Not logged in";
    show("nothing");
  }
  say(`${ended} ${error.message}`.trim());
}

try {
  if (!new URLSearchParams(location.search).get("session")) throw new Error("Open the app from a patient's chart.");
  const context = await read("session");
  const patient = await read(`Patient/${context.patient}`);
  const name = patient.name?.find(({ use }) => use === "official") ?? patient.name?.[0] ?? {};
  const called = name.text ?? [...(name.given ?? []), name.family].join(" ");
  const born = Object.assign(document.createElement("span"), { textContent: `born ${patient.birthDate ?? "unknown"}` });
  let draft;
  element("entry").addEventListener("submit", (event) => {
    event.preventDefault();
    draft = new Draft(observation(context, element("weight").valueAsNumber));
    describe("shown", [["Patient", `${called}, ${born.textContent}`], ...rowsOf(draft.resource)]);
    element("write").textContent = NEXT.new;
    say("");
    show("preview");
  });
  element("change").addEventListener("click", () => show("entry"));
  element("write").addEventListener("click", () => send(draft));
  element("patient").replaceChildren(`${called}, `, born);
  say("");
  show("entry");
} catch (error) {
  stop(error);
}
