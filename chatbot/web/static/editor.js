/* The editor's page: what Gradio's components leave open.

   Loaded before Gradio. Buttons in the server's HTML trigger `act`; a question is asked first where
   the button has one. Words of documents are written as text only. */
(() => {
  "use strict";

  // Gradio speaks the browser's language; this page has its own.
  const language = document.documentElement.lang;
  Object.defineProperty(navigator, "language", { get: () => language });
  Object.defineProperty(navigator, "languages", { get: () => [language] });

  const find = (selector) => document.querySelector(selector);

  /* ---- buttons ---- */

  function listen(element, trigger, name) {
    element.addEventListener("click", async (event) => {
      const button = event.target.closest("button[data-act]");
      if (!button || !element.contains(button)) return;
      const { act, name: which, number } = button.dataset;
      if (button.dataset.ask && !(await ask(button))) return;
      trigger(name, number === undefined ? { act, name: which } : { act, number: Number(number) });
    });
  }

  function ask(button) {
    const dialog = find("#ask");
    find("#ask-what").textContent = button.dataset.ask;
    const yes = find("#ask-yes");
    yes.textContent = button.textContent;
    dialog.showModal();
    find("#ask-no").focus();
    // Not by the dialog's `close`: it comes later, and may be that of the question before.
    return new Promise((resolve) => {
      const end = (answer) => {
        dialog.close();
        resolve(answer);
      };
      yes.onclick = () => end(true);
      find("#ask-no").onclick = () => end(false);
      dialog.oncancel = () => resolve(false);
    });
  }

  /* ---- the four parts by arrow keys, which Gradio leaves out ---- */

  document.addEventListener("keydown", (event) => {
    const list = event.target.closest?.("[role=tablist]");
    if (!list) return;
    const tabs = [...list.querySelectorAll("[role=tab]")];
    const last = tabs.length - 1;
    const at = tabs.indexOf(event.target);
    const next = { ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at > 0 ? at - 1 : last, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    tabs[next].click();
    tabs[next].focus();
  });

  /* ---- the session and the connection ---- */

  const plain = window.fetch;
  window.fetch = async (...given) => {
    let answer;
    try {
      answer = await plain(...given);
    } catch (error) {
      if (error?.name !== "AbortError") warn("lost");
      throw error;
    }
    if (answer.status === 401) location.reload(); // which leads to signing in
    else if (answer.status === 413) warn("large");
    else if (find("#trouble")?.dataset.shown === "lost") warn("");
    return answer;
  };

  function warn(key) {
    const trouble = find("#trouble");
    if (!trouble) return;
    trouble.dataset.shown = key;
    trouble.textContent = key ? trouble.dataset[key] : "";
    trouble.hidden = !key;
    if (key === "large") setTimeout(() => trouble.dataset.shown === key && warn(""), 10000);
  }

  /* ---- the first paint ---- */

  new MutationObserver((_, observer) => {
    if (!find("#head .masthead")) return;
    observer.disconnect();
    document.documentElement.lang = language;
    find("#boot")?.remove();
  }).observe(document, { childList: true, subtree: true });

  window.desk = { listen };
})();
