/* Marks the characters that the address names, `#c<start>-<end>`, on the page of a case.

   Offsets count code points of the document's text, half open. Each element with `data-start` holds
   the characters from there on, one text node, one for one. */
(() => {
  "use strict";

  const note = document.getElementById("note");

  function clear() {
    for (const mark of document.querySelectorAll("mark")) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
  }

  function mark(start, end) {
    const marks = [];
    for (const element of document.querySelectorAll("[data-start]")) {
      const letters = Array.from(element.textContent); // code points, not UTF-16 units
      const first = Number(element.dataset.start);
      const from = Math.max(start - first, 0);
      const to = Math.min(end - first, letters.length);
      if (from >= to) continue;
      const words = document.createElement("mark");
      words.textContent = letters.slice(from, to).join("");
      element.replaceChildren(letters.slice(0, from).join(""), words, letters.slice(to).join(""));
      marks.push(words);
    }
    return marks;
  }

  function read() {
    clear();
    note.hidden = true;
    const span = /^#c(\d{1,9})-(\d{1,9})$/.exec(location.hash);
    if (!span) return;
    const marks = mark(Number(span[1]), Number(span[2]));
    note.textContent = marks.length ? note.dataset.marked : note.dataset.notMarked;
    note.classList.toggle("missed", !marks.length);
    note.hidden = false;
    if (!marks.length) return;
    marks[0].tabIndex = -1;
    marks[0].focus({ preventScroll: true });
    marks[0].scrollIntoView({ block: "center" });
  }

  // The language links keep the place.
  for (const link of document.querySelectorAll(".languages a"))
    link.addEventListener("click", () => { link.hash = location.hash; });

  if (!note) return;
  read();
  addEventListener("hashchange", read);
})();
