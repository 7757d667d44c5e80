// The list of calculators: open rows, search, and keyboard navigation.
(() => {
  const tools = document.getElementById("tools");
  const filter = document.getElementById("filter");
  const filtered = document.getElementById("filtered");
  const wide = matchMedia("(min-width: 800px)");
  const { frame, page } = app;
  // A row can be found by search before it arrives, because its place is already there.
  const places = [...frame.querySelectorAll("slot[data-title]")];
  const rowIn = (place) => place.assignedElements().find((one) => one.matches("details"));
  const rows = () => [...page.querySelectorAll(":scope > details")];
  // The places that match the search, or all.
  let hit = places;
  const seen = () => hit.map(rowIn).filter((row) => row?.checkVisibility());
  const summary = (row) => row.querySelector("summary");
  const open = (row) => {
    // Prepare it before it's visible, so that nothing moves afterwards.
    app.prepare(row);
    row.open = true;
    summary(row).scrollIntoView({ block: "nearest" });
    summary(row).focus({ preventScroll: true });
  };
  // A calculator that was chosen before it arrived is opened when it arrives.
  let wanted = "";
  const choose = (name) => {
    const place = places.find((one) => one.name === name);
    const row = place && rowIn(place);
    const isHere = Boolean(row && (row.nextElementSibling || document.readyState !== "loading"));
    wanted = place && !isHere ? name : "";
    if (isHere) open(row);
    return isHere;
  };
  frame.addEventListener("slotchange", ({ target }) => {
    const come = () => target.name === wanted && !choose(wanted) && setTimeout(come, 20);
    setTimeout(come);
  });
  frame.addEventListener("click", ({ target }) => {
    const place = target.closest("[part=row]")?.parentElement;
    if (place) later(place);
  });
  const later = (place) => {
    wanted = place.name;
    filtered.textContent = `${place.dataset.title} opens when its values arrive.`;
  };

  // In two panes, the open row doesn't close, so that the second pane is never empty.
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("summary")?.parentElement;
    if (wide.matches && row?.open && row.matches(".page > details")) event.preventDefault();
  });
  // Keep only one row open in browsers that don't support `name` on details.
  document.addEventListener("toggle", ({ target }) => {
    if (!target.open || !target.matches(".page > details")) return;
    wanted = "";
    for (const row of rows()) if (row !== target && row.open) row.open = false;
  }, true);
  // On a small screen, Back in the browser closes the open row, which covers the list. Going back isn't
  // immediate: a row opened meanwhile gets its history entry afterwards.
  let leaving = false;
  let filled = null;
  document.addEventListener("toggle", ({ target }) => {
    if (leaving || !target.matches(".page > details")) return;
    const { row } = history.state || {};
    // The fragment names the open row, so that a reload comes back to it.
    if (wide.matches) {
      // A browser that's still loading would scroll the list to the fragment.
      const name = () => setTimeout(() => target.open && history.replaceState(history.state, "", `#${target.id}`));
      if (target.open && target !== filled) document.readyState === "complete" ? name() : addEventListener("load", name);
    } else if (target.open && row !== target.id) history[row ? "replaceState" : "pushState"]({ row: target.id }, "", `#${target.id}`);
    else if (row === target.id && !page.querySelector(":scope > details[open]")) leaving = !history.back();
  }, true);
  addEventListener("popstate", ({ state }) => {
    const open = page.querySelector(":scope > details[open]");
    if (leaving && open) history.pushState({ row: open.id }, "", `#${open.id}`);
    else if (!wide.matches) for (const row of rows()) row.open = row.id === state?.row;
    leaving = false;
  });

  const named = () => location.hash.length > 1 && choose(location.hash.slice(1));
  addEventListener("hashchange", named);
  // After the browser's own jump to the fragment, nothing has the focus, unless the user has moved it.
  addEventListener("load", () => setTimeout(() => document.activeElement === document.body && named()));
  named();

  // Each word of a search matches the beginning of any word.
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").split(/[^a-z0-9]+/).filter(Boolean);
  const wordsOf = new Map();
  // The words of a place, in the order of their weight: names, aliases, problems, inputs.
  const words = (place) => {
    if (!wordsOf.has(place)) {
      const { title, short, aliases, problems, inputs } = place.dataset;
      wordsOf.set(place, [`${title} ${short} ${place.name}`, aliases, problems, inputs].map(plain));
    }
    return wordsOf.get(place);
  };
  // "MELD score" is a name, and so "HEART score" isn't a search for the heart.
  const isGeneric = (part) => ["score", "calculator", "index"].includes(part);
  // The kind of words that every part of the search is found in, or -1.
  const kind = (place, asked) => {
    const find = (parts) => {
      const kinds = parts.map((part) => words(place).findIndex((list) => list.some((word) => word.startsWith(part))));
      return kinds.includes(-1) ? -1 : Math.max(...kinds);
    };
    const named = asked.filter((part) => !isGeneric(part));
    const found = find(asked);
    return found >= 0 || named.length === 0 || find(named) > 1 ? found : find(named);
  };
  // The number of wrong, missing, extra or swapped letters (Damerau, 1964).
  const distance = (one, other) => {
    let before = [];
    let last = Array.from({ length: other.length + 1 }, (_, at) => at);
    for (let i = 1; i <= one.length; i += 1) {
      const next = [i];
      for (let j = 1; j <= other.length; j += 1) {
        const same = one[i - 1] === other[j - 1];
        next[j] = Math.min(last[j] + 1, next[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
      }
      [before, last] = [last, next];
    }
    return last[other.length];
  };
  // An unfinished word is compared with the same number of letters of the other.
  const far = (part, word) => Math.min(distance(part, word), distance(part, word.slice(0, part.length)) + 0.5);
  // A long word may have two errors, and a short one none.
  const allowed = ({ length }) => (length < 4 ? 0 : length < 7 ? 1 : 2);
  const errors = (place, asked) => {
    const all = words(place).flat();
    const distances = asked.map((part) => [Math.min(...all.map((word) => far(part, word))), allowed(part)]);
    return distances.some(([distance, most]) => distance > most) ? -1 : Math.max(...distances.map(([distance]) => distance));
  };
  const isCalculator = ({ name }) => !["values", "about"].includes(name);
  // The most relevant to this patient come first. The server ranks them; one that's still being read is last.
  const relevance = (place) => (rowIn(place)?.dataset.rank || "9").split(".").map(Number);
  const compare = (one, other) => {
    const at = one.findIndex((number, place) => number !== other[place]);
    return at < 0 ? 0 : one[at] - other[at];
  };
  const ranked = (rate) => places.map((place) => [rate(place), place]).filter(([number]) => number >= 0).map(([number, place]) => [[number, ...relevance(place)], place]).sort(([one], [other]) => compare(one, other)).map(([, place]) => place);
  const home = new Map(places.map((place) => [place, place.parentElement]));
  const matches = frame.querySelector("[part=matches]");
  const find = () => {
    const asked = plain(filter.value);
    let found = asked.length ? ranked((place) => kind(place, asked)) : places;
    const isExact = found.length > 0;
    if (!isExact) found = ranked((place) => errors(place, asked));
    hit = found;
    // Matches are listed by rank. Without a search, each is in its own place. The open row stays visible.
    for (const place of places) {
      if (asked.length === 0 || !found.includes(place)) home.get(place).append(place);
      place.hidden = !found.includes(place) && !rowIn(place)?.open;
    }
    if (asked.length) matches.append(...found);
    for (const heading of frame.querySelectorAll("[part=group]")) {
      heading.hidden = !places.some((place) => !place.hidden && place.parentElement === heading.parentElement);
    }
    const text = `\u201c${filter.value.trim()}\u201d`;
    filtered.textContent = !asked.length ? "" : !found.length ? `No match for ${text}.` : isExact ? `${found.filter(isCalculator).length} of ${places.filter(isCalculator).length}` : `Nothing matches ${text}. Closest matches:`;
    return asked.length ? found[0] : null;
  };
  filter.addEventListener("input", find);

  const step = (from, by) => {
    const shown = seen();
    const next = shown[from < 0 ? (by > 0 ? 0 : shown.length - 1) : from + by];
    if (next) summary(next).focus();
    else if (by < 0) filter.focus();
  };
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = target.matches("input, select, textarea");
    const row = target.matches(".page > details > summary") ? target.parentElement : null;
    if (key === "/" && !typing) {
      // On a small screen, an open row covers the list.
      if (!wide.matches) for (const one of rows()) one.open = false;
      filter.focus();
      filter.select();
    } else if (target === filter && key === "Enter") {
      const first = find();
      if (first && !choose(first.name)) later(first);
    } else if (key === "Escape" && document.querySelector(".from[open]")) {
      const source = document.querySelector(".from[open]");
      source.open = false;
      summary(source).focus();
    } else if (target === filter && key === "ArrowDown") step(-1, 1);
    else if (row && key === "ArrowDown") step(seen().indexOf(row), 1);
    else if (row && key === "ArrowUp") step(seen().indexOf(row), -1);
    else if (key === "Escape" && target === filter) {
      filter.value = "";
      find();
    } else if (key === "Escape" && target.closest(".page > details[open]")) {
      const opened = target.closest(".page > details");
      if (!wide.matches) opened.open = false;
      summary(opened).focus();
    } else return;
    event.preventDefault();
  });

  // On a small screen, the row that's about to open covers the search.
  tools.hidden = wanted !== "" && !wide.matches;
  const fill = () => {
    const row = document.getElementById(page.querySelector("[slot=choose]")?.dataset.first) || seen()[0];
    if (!row || !wide.matches || page.querySelector(":scope > details[open]")) return;
    app.prepare(row);
    filled = row;
    row.open = true;
  };
  app.whenRead(() => {
    tools.hidden = rows().length === 0;
    if (!(wanted && choose(wanted)) && !named()) fill();
    wide.addEventListener("change", fill);
    page.addEventListener("put", () => {
      tools.hidden = rows().length === 0;
      fill();
    });
  });
})();
