// Calls to the app's own origin, and what the page says when its session ends. The page shows all
// results without any script.
"use strict";
const app = (() => {
  const handle = location.pathname.split("/").filter(Boolean).pop();
  const notices = document.getElementById("notices");
  const over = ["session_expired", "session_missing"];
  let waiting = null;

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  // A number keeps the digits it was charted with (1.50), where the browser tells them.
  const digits = (_, value, context) => (typeof value === "number" && context?.source) || value;

  const notice = (look, text, id) => {
    const made = element("section", "", { class: `card notice ${look}` });
    const said = element("p", text, { role: "alert" });
    made.append(said);
    if (id) said.append(element("span", ` Correlation id: ${id}`, { class: "small" }));
    notices.replaceChildren(made);
    return made;
  };
  const end = (id) => {
    notice("bad", "The session is over. Launch the app again from the chart.", id);
    for (const control of document.querySelectorAll("main fieldset, main button, #logout"))
      if (!("local" in control.dataset)) control.disabled = true;
  };
  // Resolves when the person tries again, which the EHR's own pause comes before.
  const pause = (seconds, id) => {
    waiting ??= new Promise((resolve) => {
      const made = notice("warn", "The EHR's access could not be renewed just now. The session is kept.", id);
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
        resolve();
      });
    });
    return waiting;
  };
  const call = async (url, options = {}) => {
    const answer = await fetch(url, options);
    const text = await answer.text();
    let body = null;
    try {
      body = text && JSON.parse(text, digits);
    } catch {
      // Something on the way answered in our place: its status says it.
    }
    if (answer.ok) return body;
    const id = answer.headers.get("X-Correlation-Id");
    const code = body?.code || body?.issue?.[0]?.details?.coding?.[0]?.code;
    if (code === "refresh_failed") {
      await pause(Number(answer.headers.get("Retry-After")) || 5, id);
      if (!options.signal?.aborted) return call(url, options);
    }
    const ended = answer.status === 401 && over.includes(code);
    if (ended) end(id);
    const said = body?.detail || body?.issue?.[0]?.diagnostics || `HTTP ${answer.status}`;
    throw Object.assign(new Error(ended ? "The session is over." : said), { ended });
  };

  const logout = document.getElementById("logout");
  logout.hidden = false;
  logout.addEventListener("click", async () => {
    logout.disabled = true;
    try {
      await call(`/fhir_proxy/${handle}/session`, { method: "DELETE", headers: { Accept: "application/json" } });
    } catch (error) {
      if (!error.ended) {
        notice("bad", `You are not logged out. ${error.message}`);
        logout.disabled = false;
        return;
      }
    }
    document.title = "Logged out";
    const card = element("main", "");
    const heading = element("h1", "You are logged out", { tabindex: "-1" });
    const text = "The session has ended and the patient's data is off this page. Close it, or launch the app again from the chart.";
    card.append(heading, element("p", text));
    document.body.replaceChildren(card);
    heading.focus();
  });

  return { call, element, handle };
})();
