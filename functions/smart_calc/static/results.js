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
  // An annotation of UCUM alone, such as {INR}, is no unit to read.
  const unit = (printed) => (/^\{.*\}$/.test(printed) ? "" : printed === "1" ? "fraction of 1" : printed);
  const amount = (item) => {
    const quantity = item.valueQuantity;
    if (quantity?.value !== undefined)
      return [`${quantity.comparator || ""} ${quantity.value}`.trim(), unit(quantity.unit || quantity.code || "")];
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
  const { offset } = document.querySelector("main").dataset;
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const written = (text) => {
    const [, year, month, day, time] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d:\d\d))?/.exec(text) || [];
    return year ? [day && Number(day), months[month - 1], year, time].filter(Boolean).join(" ") : text;
  };
  // In the zone of the page; a day, month or year has none, and what is no time stays as it is.
  const taken = (observation) => {
    const { effectiveDateTime, effectiveInstant, effectivePeriod: period, issued } = observation;
    const text = effectiveDateTime || effectiveInstant || period?.end || period?.start || issued;
    if (!text) return ["no date", false];
    const own = /T.*(Z|[+-]\d\d:\d\d)$/.exec(text)?.[1];
    const at = Date.parse(text);
    if (!own || Number.isNaN(at)) return [written(text), at > Date.now() + 86_400_000];
    const here = written(new Date(at + offset * 60_000).toISOString());
    return [here === written(text) ? here : `${here} (charted ${written(text)} ${own === "Z" ? "UTC" : `UTC${own.replace("-", "\u2212")}`})`, at > Date.now() + 86_400_000];
  };
  const end = (quantity) => quantity?.value ?? "";
  const range = ({ referenceRange }) => {
    const { low, high, text } = referenceRange?.[0] || {};
    if (end(low) !== "" && end(high) !== "") return `${end(low)} to ${end(high)}`;
    if (end(low) !== "") return `from ${end(low)}`;
    return end(high) !== "" ? `up to ${end(high)}` : text || "";
  };
  const sign = ({ interpretation }) => {
    const codes = (interpretation || []).flatMap((one) => one.coding || []).map((one) => one.code);
    return codes.find((code) => /^(H|HH|HU|L|LL|LU|A|AA)$/.test(code)) || "";
  };
  // Of one id the latest version alone counts, on whatever page it comes: as the server judges
  // (clinical/chart/resources/scope.py). A version that withdraws the value takes its row away.
  const later = { final: 1, amended: 2, corrected: 2, "entered-in-error": 3 };
  const ranks = [
    ({ meta }) => Date.parse(meta?.lastUpdated),
    ({ meta }) => (/^\d+$/.test(meta?.versionId || "") ? Number(meta.versionId) : NaN),
    ({ status }) => later[status] || 0,
  ];
  const latest = (copies) =>
    ranks.reduce((kept, rank) => {
      const told = kept.map(({ resource }) => rank(resource));
      return told.some(Number.isNaN) ? kept : kept.filter((_, place) => told[place] === Math.max(...told));
    }, copies);
  const row = (observation) => {
    const shown = amounts(observation);
    if (!shown || hidden.includes(observation.status)) return null;
    const made = element("tr", "");
    const [when, ahead] = taken(observation);
    made.append(
      element("th", label(observation.code) || "Unnamed test", { scope: "row" }),
      element("td", shown[0], { class: "number" }),
      element("td", shown[1] || "no unit"),
      element("td", range(observation), { "data-range": "" }),
      element("td", when),
      element("td", ""),
    );
    const status = element("span", observation.status, { class: observation.status === "preliminary" ? "tag warn" : "tag" });
    made.lastChild.append(status);
    if (ahead) made.lastChild.append(" ", element("span", "dated in the future", { class: "tag warn" }));
    const flag = sign(observation);
    if (flag) made.cells[1].append(" ", element("span", flag, { class: "tag warn" }));
    return made;
  };
  const table = (title) => {
    const made = element("table", "", { class: "stack" });
    made.append(element("caption", `${title}: all results, newest first`));
    const columns = made.createTHead().insertRow();
    for (const name of ["Test", "Value", "Unit", "Range", "Date", "Status"]) columns.append(element("th", name, { scope: "col" }));
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
    const versions = new Map();
    const add = (resource) => {
      const made = { resource, row: row(resource) };
      const copies = resource.id ? [...(versions.get(resource.id) || []), made] : [made];
      const kept = latest(copies);
      if (resource.id) versions.set(resource.id, kept);
      for (const one of copies) if (!kept.includes(one)) one.row?.remove();
      if (kept.includes(made) && made.row) rows.append(made.row);
    };
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
        for (const { resource } of bundle.entry || []) if (resource?.resourceType === "Observation") add(resource);
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
