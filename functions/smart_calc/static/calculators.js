// Editing of a calculator's values: the server recalculates after each change and keeps nothing.
(() => {
  const { call, element, handle, hasEnded, lock } = app;
  const sentence = (text) => (/[.]$/.test(text) ? text : `${text}.`);
  const button = (text, attributes = {}) => element("button", text, { class: "quiet slim", type: "button", ...attributes });
  const printed = (one) => [one.printed, one.unit].filter(Boolean).join(" ");

  const drawing = (name, attributes, text = "") => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    one.textContent = text;
    return one;
  };

  const labelOf = (row) => row.querySelector("label, legend").textContent.trim().replace(/ \(optional\)$/, "");
  const shortOf = (row) => row.dataset.short ?? labelOf(row);

  // Build a table row and a dot for each value of a trend, which arrives as one text and one path. The
  // control's value and the note's text follow from the text unless `data-extras` has them.
  const unfold = (trend, named, short, origin) => {
    const list = trend.querySelector("pre");
    const { extras } = list.dataset;
    const extrasOf = extras ? JSON.parse(extras) : [];
    const made = element("table", "");
    made.append(element("caption", `${named} over time, the newest first`, { class: "visually-hidden" }));
    const head = made.createTHead().insertRow();
    for (const column of ["Time", "Value"]) head.append(element("th", column, { scope: "col" }));
    const body = made.createTBody();
    const whenUsed = list.textContent.match(/^(.*)\t.*\tused/m)?.[1];
    let from = origin?.replace(`, ${whenUsed}`, "");
    const isUsed = list.textContent.split("\n").map((line, at) => {
      const [when, text, used, other] = line.split("\t");
      from = other || from;
      const [number] = text.split(" ");
      const [day] = when.match(/^(\d+ )?([A-Z][a-z]+ )?\d{4}/) || [""];
      const [value, exact, note] = extrasOf[at] || [number, Number(number), `${short} ${text} (${day}, from the chart)`];
      const row = body.insertRow();
      Object.assign(row.dataset, { value, exact: JSON.stringify(exact), note, source: `${when}, ${from}` });
      row.append(element("th", when, { scope: "row" }), element("td", used ? `${text}, used` : text));
      return used;
    });
    list.replaceWith(made);
    const line = trend.querySelector("path").getAttribute("d");
    const places = [...line.matchAll(/[ML]([^,]+),([^LMh]+)/g)].map(([, ...place]) => place);
    trend.querySelector("circle")?.remove();
    isUsed.reverse();
    trend.querySelector("svg").append(...places.map(([cx, cy], at) => drawing("circle", { cx, cy, r: 2.5, ...(isUsed[at] && { class: "used" }) })));
  };

  // One input: the values in its controls, and its value from the chart.
  const input = (row, changed) => {
    const { name, kind = "number", value: data, unit: ucum, note, standing = "found" } = row.dataset;
    const short = shortOf(row);
    if (app.units[name]) {
      const choice = element("select", "", { "aria-label": `Unit of ${labelOf(row)}` });
      choice.append(...app.units[name].map(([value, text, factor, offset = 0]) => element("option", text, { value, "data-factor": factor, "data-offset": offset })));
      row.querySelector(".control > span:not(.points)").replaceWith(choice);
    }
    const controls = [...row.querySelectorAll(".control input, .control select")];
    const [number, units] = controls;
    const state = () => controls.map((one) => (one.type === "checkbox" || one.type === "radio" ? one.checked : one.value));
    const charted = state();
    const original = kind === "number" ? JSON.parse(data) : null;
    // The unrounded number behind the text, in the canonical unit. Changing the unit keeps it.
    let held = { text: charted[0], value: original, unit: 0 };
    const at = () => units?.selectedIndex ?? 0;
    const hold = (text, value) => (held = { text, value, unit: at() });
    const isHeld = () => number.value === held.text && at() === held.unit;
    const isCharted = () => number.value === charted[0] && at() === 0;
    // Another chart value that the user chose instead.
    let taken = null;
    let ring = () => {};
    const isTaken = () => taken !== null && isHeld() && held.value === JSON.parse(taken.dataset.exact);
    const isEdited = () => {
      if (kind !== "number") return state().some((value, place) => value !== charted[place]);
      return !isCharted() && !(isHeld() && held.value === original);
    };
    const unit = () => units?.selectedOptions[0].textContent ?? row.querySelector(".control > span:not(.points)")?.textContent ?? "";
    const mark = element("p", "", { class: "edited-mark" });
    // Works without the server, so it stays enabled when the session has ended.
    const undo = button("Undo", { "data-local": "" });
    const day = row.querySelector(".when")?.textContent;
    const answered = kind === "choice" ? number.selectedOptions[0].textContent : number.checked ? "yes" : "no";
    const first = data === "null" ? "" : kind === "number" ? `${charted[0]} ${unit()}`.trim() : answered;
    const tag = element("span", "", { class: "tag warn" });
    mark.append(tag, undo);
    mark.hidden = true;
    row.querySelector(".state").append(mark);
    const fault = element("p", "", { class: "fault" });
    row.querySelector(".control").append(fault);
    const from = row.querySelector(".from");
    const source = from?.querySelector("p");
    const charting = source?.textContent;
    const refresh = () => {
      mark.hidden = !isEdited();
      const when = isTaken() ? taken.dataset.source.split(",")[0] : "";
      if (from) (isEdited() ? mark : mark.parentElement).append(from);
      if (source) source.textContent = !isEdited() ? charting : isTaken() ? `From the chart: ${taken.dataset.source}` : ["Entered here, not from the chart.", first && `In the chart: ${[first, day].filter(Boolean).join(", ")}.`].filter(Boolean).join(" ");
      tag.textContent = [isTaken() ? `of ${when}` : "edited", first && `was ${first}`].filter(Boolean).join(", ");
      row.classList.toggle("edited", isEdited());
      row.classList.toggle("typed", isEdited() && !isTaken());
      ring();
      changed();
    };
    const choice = () => {
      const answered = controls.find((one) => one.checked);
      if (kind === "flag") return number.type === "checkbox" ? number.checked : answered ? answered.value === "true" : null;
      return number.value || null;
    };
    // A chart value without a date is sent as such as long as it's in use, so the result says so.
    const isUndated = () => (isTaken() || !isEdited()) && (isTaken() ? taken : row).hasAttribute("data-undated");
    const entered = () => {
      if (kind !== "number") return { value: choice() };
      if (isHeld() && held.value !== null) return { value: held.value, unit: ucum };
      return { value: number.value, unit: units?.value ?? ucum };
    };
    const set = (values) => {
      controls.forEach((one, place) => {
        if (typeof values[place] === "boolean") one.checked = values[place];
        else one.value = values[place];
      });
    };
    const reset = () => {
      set(charted);
      if (kind === "number") hold(charted[0], original);
      refresh();
    };
    const takeBack = () => {
      reset();
      number.focus({ preventScroll: true });
    };
    undo.addEventListener("click", takeBack);
    units?.addEventListener("change", () => {
      // Convert a chart value. Don't convert a typed one, because its unit may be chosen afterwards.
      if (number.value === held.text && held.value !== null) {
        const { factor, offset } = units.options[at()].dataset;
        const converted = String(Number(((held.value - offset) / factor).toPrecision(4)));
        number.value = held.value === original && at() === 0 ? charted[0] : converted;
        hold(number.value, held.value);
      }
      refresh();
    });
    row.addEventListener("input", refresh);
    const take = (item) => {
      number.value = item.dataset.value;
      if (units) units.selectedIndex = 0;
      hold(number.value, JSON.parse(item.dataset.exact));
      taken = item;
      refresh();
    };
    for (const item of row.querySelectorAll(".older-values li, .history tbody tr")) {
      const named = item.cells ? [...item.cells].map((cell) => cell.textContent).reverse().join(", ") : item.textContent;
      const use = button("Use", { "aria-label": `Use ${named}` });
      (item.lastElementChild || item).append(" ", use);
      use.addEventListener("click", () => take(item));
    }
    const drawn = row.querySelector(".trend");
    if (drawn) {
      // Oldest first, like the dots.
      const points = [...drawn.querySelectorAll("tbody tr")].reverse();
      const circles = [...drawn.querySelectorAll("circle")];
      const first = circles.findIndex((one) => one.matches(".used"));
      const at = () => (!isEdited() ? first : isTaken() ? points.findIndex((one) => one.dataset.exact === taken.dataset.exact && one.dataset.note === taken.dataset.note) : -1);
      const attributes = { role: "slider", tabindex: "0", "aria-label": `${short} over time`, "aria-valuemin": 1, "aria-valuemax": points.length };
      const line = drawn.querySelector("svg").parentElement.insertBefore(element("div", "", attributes), drawn.firstChild);
      line.append(drawn.querySelector("svg"));
      ring = () => {
        const used = at();
        circles.forEach((one, place) => one.classList.toggle("used", place === used));
        line.setAttribute("aria-valuenow", used + 1 || points.length);
        line.setAttribute("aria-valuetext", used < 0 ? "no value from the chart is used" : [...points[used].cells].map((cell) => cell.firstChild.textContent).reverse().join(", "));
      };
      const choose = (place) => {
        if (points[place] && place !== at() && !hasEnded()) take(points[place]);
      };
      line.addEventListener("click", ({ clientX }) => {
        const far = circles.map((one) => Math.abs(one.getBoundingClientRect().x + 2.5 - clientX));
        choose(far.indexOf(Math.min(...far)));
      });
      line.addEventListener("keydown", (event) => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
        const to = event.key === "Home" ? 0 : event.key === "End" ? points.length - 1 : by && (at() < 0 ? points.length - 1 : at() + by);
        if (to === undefined) return;
        event.preventDefault();
        choose(to);
      });
      ring();
    }
    const items = [...row.querySelectorAll("[data-exact]")];
    const scored = row.querySelector("[data-points]");
    const { worth = "0" } = scored?.dataset || {};
    const chartedPoints = scored && (scored.matches(".worth") ? "0" : scored.textContent);
    return {
      name,
      isEdited,
      reset,
      takeBack,
      isAssumed: row.querySelector(".tag.assumed") !== null,
      isCharted: data !== "null",
      entry: () => ({ name, note: isTaken() && taken.dataset.note, values: kind === "flag" ? choice() : state() }),
      // Restore what was entered before this calculator was replaced, maybe by one with other controls.
      enter({ note, values }) {
        const item = note && items.find((one) => one.dataset.note === note);
        if (item) return take(item);
        set(kind === "flag" ? controls.map((one) => (one.type === "checkbox" || one.value === "true" ? values === true : values === false)) : values);
        refresh();
      },
      isTaken: () => isEdited() && isTaken(),
      sent: () => ({ ...(isEdited() ? entered() : { value: JSON.parse(data), unit: ucum || null }), ...(isUndated() && { undated: true }) }),
      // The line of the note that lists this input, and its text there.
      noted: () => {
        if (!isEdited()) return [standing, note];
        if (isTaken()) return ["found", taken.dataset.note];
        const value = kind === "number" ? number.value : choice();
        if (value === null || value === "") return ["open", `${short} (not answered)`];
        const plain = kind === "number" ? value.replace(",", ".") : number.selectedOptions?.[0].textContent;
        const answered = typeof value === "boolean" ? (value ? ": yes" : ": no") : ` ${plain}`;
        return ["entered", `${short}${answered} ${kind === "number" ? unit() : ""}`.trim()];
      },
      score: (text = chartedPoints) => {
        if (!scored) return;
        // An item that adds nothing shows what a "yes" would add.
        const isWorth = worth !== "0" && (text || "0") === "0";
        scored.classList.toggle("worth", isWorth);
        scored.textContent = isWorth ? worth : text;
      },
      say: (text) => {
        fault.textContent = text || "";
        controls.forEach((one) => (text ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid")));
      },
    };
  };

  // The bands of a result, with the same markup as templates/bands.html.
  const drawn = ({ segments, end, label }) => {
    const made = element("div", "", { role: "img", "aria-label": label });
    for (const { limit, name, mark, is_own: isOwn } of segments) {
      const band = element("span", "", isOwn ? { class: "own" } : {});
      if (mark !== null) band.append(drawing("svg", {}));
      band.firstChild?.append(drawing("circle", { cx: `${mark}%`, cy: "50%", r: 4 }));
      band.append(element("b", limit), ` ${name}`);
      made.append(band);
    }
    made.lastChild.append(element("b", end));
    return made;
  };
  const annotationsOf = (one) => [one.refused, one.band, one.rate].filter(Boolean);
  // `first` is the result in the heading.
  const table = (title, results, first) => {
    const made = element("table", "");
    made.append(element("caption", `Results of ${title}`, { class: "visually-hidden" }));
    const thead = made.createTHead();
    thead.className = "visually-hidden";
    const head = thead.insertRow();
    for (const column of ["Result", "Value", "Meaning"]) head.append(element("th", column, { scope: "col" }));
    const body = made.createTBody();
    for (const one of results) {
      const row = body.insertRow();
      if (one === first) row.className = "in-heading";
      const value = element("td", one.printed ? "" : "none", { class: "number" });
      if (one.printed) value.append(element("strong", one.printed), one.unit ? ` ${one.unit}` : "");
      row.append(element("th", one.label, { scope: "row" }), value, element("td", one.remark || annotationsOf(one).join("; ")));
    }
    return made;
  };

  const calculator = (details) => {
    const part = (selector) => details.querySelector(selector);
    const title = part(".full").textContent;
    for (const trend of details.querySelectorAll(".trend")) {
      const row = trend.closest(".input");
      unfold(trend, row ? labelOf(row) : title, row && shortOf(row), row?.querySelector(".from p")?.textContent);
    }
    const [mini, hint, flag, act, headline, about, action, caution, results, announcement, notes, written] = [".mini", ".hint", ".flag", ".act", ".headline", ".outcome .about", "[data-action]", "[data-caution]", ".results", "[data-said]", "[data-notes]", "[data-note-text]"].map(part);
    const warnings = [...details.querySelectorAll("[data-warnings] li")];
    const led = warnings.find((one) => one.matches(".first"));
    const charted = about.textContent;
    const form = part("form");
    const asked = part(".results table") === null;
    const quick = part(".outcome .actions");
    const setNote = (text) => {
      written.textContent = text;
      part("[data-no-note]").hidden = text !== "";
      written.hidden = text === "";
      quick.classList.toggle("empty", text === "");
    };
    // The row's mark: the values differ from the chart. The failure: the result isn't from these values.
    const done = element("span", "", { role: "status", class: "small" });
    const rowMark = element("span", "", { class: "tag warn row-mark" });
    mini.before(rowMark);
    const failure = element("p", "", { class: "failure" });
    const [outcome, scrolled] = [".outcome", ".detail"].map(part);
    outcome.append(failure);
    // The inputs stay where they are while the result above them changes. What it loses in height becomes
    // space above them. What it gains moves out of sight above them.
    let space = 0;
    const steady = (change) => {
      const place = () => form.getBoundingClientRect().top;
      const before = place();
      if (!outcome.style.minHeight) outcome.style.minHeight = `${outcome.getBoundingClientRect().height}px`;
      change();
      const needed = space + before - place();
      // Scrolling is in whole pixels.
      const out = Math.max(0, Math.ceil(-needed));
      space = needed + out;
      form.style.paddingTop = `${space}px`;
      const more = out - (scrolled.scrollHeight - scrolled.clientHeight - scrolled.scrollTop);
      if (out && more > 0) scrolled.style.paddingBottom = `calc(1.5rem + ${more}px)`;
      scrolled.scrollTop += out;
    };
    if (asked) results.append(element("p", "Values that you enter are kept until you leave this calculator."));
    // The result of the unedited chart values, to restore it without the server.
    const shown = [mini, hint, headline, results, notes, part(".bands"), action, caution, flag, act].map((one) => [one, one.hidden, ...one.cloneNode(true).childNodes]);
    const noted = written.textContent;
    const [original, quality] = [mini.textContent, part(".on-paper")?.dataset.text];
    let latest = null;
    let timer = 0;
    let started = !asked;

    // The result by the chart, next to the one after an edit.
    const was = () => {
      const edited = rows.filter((row) => row.isEdited());
      if (asked || !original || !edited.length) return [];
      const undo = button("Undo", { "data-local": "", "aria-label": "Undo all changes here" });
      undo.addEventListener("click", () => edited.toReversed().forEach((row) => row.takeBack()));
      const made = element("span", `was ${original} by the chart`, { class: "was" });
      made.append(undo);
      return [made];
    };
    const show = (answer) => {
      // Everything that can fail comes before the first change, so that a response is shown completely or
      // not at all.
      const several = answer.results.length > 1;
      const computed = answer.results.filter((one) => !one.refused);
      // A score with missing answers has a range.
      const [first] = computed.length ? computed : answer.results.filter((one) => one.printed);
      const refused = answer.refused || "";
      const result = answer.results.length ? [table(title, answer.results, first)] : [element("p", `No result. ${refused}.`)];
      if (answer.results.some((one) => one.is_without_bands)) result.push(element("p", "If a result has no category here, none has been published.", { class: "muted small" }));
      const listed = answer.notes.map((text) => element("li", text));
      const bands = first?.bar ? [drawn(first.bar)] : [];
      const edited = new Set(rows.filter((row) => row.isEdited()).map((row) => row.name));
      // A warning about a chart value doesn't apply to a value entered instead.
      const isSaid = (one) => !edited.has(one.dataset.about);
      const warned = (grave) => warnings.filter((one) => isSaid(one) && one.hasAttribute("data-grave") === grave).map((one) => one.firstChild.textContent);
      const cautions = [...warned(true), ...answer.notes, ...warned(false)];
      const { read, unread, quality = "[]" } = part(".note").dataset;
      const remarks = JSON.parse(quality).filter(([about]) => !edited.has(about)).map(([, text]) => text);
      const [worst, ...others] = first ? cautions : [];
      const isFirst = (one) => one.firstChild.textContent === worst;
      const entry = warnings.find(isFirst)?.querySelector("span")?.textContent;
      const summary = worst ? [worst.replace(/\.$/, ""), entry].filter(Boolean).join(": ") + (others.length ? ` (and ${others.length} more)` : "") : "";
      const marks = rows.map((row) => [row, answer.faults[row.name], answer.points?.[row.name] || ""]);
      const { patient } = document.getElementById("stamp").dataset;
      const lists = { patient, read_at: read, cautions: [...cautions, ...remarks].map(sentence).join(" "), unread };
      const asks = first && !details.hasAttribute("data-done") ? first.action : "";
      const isMarked = first && (answer.notes.length > 0 || warnings.some((one) => isSaid(one) && one.hasAttribute("data-marks")));
      for (const row of rows) {
        const [line, text] = row.noted();
        lists[line] = lists[line] ? `${lists[line]}; ${text}` : text;
      }
      // Leave out lines of the note that have no text.
      const lines = answer.note.split("\n").map((line) => {
        const [place, name] = line.match(/\{(\w+)\}/) || [];
        return place ? lists[name] && line.replace(place, () => lists[name]) : line;
      });

      steady(() => {
        headline.replaceChildren();
        mini.replaceChildren();
        if (first) mini.append(element("strong", first.printed));
        const unit = () => (first.unit ? [element("span", first.unit, { class: "unit" }), " "] : [" "]);
        const band = (text) => element("span", text, { class: "band" });
        if (first) hint.replaceChildren(...unit(), band(first.short));
        else hint.textContent = "no result";
        if (first) headline.append(several ? element("span", `${first.label}: `, { class: "label" }) : "", element("strong", first.printed), " ", ...unit());
        else if (original) headline.append("No result");
        headline.append(...was());
        if (first) headline.append(" ", element("span", "", { class: "meaning" }));
        if (first) headline.lastChild.append(...annotationsOf(first).flatMap((text, at) => [at ? " " : "", band(text)]));
        results.replaceChildren(...result);
        notes.replaceChildren(...listed);
        for (const one of warnings) one.hidden = !isSaid(one);
        for (const one of [...warnings, ...notes.children]) one.classList.toggle("first", isFirst(one));
        settle();
        caution.hidden = !worst;
        caution.textContent = summary;
        action.hidden = act.hidden = !asks;
        action.textContent = asks;
        act.textContent = asks && first.is_urgent ? "urgent" : "action";
        part(".asked b").textContent = asks && first.is_urgent ? "Urgent" : "Action";
        flag.hidden = Boolean(asks) || !isMarked;
        const paper = part(".on-paper");
        if (paper) paper.dataset.text = remarks.join(" ");
        for (const [row, fault, points] of marks) {
          row.say(fault);
          row.score(points);
        }
        part(".bands").replaceChildren(...bands);
      });
      announcement.textContent = first ? `${first.label} ${printed(first)} ${first.refused || first.band}` : `No result. ${refused}`;
      setNote(lines.filter(Boolean).join("\n"));
    };
    const markRow = () => {
      const isEdited = rows.some((row) => row.isEdited() && !row.isTaken());
      rowMark.textContent = failure.textContent ? "not recalculated" : isEdited ? "edited" : rows.some((row) => row.isTaken()) ? "other value" : "";
    };
    const settle = () => {
      failure.textContent = "";
      details.classList.remove("waiting");
      markRow();
    };
    const restore = () => {
      clearTimeout(timer);
      latest?.abort();
      for (const [one, isHidden, ...nodes] of shown) {
        one.replaceChildren(...nodes.map((node) => node.cloneNode(true)));
        one.hidden = isHidden;
      }
      for (const one of warnings) {
        one.hidden = false;
        one.classList.toggle("first", one === led);
      }
      for (const row of rows) {
        row.say("");
        row.score();
      }
      setNote(noted);
      if (quality) part(".on-paper").dataset.text = quality;
      settle();
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
        // The previous result stays, with a message that it's not up to date.
        const text = `${headline.querySelector("strong") ? "Not recalculated: this result is from before your last change." : "The result could not be computed."} ${error.message}`;
        settle();
        failure.textContent = `${text} `;
        if (!hasEnded()) {
          const again = button("Try again");
          again.addEventListener("click", () => {
            again.disabled = true;
            compute();
          });
          failure.append(again);
        }
        for (const row of rows) row.say("");
        announcement.textContent = text;
        markRow();
      }
    };
    const counted = (number, what) => number && `${number} ${what}`;
    const changed = () => {
      const taken = rows.filter((row) => row.isTaken()).length;
      const edited = rows.filter((row) => row.isEdited()).length - taken;
      const others = rows.filter((row) => !row.isEdited() && row.isCharted);
      const absent = others.filter((row) => row.isAssumed).length;
      const values = others.length - absent;
      done.textContent = "";
      const sources = [
        counted(edited, `${edited === 1 ? "value" : "values"} edited, not from the chart`),
        taken && (taken === 1 ? "another chart value chosen" : `${taken} other chart values chosen`),
        [counted(values, `chart ${values === 1 ? "value" : "values"}`), counted(absent, "not found in chart, assumed absent")].filter(Boolean).join(", "),
      ];
      steady(() => (about.textContent = taken + edited ? sources.filter(Boolean).join("; ") : charted));
      markRow();
      if (taken + edited === 0 && !asked) {
        steady(restore);
        announcement.textContent = `From the chart: ${headline.textContent}`;
        return;
      }
      if (!started) return;
      // The result doesn't match the entered values until the response arrives.
      details.classList.add("waiting");
      clearTimeout(timer);
      timer = setTimeout(compute, 300);
    };
    const rows = [...details.querySelectorAll(".input")].map((row) => input(row, changed));
    // A dot's tooltip shows its value and time.
    for (const trend of details.querySelectorAll(".trend")) {
      const points = [...trend.querySelectorAll("tbody tr")].reverse();
      trend.querySelectorAll("circle").forEach((one, place) => {
        const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
        title.textContent = [...points[place].cells].map((cell) => cell.firstChild.textContent).reverse().join(", ");
        one.append(title);
      });
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      started = true;
      compute();
    });
    if (asked) {
      // Next to the result, so that no scrolling is needed. Enter in a field presses it too.
      form.id = `${details.id}-values`;
      headline.before(element("button", "Calculate", { class: "slim", type: "submit", form: form.id }));
    }
    part("form > fieldset").disabled = false;

    const copy = button("Copy note", { "data-local": "" });
    copy.addEventListener("click", async () => {
      let copied = true;
      try {
        await navigator.clipboard.writeText(written.textContent);
      } catch {
        // A frame might not be allowed to write to the clipboard. Then select the text, which must be visible.
        part(".note").open = true;
        getSelection().selectAllChildren(written);
        copied = document.execCommand("copy");
      }
      done.textContent = copied ? "Copied." : "";
      kept.textContent = copied ? "" : "The note is selected. Copy it with the keyboard.";
    });
    const kept = element("p", "", { role: "status" });
    part(".note > summary").after(kept);
    details.addEventListener("click", ({ target }) => target !== copy && (done.textContent = ""));
    // Prints only the open calculator.
    const print = button("Print", { "data-local": "" });
    print.addEventListener("click", () => window.print());
    const copying = element("span", "", { class: "copying" });
    copying.append(copy, done);
    quick.append(copying, print);
    quick.classList.toggle("empty", written.textContent === "");
    if (hasEnded()) lock(details);
    return {
      entered: () => rows.filter((row) => row.isEdited()).map((row) => row.entry()),
      enter: (entries) => entries.forEach((entry) => rows.find((row) => row.name === entry.name)?.enter(entry)),
      leave() {
        done.textContent = "";
        if (!asked) return;
        started = false;
        for (const row of rows) row.reset();
        restore();
      },
    };
  };

  // Prepare a calculator when it's first opened, because most never are. Wait for one that hasn't arrived
  // completely.
  const ready = new WeakMap();
  const prepare = (details) => {
    if (ready.has(details) || !details.matches(".calculator")) return;
    if (document.readyState === "loading" && !details.nextElementSibling) {
      setTimeout(prepare, 50, details);
      return;
    }
    // A calculator that's turned off has no form.
    ready.set(details, details.querySelector("form") && calculator(details));
  };
  // An open source covers what follows, so a click elsewhere closes it. Escape does too (list.js).
  document.addEventListener("click", ({ target }) => {
    for (const one of document.querySelectorAll(".from[open]")) one.open = one.contains(target);
  });
  // The browser asks before typed values are lost.
  addEventListener("beforeunload", (event) => document.querySelector(".input.typed") && event.preventDefault());
  document.addEventListener("toggle", ({ target }) => (target.open ? prepare(target) : ready.get(target)?.leave()), true);
  app.prepare = prepare;
  app.entered = (details) => ready.get(details)?.entered();
  app.enter = (details, entries) => {
    prepare(details);
    ready.get(details)?.enter(entries);
  };
})();
