// The list: what is open, how it is found, and the keys.
(() => {
  const tools = document.getElementById("tools");
  const filter = document.getElementById("filter");
  const filtered = document.getElementById("filtered");
  const wide = matchMedia("(min-width: 800px)");
  const rows = () => [...document.querySelectorAll(".list > details")];
  const seen = () => rows().filter((row) => row.checkVisibility()).sort((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top);
  const summary = (row) => row.querySelector("summary");
  const open = (row) => {
    row.open = true;
    summary(row).scrollIntoView({ block: "nearest" });
    summary(row).focus({ preventScroll: true });
  };

  // Where there is a second pane it is never empty: the row that fills it does not close.
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("summary")?.parentElement;
    if (wide.matches && row?.open && row.matches(".list > details")) event.preventDefault();
  });
  // A browser that does not know that the rows are one group keeps one of them open all the same.
  document.addEventListener("toggle", ({ target }) => {
    if (!target.open || !target.matches(".list > details")) return;
    for (const row of rows()) if (row !== target && row.open) row.open = false;
  }, true);

  const named = () => {
    const row = document.getElementById(location.hash.slice(1));
    if (!row || !row.matches(".list > details")) return false;
    open(row);
    return true;
  };
  addEventListener("hashchange", named);
  // The browser's own way to a fragment ends with the focus nowhere.
  addEventListener("load", () => setTimeout(named));

  // Words are found by their beginning, several of them each for itself.
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").split(/[^a-z0-9]+/).filter(Boolean);
  const wordsOf = new WeakMap();
  const words = (row) => {
    if (!wordsOf.has(row)) {
      const { title, words: more } = row.dataset;
      wordsOf.set(row, { name: plain(`${title} ${row.id}`), all: [...new Set(plain(`${title} ${more} ${row.id}`))] });
    }
    return wordsOf.get(row);
  };
  const hits = (list, asked) => asked.every((part) => list.some((word) => word.startsWith(part)));
  // How many letters are wrong, missing, too many or in the wrong order (Damerau, 1964).
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
  // A word that is not finished is compared with as much of the other.
  const far = (part, word) => Math.min(distance(part, word), distance(part, word.slice(0, part.length)) + 0.5);
  const nearest = (asked) => {
    const told = rows().map((row) => [row, Math.max(...asked.map((part) => Math.min(...words(row).all.map((word) => far(part, word)))))]);
    const best = Math.min(...told.map(([, distance]) => distance));
    return told.filter(([, distance]) => distance === best).map(([row]) => row);
  };
  const find = () => {
    const asked = plain(filter.value);
    const all = rows();
    let found = asked.length ? all.filter((row) => hits(words(row).all, asked)) : all;
    const none = found.length === 0;
    if (none) found = nearest(asked);
    for (const row of all) row.hidden = !found.includes(row);
    for (const heading of document.querySelectorAll(".list > .group")) {
      const { group } = heading.dataset;
      heading.hidden = !found.some((row) => row.dataset.group === group);
    }
    filtered.textContent = !asked.length ? "" : none ? `Nothing is called \u201c${filter.value.trim()}\u201d. The nearest:` : `${found.length} of ${all.length}`;
    return asked.length ? [...found.filter((row) => hits(words(row).name, asked)), ...found][0] : null;
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
    const row = target.matches(".list > details > summary") ? target.parentElement : null;
    if (key === "/" && !typing) {
      // On a small screen the open one covers the list.
      if (!wide.matches) for (const one of rows()) one.open = false;
      filter.focus();
      filter.select();
    } else if (target === filter && key === "Enter") {
      const first = find();
      if (first) open(first);
    } else if (target === filter && key === "ArrowDown") step(-1, 1);
    else if (row && key === "ArrowDown") step(seen().indexOf(row), 1);
    else if (row && key === "ArrowUp") step(seen().indexOf(row), -1);
    else if (key === "Escape" && target === filter) {
      filter.value = "";
      find();
    } else if (key === "Escape" && target.closest(".list > details[open]")) {
      const opened = target.closest(".list > details");
      if (!wide.matches) opened.open = false;
      summary(opened).focus();
    } else return;
    event.preventDefault();
  });

  // A row that is named in the address may come late.
  const watch = new MutationObserver(() => named() && watch.disconnect());
  if (location.hash.length > 1) watch.observe(document.body, { childList: true, subtree: true });
  tools.hidden = false;
  const fill = () => {
    if (wide.matches && !document.querySelector(".list > details[open]")) (seen()[0] || {}).open = true;
  };
  app.whenRead(() => {
    watch.disconnect();
    if (!document.querySelector(".list")) tools.hidden = true;
    else if (!named()) fill();
    wide.addEventListener("change", fill);
    find();
  });
})();
