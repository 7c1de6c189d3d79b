/* Marks the characters that the address names, `#c<start>-<end>-<mark>`, on the page of a case, and
   completes its citation.

   Offsets count code points of the document's text, half open. Each element with `data-start` holds
   the characters from there on, one text node, one for one. The mark tells the words again where the
   document was edited: how many letters they have and their hash, see chatbot/answers/citations.py. */
(() => {
  "use strict";

  const BASE = 0x01000193;
  const UNSEEN = /[\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\ufffd]/u;
  const find = (id) => document.getElementById(id);
  const note = find("note");
  const places = () => document.querySelectorAll("[data-start]");
  let shown = null; // the span that is marked, {start, end, words}

  const step = (hash, letter) => (Math.imul(hash, BASE) + letter) >>> 0;

  function clear() {
    for (const mark of document.querySelectorAll("mark")) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
    for (const near of document.querySelectorAll(".near")) near.classList.remove("near");
  }

  function mark(start, end) {
    const marks = [];
    for (const element of places()) {
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

  /* Every letter of the page that is seen, with its offset, in the order of the text. */
  function read() {
    const letters = [], offsets = [];
    for (const element of places()) {
      let at = Number(element.dataset.start);
      for (const letter of element.textContent) {
        if (!UNSEEN.test(letter)) {
          letters.push(letter.codePointAt(0));
          offsets.push(at);
        }
        at += 1;
      }
    }
    return { letters, offsets };
  }

  /* Where the words of a mark stand, the place nearest to where they stood; null where nowhere. */
  function seek(start, count, hash) {
    const { letters, offsets } = read();
    let power = 1, rolling = 0, best = null;
    for (let each = 0; each < count; each += 1) power = Math.imul(power, BASE) >>> 0;
    for (let at = 0; at < letters.length; at += 1) {
      rolling = step(rolling, letters[at]);
      if (at >= count) rolling = (rolling - Math.imul(letters[at - count], power)) >>> 0;
      if (at < count - 1 || rolling !== hash) continue;
      const found = { start: offsets[at - count + 1], end: offsets[at] + 1 };
      if (!best || Math.abs(found.start - start) < Math.abs(best.start - start)) best = found;
    }
    return best;
  }

  function show(target, words) {
    note.textContent = note.dataset[words];
    note.classList.toggle("missed", words === "changed" || words === "notMarked");
    note.hidden = false;
    if (!target) return;
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "center" });
  }

  function findNearest(start) {
    let nearest = null;
    for (const element of places())
      if (!nearest || Number(element.dataset.start) <= start) nearest = element;
    return nearest;
  }

  function follow() {
    clear();
    note.hidden = true;
    shown = null;
    const span = /^#c(\d{1,9})-(\d{1,9})(?:-([0-9a-f]{1,5})([0-9a-f]{8}))?$/.exec(location.hash);
    if (span) {
      const [start, end] = [Number(span[1]), Number(span[2])];
      const known = span[3] && { count: parseInt(span[3], 16), hash: parseInt(span[4], 16) };
      const found = known?.count ? seek(start, known.count, known.hash) : { start, end };
      const marks = found ? mark(found.start, found.end) : [];
      if (marks.length) {
        shown = { ...found, words: marks.map((each) => each.textContent).join(" ") };
        show(marks[0], found.start === start ? "marked" : "moved");
      } else if (known) {
        const nearest = findNearest(start);
        nearest?.classList.add("near");
        show(nearest, "changed");
      } else show(null, "notMarked");
    }
    lead();
    const citation = find("citation");
    citation.dataset.address = citation.dataset.and + address();
  }

  const address = () => location.href.replace(/\?[^#]*/, "");

  /* A browser that knows text fragments shows the words in the original too. */
  function lead() {
    const original = find("original");
    if (!original) return;
    const address = original.textContent;
    const ends = shown && cut(shown.words).map((part) => encodeURIComponent(part).replaceAll("-", "%2D"));
    const directive = ends ? `${address.includes("#") ? "" : "#"}:~:text=${ends.join(",")}` : "";
    original.href = address + directive;
  }

  /* The words whole where they are short and of one paragraph, else their beginning and their end;
     `point_at` in rendering.py does the same. */
  function cut(text) {
    const words = text.trim().split(/\s+/);
    const plain = words.join(" ");
    if (text.length <= 80 && !/\n/.test(text)) return [plain];
    if (words.length >= 8) return [words.slice(0, 4).join(" "), words.slice(-4).join(" ")];
    return [plain.slice(0, 20), plain.slice(-20)];
  }

  function cite() {
    const { dataset, textContent } = find("citation");
    let page = "";
    for (const each of find("pages").children)
      if (!page || Number(each.value) <= (shown?.start ?? 0)) page = each.textContent;
    const day = new Date();
    const two = (number) => String(number).padStart(2, "0");
    const date = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
    const parts = [textContent];
    if (page && shown) parts.push(dataset.page.replace("{label}", () => page));
    parts.push(address(), dataset.accessed.replace("{date}", date));
    return parts.join(dataset.and);
  }

  async function copy(button, text) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.done;
    } catch {
      button.textContent = button.dataset.failed;
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  }

  // The language links keep the place.
  for (const link of document.querySelectorAll(".languages a"))
    link.addEventListener("click", () => { link.hash = location.hash; });

  // Whoever has to sign in first is led back to the marked words too, which the server does not hear of.
  const portal = find("portal");
  if (portal) portal.href += encodeURIComponent(location.hash);

  if (!note) return;
  follow();
  addEventListener("hashchange", follow);
  find("copying").hidden = false;
  find("copy_citation").addEventListener("click", (event) => copy(event.currentTarget, cite()));
  find("copy_link").addEventListener("click", (event) => copy(event.currentTarget, address()));
})();
