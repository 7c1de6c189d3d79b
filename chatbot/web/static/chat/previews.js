/* A look at a source from its [n]: by a pointer that rests there, by focus, or by a tap.

   It repeats what the card of the source says, so it is for the eyes alone; the link itself leads to
   the card. */
import { find, page } from "./words.js";

const REST = 200; // ms until a pointer is said to rest, or to be gone

let shown = null; // the link whose source is shown
let timer = 0;
let touched = false;

const isPreviewed = (node) => node.closest?.(".said a.cite");

export function listenToCitations() {
  const box = find("#preview");
  page.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const link = isPreviewed(event.target);
    clearTimeout(timer);
    if (link) timer = setTimeout(() => show(link), REST);
    else if (shown && !box.contains(event.target)) timer = setTimeout(hidePreview, REST);
  });
  page.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"));
  page.addEventListener("focusin", (event) => {
    const link = isPreviewed(event.target);
    if (link?.matches(":focus-visible") && !touched) show(link);
    else if (!link) hidePreview();
  });
  addEventListener("scroll", hidePreview, { passive: true });
  addEventListener("resize", hidePreview);
  box.addEventListener("click", () => shown?.click());
}

/* Tells whether a click on a link is a tap that only looks: the next one follows. */
export function looksOnly(link) {
  const looks = touched && isPreviewed(link) && shown !== link;
  if (looks) show(link);
  return Boolean(looks);
}

export function hidePreview() {
  const was = shown;
  clearTimeout(timer);
  shown = null;
  find("#preview").hidden = true;
  return Boolean(was);
}

function show(link) {
  const card = document.getElementById(link.hash.slice(1));
  if (!card?.matches(".card") || !link.isConnected) return;
  const box = find("#preview");
  const parts = [".about", ".passage"].map((part) => find(part, card).cloneNode(true));
  for (const node of parts.flatMap((part) => [part, ...part.querySelectorAll("*")]))
    for (const name of ["id", "tabindex", "role", "aria-labelledby"]) node.removeAttribute(name);
  box.replaceChildren(...parts);
  box.hidden = false;
  shown = link;
  const at = link.getBoundingClientRect();
  const space = document.documentElement.clientWidth;
  const { width, height } = box.getBoundingClientRect();
  const under = at.bottom + height < innerHeight || at.top < height;
  box.style.left = `${Math.max(8, Math.min(at.left - 24, space - width - 8))}px`;
  box.style.top = `${under ? at.bottom : at.top - height}px`;
  centre(find(".passage", box));
}

/* Shows a passage from the line before its mark on, in whole lines. */
export function centre(passage) {
  const mark = find("mark", passage);
  if (!mark) return;
  const height = parseFloat(getComputedStyle(passage).lineHeight);
  const above = mark.getBoundingClientRect().top - passage.getBoundingClientRect().top + passage.scrollTop;
  passage.scrollTop = (Math.round(above / height) - 1) * height;
}
