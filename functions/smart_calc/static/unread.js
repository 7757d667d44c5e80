// Retry of the searches that failed: the new parts replace the old ones.
(() => {
  const { call, frame, handle, page, put, whenRead } = app;
  const offer = () => page.querySelectorAll("[data-searches]").forEach((one) => (one.hidden = false));
  whenRead(offer);
  let busy = false;
  page.addEventListener("click", async ({ target }) => {
    const { searches } = target.dataset;
    if (!searches || busy) return;
    busy = true;
    const status = page.querySelector("[slot=status]");
    const text = status.textContent;
    status.textContent = "Trying again …";
    try {
      const offset = document.getElementById("stamp")?.dataset.offset;
      const answer = await call(`/smart_calc/${handle}/unread`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ searches: searches.split(" "), offset: offset ? Number(offset) : null }),
      }, true);
      const parts = [...new DOMParser().parseFromString(answer.text, "text/html").body.children];
      if (!parts.some((one) => one.slot === "status")) throw new Error("The response did not come from this app. Check the connection, then try again.");
      const held = document.activeElement === target;
      for (const one of page.querySelectorAll("[data-passing]")) one.remove();
      parts.forEach(put);
      offer();
      if (held) (page.querySelector("[data-searches]") || frame.querySelector("[part=status]")).focus();
    } catch (error) {
      status.textContent = `${text} Trying again failed: ${error.message}`;
      status.classList.add("long");
    }
    busy = false;
  });
})();
