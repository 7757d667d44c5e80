// Shows the patient of this launch. The page has no token: the proxy adds it to each request.
const session = new URLSearchParams(location.search).get("session");
const show = (id, text) => { document.getElementById(id).textContent = text; };

async function read(path) {
  const response = await fetch(`/fhir_proxy/${session}/${path}`);
  if (response.status === 401) throw new Error("The session has ended. Open the app again from the patient's chart.");
  const body = await response.json();
  if (!response.ok) throw new Error(body.issue[0].diagnostics);
  return body;
}

try {
  if (!session) throw new Error("Open the app from a patient's chart.");
  const { patient } = await read("session");
  // A chart can lack any of these.
  const { name: [name = {}] = [], birthDate } = await read(`Patient/${patient}`);
  const called = name.text ?? [...(name.given ?? []), name.family].filter(Boolean).join(" ");
  show("patient", `${called || "Patient without a name"}, ${birthDate ? `born ${birthDate}` : "date of birth unknown"}`);
  show("message", "");
} catch (error) {
  show("message", error.message);
}
