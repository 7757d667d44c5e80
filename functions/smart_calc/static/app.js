// Older results, page by page, through the FHIR proxy. The page works without this script.
"use strict";
(() => {
  const handle = location.pathname.split("/").filter(Boolean).pop();
  const proxy = new URL(`/fhir_proxy/${handle}/`, location.origin);
  // A number keeps the digits it was charted with (1.50), where the browser tells them.
  const digits = (_, value, context) => (typeof value === "number" && context?.source) || value;
  const get = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "application/fhir+json, application/json" } });
    const body = JSON.parse(await answer.text(), digits);
    if (!answer.ok) throw new Error(body.issue?.[0]?.diagnostics || `HTTP ${answer.status}`);
    return body;
  };
  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const amount = (item) => {
    const quantity = item.valueQuantity;
    if (quantity && quantity.value !== undefined)
      return [`${quantity.comparator || ""} ${quantity.value}`.trim(), quantity.unit || quantity.code || ""];
    const text = item.valueString || item.valueCodeableConcept?.text;
    return text ? [text, ""] : null;
  };
  const row = (observation) => {
    const parts = [observation, ...(observation.component || [])].map(amount).filter(Boolean);
    const hidden = ["entered-in-error", "cancelled"].includes(observation.status);
    if (!parts.length || hidden) return null;
    const made = document.createElement("tr");
    const name = observation.code?.text || observation.code?.coding?.[0]?.display || "Unnamed test";
    made.append(element("th", name, { scope: "row" }));
    made.append(element("td", parts.map(([value]) => value).join(" / "), { class: "number", "data-label": "Value" }));
    made.append(element("td", parts[0][1] || "none", { "data-label": "Unit" }));
    const when = (observation.effectiveDateTime || observation.issued || "no date").slice(0, 16).replace("T", " ");
    made.append(element("td", when, { "data-label": "Date" }));
    const status = element("td", "", { "data-label": "Status" });
    status.append(element("span", observation.status, { class: observation.status === "preliminary" ? "tag warn" : "tag" }));
    made.append(status);
    return made;
  };
  const table = (title) => {
    const made = element("table", "", { class: "stack" });
    made.append(element("caption", `${title}: all results, newest first`));
    const head = document.createElement("thead");
    const columns = document.createElement("tr");
    for (const name of ["Test", "Value", "Unit", "Date", "Status"]) columns.append(element("th", name, { scope: "col" }));
    head.append(columns);
    made.append(head, document.createElement("tbody"));
    return made;
  };
  for (const place of document.querySelectorAll(".older")) {
    const button = element("button", `All results: ${place.dataset.title}`, { class: "quiet", type: "button" });
    const note = element("p", "", { class: "muted small", role: "status" });
    place.append(button, note);
    let next = null;
    let rows = null;
    let reading = false;
    button.addEventListener("click", async () => {
      // Not `disabled`: that would take the keyboard's focus away.
      if (reading) return;
      reading = true;
      note.textContent = "Reading …";
      try {
        if (!rows) {
          const { patient } = await get(new URL("session", proxy));
          next = new URL(`Observation?patient=${patient}&category=${place.dataset.category}&_count=50`, proxy);
        }
        const bundle = await get(next);
        if (!rows) {
          const shown = table(place.dataset.title);
          place.prepend(shown);
          rows = shown.querySelector("tbody");
        }
        for (const entry of bundle.entry || []) {
          const made = entry.resource?.resourceType === "Observation" && row(entry.resource);
          if (made) rows.append(made);
        }
        next = bundle.link?.find((link) => link.relation === "next")?.url;
        note.textContent = `${rows.rows?.length ?? rows.children.length} results shown.`;
        button.textContent = `More results: ${place.dataset.title}`;
        button.hidden = !next;
      } catch (error) {
        note.textContent = `They could not be read. ${error.message}`;
      }
      reading = false;
    });
  }
})();
