// Calls to the app's server, and messages when the session ends. Without scripts, the page still shows
// all results.
"use strict";
const app = (() => {
  const handle = location.pathname.split("/").filter(Boolean).pop();
  const notices = document.getElementById("notices");
  // The frame has a place for each part. Attach it for browsers without declarative shadow DOM.
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
  // Text in a field can still be selected.
  const closed = "input, select, button:not([data-local])";
  const lock = (within) => {
    for (const control of within.querySelectorAll(closed)) control[control.type === "text" ? "readOnly" : "disabled"] = true;
  };
  const close = () => {
    ended = true;
    lock(page);
  };
  // Everything on the page can still be read, copied and printed. Logging out removes it.
  const end = (id) => {
    if (ended) return;
    const text =
      "Launch the app again from the patient's chart. You can still read, copy and print this page, but it no longer calculates or reads the chart.";
    const made = notice("bad", "The session has ended", text, id);
    // Move the focus from a control that gets disabled; otherwise it would go to the top of the page.
    // The notice is always visible, so don't scroll to it.
    if (page.contains(document.activeElement) && document.activeElement.matches(closed)) made.focus({ preventScroll: true });
    close();
  };
  // Resolves when the user tries again, which is possible after the EHR's Retry-After.
  const pause = (seconds, id) => {
    waiting ??= new Promise((resolve) => {
      const held = document.activeElement;
      const text = "The EHR did not renew the app's access. Your session and everything you entered are kept.";
      const made = notice("warn", "Not available right now", text, id);
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
  // With `isWhole`, the result includes the response's text, in which numbers keep their digits.
  const call = async (url, options = {}, isWhole = false) => {
    let answer, text;
    try {
      answer = await fetch(url, options);
      text = await answer.text();
    } catch {
      throw new Error("This app is not responding. Check the connection, then try again.");
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
    const message = body?.detail || body?.issue?.[0]?.diagnostics || `HTTP ${answer.status}`;
    throw Object.assign(new Error(isOver ? "The session has ended." : message), { isOver });
  };

  // The page arrives in parts, and the script with the first one.
  const whenRead = (then) => (document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", then) : then());
  // Replace an earlier part with a new one, keeping the values that were entered.
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
  // A screen reader announces only text that's added later, so don't show this from the start.
  setTimeout(() => {
    if (document.readyState === "loading") document.getElementById("told").textContent = "Reading the chart.";
  }, 100);
  whenRead(() => {
    document.getElementById("told").textContent = "";
    // While the page was loading, it may have received the message that the session has ended.
    if (over.includes(document.querySelector(".late code")?.textContent)) close();
    // A row that the complete chart changed was sent again. Keep the latest one.
    for (const row of page.querySelectorAll(":scope > details")) if (document.getElementById(row.id) !== row) put(row);
  });

  // Show the hospital's time zone only if it differs from the browser's.
  const compareZones = () => {
    const isSame = Number(document.getElementById("stamp")?.dataset.offset) === -new Date().getTimezoneOffset();
    for (const one of page.querySelectorAll("[data-zone]")) one.hidden = isSame;
  };
  whenRead(compareZones);
  page.addEventListener("put", compareZones);

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
    const text = "The session has ended, and the patient's data is no longer on this page. Close it, or launch the app again from the chart.";
    card.append(heading, element("p", text));
    document.body.className = "";
    document.body.replaceChildren(card);
    heading.focus();
  });

  return { call, element, frame, handle, lock, page, put, whenRead, hasEnded: () => ended };
})();
