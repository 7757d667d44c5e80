// Changing a calculator's values: each change is computed by the server, which keeps nothing.
(() => {
  const { call, element, handle, hasEnded } = app;
  const button = (text, attributes = {}) => element("button", text, { class: "quiet slim", type: "button", ...attributes });
  const given = (one) => [one.printed, one.unit].filter(Boolean).join(" ");

  // One input: what its control holds, and what the chart gave.
  const input = (row, changed) => {
    const { name, kind, value: data, unit: ucum, short, note } = row.dataset;
    const controls = [...row.querySelectorAll(".control input, .control select")];
    const [number, units] = controls;
    const state = () => controls.map((one) => (one.type === "checkbox" || one.type === "radio" ? one.checked : one.value));
    const charted = state();
    const isEdited = () => state().some((value, at) => value !== charted[at]);
    const unit = () => units?.selectedOptions[0].textContent ?? row.querySelector(".control > span")?.textContent ?? "";
    const mark = element("p", "", { class: "edited-mark" });
    const undo = button("Undo");
    const before = kind === "number" && charted[0] ? `edited, chart: ${charted[0]} ${unit()}` : "edited";
    mark.append(element("span", before.trim(), { class: "tag warn" }), undo);
    mark.hidden = true;
    row.querySelector(".control").append(mark);
    const fault = row.querySelector(".fault");
    const refresh = () => {
      mark.hidden = !isEdited();
      row.classList.toggle("edited", isEdited());
      changed();
    };
    const choice = () => {
      const answered = controls.find((one) => one.checked);
      if (kind === "flag") return number.type === "checkbox" ? number.checked : answered ? answered.value === "true" : null;
      return number.value || null;
    };
    const entered = () => (kind === "number" ? { value: number.value, unit: units?.value ?? ucum } : { value: choice() });
    undo.addEventListener("click", () => {
      controls.forEach((one, at) => {
        if (typeof charted[at] === "boolean") one.checked = charted[at];
        else one.value = charted[at];
      });
      number.focus();
      refresh();
    });
    units?.addEventListener("change", () => {
      // The chart's number belongs to the chart's unit; a typed one may have been typed first.
      if (kind === "number" && number.value === charted[0]) number.value = "";
    });
    row.addEventListener("input", refresh);
    for (const item of row.querySelectorAll(".older-values li")) {
      const use = button("Use", { "aria-label": `Use ${item.textContent}` });
      item.append(" ", use);
      use.addEventListener("click", () => {
        number.value = item.dataset.value;
        if (units) units.selectedIndex = 0;
        refresh();
      });
    }
    return {
      name,
      isEdited,
      sent: () => (isEdited() ? entered() : { value: JSON.parse(data), unit: ucum || null }),
      note: () => {
        if (!isEdited()) return note;
        const { value } = entered();
        if (value === null || value === "") return "";
        const plain = kind === "number" ? value.replace(",", ".") : value;
        const said = typeof value === "boolean" ? (value ? ": yes" : ": no") : ` ${plain}`;
        return `${short}${said} ${kind === "number" ? unit() : ""}`.trim() + " (entered)";
      },
      say: (text) => {
        fault.textContent = text || "";
        controls.forEach((one) => (text ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid")));
      },
    };
  };

  const table = (title, results) => {
    const made = element("table", "", { class: "stack" });
    made.append(element("caption", `Results of ${title}`, { class: "visually-hidden" }));
    const head = made.createTHead().insertRow();
    for (const column of ["Result", "Value", "Meaning"]) head.append(element("th", column, { scope: "col" }));
    const body = made.createTBody();
    for (const one of results) {
      const row = body.insertRow();
      const value = element("td", one.refused ? "none" : "", { class: "number" });
      if (!one.refused) value.append(element("strong", one.printed), one.unit ? ` ${one.unit}` : "");
      row.append(element("th", one.label, { scope: "row" }), value, element("td", one.refused || one.band));
    }
    return made;
  };

  const calculator = (details) => {
    const { title } = details.dataset;
    const part = (selector) => details.querySelector(selector);
    const [headline, about, caution, results, said, notes, note] = [".headline", ".about", "[data-caution]", ".results", "[data-said]", "[data-notes]", ".note pre"].map(part);
    const warnings = [...details.querySelectorAll("[data-warnings] li")].map((one) => one.textContent);
    const further = part(".further") || element("span", "", { class: "further small" });
    headline.after(further);
    const charted = about.textContent;
    const form = part("form");
    const asked = part("table.stack") === null;
    let latest = null;
    let timer = 0;
    let started = !asked;

    const show = (answer) => {
      const several = answer.results.length > 1;
      const computed = answer.results.filter((one) => !one.refused);
      const [first] = computed;
      headline.replaceChildren();
      if (first) headline.append(several ? `${first.label} ` : "", element("strong", first.printed), first.unit ? ` ${first.unit} ` : " ", element("span", first.band, { class: "band" }));
      further.textContent = computed.slice(1, 3).map((one) => `${one.label} ${given(one)}`).join("; ");
      const refused = answer.refused || "";
      results.replaceChildren(answer.results.length ? table(title, answer.results) : element("p", `No result. ${refused}.`));
      notes.replaceChildren(...answer.notes.map((text) => element("li", text)));
      const [worst, ...others] = first ? [...answer.notes, ...warnings] : [];
      caution.hidden = !worst;
      caution.textContent = worst ? worst.replace(/\.$/, "") + (others.length ? " (and more)" : "") : "";
      for (const row of rows) row.say(answer.faults[row.name]);
      said.textContent = first ? `${first.label} ${given(first)} ${first.band}` : `No result. ${refused}`;
      const named = rows.map((row) => row.note()).filter(Boolean).join(", ");
      note.textContent = answer.note.replace("{inputs}", () => named) || "No result yet.";
    };
    const compute = async () => {
      clearTimeout(timer);
      latest?.abort();
      const { signal } = (latest = new AbortController());
      const inputs = Object.fromEntries(rows.map((row) => [row.name, row.sent()]));
      try {
        const answer = await call(`/smart_calc/${handle}/${details.id}`, {
          method: "POST",
          headers: { "Content-Type": "application/json", Accept: "application/json" },
          body: JSON.stringify({ inputs, details: true }),
          signal,
        });
        if (!signal.aborted) show(answer);
      } catch (error) {
        if (signal.aborted) return;
        headline.replaceChildren();
        further.textContent = "";
        caution.hidden = true;
        notes.replaceChildren();
        for (const row of rows) row.say("");
        const text = `It could not be computed. ${error.message}`;
        results.replaceChildren(element("p", text));
        if (!hasEnded()) {
          const again = button("Try again");
          again.addEventListener("click", () => {
            again.disabled = true;
            compute();
          });
          results.append(again);
        }
        note.textContent = "No result yet.";
        said.textContent = text;
      }
      details.classList.remove("waiting");
    };
    const changed = () => {
      const edited = rows.filter((row) => row.isEdited()).length;
      about.textContent = edited ? `${edited} ${edited === 1 ? "value" : "values"} edited, not as charted` : charted;
      if (!started) return;
      // What is shown does not belong to what is entered until the answer is here.
      details.classList.add("waiting");
      clearTimeout(timer);
      timer = setTimeout(compute, 300);
    };
    const rows = [...details.querySelectorAll(".input")].map((row) => input(row, changed));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      started = true;
      compute();
    });
    if (asked) {
      const start = element("button", "Calculate", { type: "submit" });
      part("form > fieldset").append(start);
    }
    part("form > fieldset").disabled = false;

    const copy = button("Copy", { "data-local": "" });
    const done = element("span", "", { role: "status", class: "small" });
    copy.addEventListener("click", async () => {
      getSelection().selectAllChildren(note);
      let copied = false;
      try {
        await navigator.clipboard.writeText(note.textContent);
        copied = true;
      } catch {
        // A frame may not write to the clipboard by this way.
        copied = document.execCommand("copy");
      }
      done.textContent = copied ? "Copied." : "It is selected: copy it by the keyboard.";
    });
    const print = button("Print this calculator", { "data-local": "" });
    print.addEventListener("click", () => {
      details.open = true;
      details.classList.add("alone");
      document.body.classList.add("one");
      window.print();
      document.body.classList.remove("one");
      details.classList.remove("alone");
    });
    const actions = part(".note .actions");
    actions.append(copy, print, done);
    actions.hidden = false;
  };

  const all = [...document.querySelectorAll("details.calculator")];
  all.forEach(calculator);

  document.getElementById("tools").hidden = false;
  const filter = document.getElementById("filter");
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const details of all) details.hidden = !`${details.dataset.title} ${details.id}`.toLowerCase().includes(wanted);
    const shown = all.filter((details) => !details.hidden).length;
    for (const group of document.querySelectorAll(".group"))
      group.hidden = !group.querySelector("details.calculator:not([hidden])");
    document.getElementById("filtered").textContent = wanted ? `${shown} of ${all.length} calculators` : "";
  });
})();
