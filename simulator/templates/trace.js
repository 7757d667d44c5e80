"use strict";
// Reloads the page when the EHR has received a request. Open items stay open.
{
  const seen = Number(document.querySelector("[data-newest]").dataset.newest);
  const open = () => [...document.querySelectorAll("details[open][id]")].map((one) => one.id);
  const kept = sessionStorage.getItem("trace");
  if (kept !== null) {
    sessionStorage.removeItem("trace");
    const { opened, top } = JSON.parse(kept);
    for (const id of opened) {
      document.getElementById(id)?.setAttribute("open", "");
    }
    scrollTo(0, top);
  }
  setInterval(async () => {
    if (document.hidden) {
      return;
    }
    try {
      const response = await fetch(`/_trace?after=${seen}`);
      if ((await response.json()).requests.length > 0) {
        sessionStorage.setItem("trace", JSON.stringify({ opened: open(), top: scrollY }));
        location.reload();
      }
    } catch {
      // The EHR was stopped. Keep the page as it is.
    }
  }, 2000);
}
