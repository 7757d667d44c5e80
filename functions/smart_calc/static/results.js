// All results, read page by page through the FHIR proxy. The server makes a table row from each.
(() => {
  const { call, element, handle, page, whenRead } = app;
  const proxy = new URL(`/fhir_proxy/${handle}/`, location.origin);
  const get = (url) => call(url, { headers: { Accept: "application/fhir+json, application/json" } }, true);
  const tag = (text, isOdd) => element("span", text, { class: isOdd ? "tag warn" : "tag" });
  // Have the server check the results with the same code as for the tables above.
  const rowsOf = (pages) =>
    call(`/smart_calc/${handle}/results`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: `{"offset": ${document.getElementById("stamp").dataset.offset}, "pages": [${pages.join(",")}]}`,
    });
  const row = (one) => {
    const made = element("tr", "", { "data-source": one.source });
    made.append(
      element("th", one.name, { scope: "row" }),
      element("td", one.when, { class: "when" }),
      element("td", one.value, { class: "number" }),
      element("td", one.unit),
      element("td", one.range, { "data-range": "" }),
      element("td", ""),
      element("td", one.remarks, { class: "more" }),
    );
    const flags = made.cells[5];
    if (one.sign) flags.append(tag(one.sign, true), " ");
    if (one.status !== "final") flags.append(tag(one.status, one.status === "preliminary"), " ");
    if (one.mark) flags.append(tag("not used", !one.is_old));
    return made;
  };
  const table = (title) => {
    const made = element("table", "", { class: "values" });
    made.append(element("caption", `${title}: all results, newest first`));
    const columns = made.createTHead().insertRow();
    for (const name of ["Test", "Date", "Value", "Unit", "Range", "Flag", "Remark"]) columns.append(element("th", name, { scope: "col" }));
    columns.lastChild.className = "visually-hidden";
    made.createTBody();
    return made;
  };
  const offer = (place) => {
    const { title, search } = place.dataset;
    const button = element("button", `All results: ${title}`, { class: "quiet slim", type: "button" });
    const note = element("p", "", { class: "muted small", role: "status", tabindex: "-1" });
    place.append(button, note);
    let next = new URL(search, proxy);
    let rows = null;
    const pages = [];
    let busy = false;
    button.addEventListener("click", async () => {
      if (busy) return;
      busy = true;
      note.textContent = "Reading …";
      try {
        const { text, body: bundle } = await get(next);
        const { rows: listed } = await rowsOf([...pages, text]);
        pages.push(text);
        if (!rows) {
          const shown = table(title);
          place.prepend(shown);
          rows = shown.tBodies[0];
        }
        rows.replaceChildren(...listed.map(row));
        next = bundle.link?.find((link) => link.relation === "next")?.url;
        note.textContent = `${rows.rows.length} results shown${next ? "." : ". There are no more."}`;
        button.textContent = `More results: ${title}`;
        if (!next) {
          if (document.activeElement === button) note.focus();
          button.hidden = true;
        }
      } catch (error) {
        note.textContent = `The results could not be read. ${error.message}`;
      }
      busy = false;
    });
  };
  whenRead(() => page.querySelectorAll(".older").forEach(offer));
  page.addEventListener("put", ({ detail }) => detail.querySelectorAll(".older").forEach(offer));
})();
