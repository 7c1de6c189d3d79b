/* The editor's pages work without this: it shows how far publishing is, and that something goes on. */
(() => {
  "use strict";

  const find = (selector) => document.querySelector(selector);

  function warn(key) {
    const trouble = find("#trouble");
    trouble.textContent = key ? trouble.dataset[key] : "";
    trouble.hidden = !key;
  }

  /* ---- a form that is sent: not twice, and no files that would be refused after minutes ---- */

  document.addEventListener("submit", (event) => {
    const files = event.target.querySelector("input[type=file]");
    const size = [...(files?.files ?? [])].reduce((sum, file) => sum + file.size, 0);
    if (size > Number(files?.dataset.largest)) {
      event.preventDefault();
      warn("large");
    } else if (event.target.ariaBusy === "true") {
      event.preventDefault();
    } else {
      event.target.ariaBusy = "true";
      find("#working").textContent = find("#working").dataset.words;
    }
  });

  addEventListener("pageshow", () => { // also of a page that the browser had kept
    for (const form of document.forms) form.ariaBusy = null;
    find("#working").textContent = "";
  });

  /* ---- publishing ---- */

  const box = find("#progress");
  if (!box) return;
  const [phase, bar, counts] = box.children;
  const events = new EventSource(box.dataset.stream);
  events.addEventListener("progress", (event) => {
    const told = JSON.parse(event.data);
    if (phase.textContent !== told.phase) phase.textContent = bar.ariaLabel = told.phase;
    counts.textContent = told.pace;
    bar.max = told.total || 1;
    if (told.total) bar.value = told.done;
    else bar.removeAttribute("value");
  });
  events.addEventListener("end", () => {
    events.close();
    location.reload();
  });
  events.addEventListener("open", () => warn(""));
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED) warn("lost");
    else setTimeout(() => location.reload(), 1000); // which leads to signing in
  });
  addEventListener("pagehide", () => events.close());
})();
