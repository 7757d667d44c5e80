// Calls to the app's own origin, and what the page says when its session ends. The page shows all
// results without any script.
"use strict";
const app = (() => {
  const handle = location.pathname.split("/").filter(Boolean).pop();
  const notices = document.getElementById("notices");
  // The frame has a place for each part. A browser that does not know such frames gets it here.
  const page = document.querySelector(".page");
  const unknown = page.querySelector("template");
  if (unknown) {
    page.attachShadow({ mode: "open" }).append(unknown.content);
    unknown.remove();
  }
  const frame = page.shadowRoot;
  const over = ["session_expired", "session_missing"];
  let waiting = null;
  let ended = false;

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const notice = (look, title, text, id) => {
    const made = element("section", "", { class: `card notice ${look}`, role: "alert", tabindex: "-1" });
    made.append(element("h2", title), element("p", text));
    if (id) made.lastChild.append(element("span", ` Correlation id: ${id}`, { class: "small" }));
    notices.replaceChildren(made);
    return made;
  };
  // What is in a field can still be selected.
  const closed = "input, select, button:not([data-local])";
  const lock = (within) => {
    for (const control of within.querySelectorAll(closed)) control[control.type === "text" ? "readOnly" : "disabled"] = true;
  };
  const close = () => {
    ended = true;
    lock(page);
  };
  // What is on the page stays to be read, copied, printed and, by logging out, taken off it.
  const end = (id) => {
    if (ended) return;
    const text =
      "Launch the app again from the patient's chart. What this page shows can still be read, copied and printed; nothing more is computed or read.";
    const made = notice("bad", "The session has ended", text, id);
    // A control that is disabled under the hand would leave the keyboard at the top of the page.
    // The notice stays in view by itself, so the page doesn't scroll away from the user's place.
    if (page.contains(document.activeElement) && document.activeElement.matches(closed)) made.focus({ preventScroll: true });
    close();
  };
  // Resolves when the person tries again, which the EHR's own pause comes before.
  const pause = (seconds, id) => {
    waiting ??= new Promise((resolve) => {
      const held = document.activeElement;
      const text = "The EHR did not renew its access. The session is kept, and so is what you entered.";
      const made = notice("warn", "Not just now", text, id);
      const again = element("button", "", { class: "quiet", type: "button", "data-local": "" });
      made.append(again);
      const tick = (left) => {
        again.disabled = left > 0;
        again.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
        if (left > 0) setTimeout(tick, 1000, left - 1);
      };
      tick(seconds);
      again.addEventListener("click", () => {
        waiting = null;
        notices.replaceChildren();
        held?.focus();
        resolve();
      });
    });
    return waiting;
  };
  // With `isWhole` the answer comes with its text, in which numbers have the digits that were sent.
  const call = async (url, options = {}, isWhole = false) => {
    let answer, text;
    try {
      answer = await fetch(url, options);
      text = await answer.text();
    } catch {
      throw new Error("This app does not answer. Check the connection, then try again.");
    }
    let body = null;
    try {
      body = text && JSON.parse(text);
    } catch {
      // A proxy responded instead of the app. The status shows the error.
    }
    if (answer.ok) return isWhole ? { text, body } : body;
    const id = answer.headers.get("X-Correlation-Id");
    const code = body?.code || body?.issue?.[0]?.details?.coding?.[0]?.code;
    if (code === "refresh_failed") {
      await pause(Number(answer.headers.get("Retry-After")) || 5, id);
      if (!options.signal?.aborted) return call(url, options, isWhole);
    }
    const isOver = answer.status === 401 && over.includes(code);
    if (isOver) end(id);
    const said = body?.detail || body?.issue?.[0]?.diagnostics || `HTTP ${answer.status}`;
    throw Object.assign(new Error(isOver ? "The session has ended." : said), { isOver });
  };

  // The page comes in parts; the script comes with the first.
  const whenRead = (then) => (document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", then) : then());
  // A part takes the place of an earlier one, and what was entered there is entered here.
  const put = (part) => {
    const old = [...page.children].find((one) => one !== part && one.slot === part.slot && one.id === part.id);
    const held = old?.contains(document.activeElement) && document.activeElement.id;
    const { open } = old || {};
    const entries = old && app.entered(old);
    old?.remove();
    page.append(part);
    if (open) part.open = true;
    if (entries?.length) app.enter(part, entries);
    if (held !== undefined && held !== false) (document.getElementById(held) || part.querySelector("summary"))?.focus();
    page.dispatchEvent(new CustomEvent("put", { detail: part }));
  };
  // Shown from the start, it would be read once among all the rest; what comes later is announced.
  setTimeout(() => {
    if (document.readyState === "loading") document.getElementById("told").textContent = "Reading the chart.";
  }, 100);
  whenRead(() => {
    document.getElementById("told").textContent = "";
    // While the page was loading, it may have received the message that the session has ended.
    if (over.includes(document.querySelector(".late code")?.textContent)) close();
    // A row that all of the chart changed came again: the latest one counts.
    for (const row of page.querySelectorAll(":scope > details")) if (document.getElementById(row.id) !== row) put(row);
  });

  const logout = document.getElementById("logout");
  logout.addEventListener("click", async () => {
    logout.disabled = true;
    try {
      await call(`/fhir_proxy/${handle}/session`, { method: "DELETE", headers: { Accept: "application/json" } });
    } catch (error) {
      if (!error.isOver) {
        notice("bad", "You are not logged out", error.message);
        logout.disabled = false;
        logout.focus();
        return;
      }
    }
    document.title = "Logged out";
    const card = element("main", "");
    const heading = element("h1", "You are logged out", { tabindex: "-1" });
    const text = "The session has ended and the patient's data is off this page. Close it, or launch the app again from the chart.";
    card.append(heading, element("p", text));
    document.body.className = "";
    document.body.replaceChildren(card);
    heading.focus();
  });

  return { call, element, frame, handle, lock, page, put, whenRead, hasEnded: () => ended };
})();
