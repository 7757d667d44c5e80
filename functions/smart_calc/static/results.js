// All results, page by page, through the FHIR proxy.
(() => {
  const { call, element, handle } = app;
  const proxy = new URL(`/fhir_proxy/${handle}/`, location.origin);
  const hidden = ["entered-in-error", "cancelled", "registered", "unknown"];
  const get = (url) => call(url, { headers: { Accept: "application/fhir+json, application/json" } });
  const label = (concept) => {
    const codings = concept?.coding || [];
    return concept?.text || codings.find((one) => one.display)?.display || codings.find((one) => one.code)?.code || "";
  };
  const amount = (item) => {
    const quantity = item.valueQuantity;
    if (quantity?.value !== undefined)
      return [`${quantity.comparator || ""} ${quantity.value}`.trim(), quantity.unit || quantity.code || ""];
    const text = label(item.valueCodeableConcept) || item.valueString;
    return text ? [text, ""] : null;
  };
  // A part without a value keeps its place, so that the other one cannot be taken for it.
  const amounts = (observation) => {
    const own = amount(observation);
    if (own) return own;
    const parts = (observation.component || []).map(amount);
    const units = new Set(parts.filter(Boolean).map(([, unit]) => unit));
    if (!units.size) return null;
    const shown = parts.map((part) => (!part ? "–" : units.size === 1 ? part[0] : part.join(" ").trim()));
    return [shown.join(" / "), units.size === 1 ? [...units][0] : ""];
  };
  const row = (observation) => {
    const shown = amounts(observation);
    if (!shown || hidden.includes(observation.status)) return null;
    const made = element("tr", "");
    const when = observation.effectiveDateTime || observation.effectivePeriod?.end || observation.issued || "no date";
    made.append(
      element("th", label(observation.code) || "Unnamed test", { scope: "row" }),
      element("td", shown[0], { class: "number" }),
      element("td", shown[1] || "no unit"),
      element("td", when.slice(0, 16).replace("T", " ")),
      element("td", ""),
    );
    const status = element("span", observation.status, { class: observation.status === "preliminary" ? "tag warn" : "tag" });
    made.lastChild.append(status);
    return made;
  };
  const table = (title) => {
    const made = element("table", "", { class: "stack" });
    made.append(element("caption", `${title}: all results, newest first`));
    const columns = made.createTHead().insertRow();
    for (const name of ["Test", "Value", "Unit", "Date", "Status"]) columns.append(element("th", name, { scope: "col" }));
    made.createTBody();
    return made;
  };
  for (const place of document.querySelectorAll(".older")) {
    const { title, search } = place.dataset;
    const button = element("button", `All results: ${title}`, { class: "quiet", type: "button" });
    const note = element("p", "", { class: "muted small", role: "status", tabindex: "-1" });
    place.append(button, note);
    let next = new URL(search, proxy);
    let rows = null;
    let busy = false;
    button.addEventListener("click", async () => {
      if (busy) return;
      busy = true;
      note.textContent = "Reading …";
      try {
        const bundle = await get(next);
        if (!rows) {
          const shown = table(title);
          place.prepend(shown);
          rows = shown.tBodies[0];
        }
        for (const entry of bundle.entry || []) {
          const made = entry.resource?.resourceType === "Observation" && row(entry.resource);
          if (made) rows.append(made);
        }
        next = bundle.link?.find((link) => link.relation === "next")?.url;
        note.textContent = `${rows.rows.length} results shown${next ? "." : ", all there are."}`;
        button.textContent = `More results: ${title}`;
        if (!next) {
          if (document.activeElement === button) note.focus();
          button.hidden = true;
        }
      } catch (error) {
        note.textContent = `They could not be read. ${error.message}`;
      }
      busy = false;
    });
  }
})();
