/* The field of a question: its height and bound, its keys, and the line above it that offers a way
   back. */
import { data, find, page, speak, word } from "./words.js";

const coarse = () => matchMedia("(pointer: coarse)").matches;
let way = null; // what the line above the field takes back

export const field = () => find("#question");

/* On a touch screen a focused field brings the keyboard, which would hide the answer. */
export function focusField() {
  if (!coarse()) field().focus({ preventScroll: true });
}

export function fill(text) {
  field().value = text;
  measure();
}

export function measure() {
  const asked = field();
  asked.style.height = "auto";
  asked.style.height = `${Math.min(asked.scrollHeight, innerHeight * 0.3)}px`;
  const count = [...asked.value.trim()].length;
  const over = count > data.limit;
  const limit = find("#limit");
  limit.hidden = !over;
  limit.textContent = over ? word("too_long").replace("{count}", count) : "";
  asked.setAttribute("aria-invalid", String(over));
  return !over;
}

/* Says something above the field, with a button; gone with the next question. */
export function offerWay(said, button, undo) {
  way = undo;
  const line = find("#way");
  find("span", line).dataset.word = said;
  find("button", line).dataset.word = button;
  line.hidden = false;
  speak(line);
}

export function closeWay() {
  way = null;
  find("#way").hidden = true;
}

export function takeWay() {
  const undo = way;
  closeWay();
  undo?.();
}

/* Listens, with what the keys do: send() tells whether it did, last() the last question. */
export function listenToKeys({ send, escape, last }) {
  const asked = field();
  asked.addEventListener("input", measure);
  asked.addEventListener("keydown", (event) => {
    // 229: the key belongs to an input method that is still composing, in browsers that do not say so
    if (event.isComposing || event.keyCode === 229) return;
    const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (send() && coarse()) asked.blur();
    } else if (event.key === "ArrowUp" && plain && !asked.value && last()) {
      event.preventDefault();
      fill(last());
      asked.select();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Escape") escape(event.target);
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    asked.focus();
  });
  find("#way button").addEventListener("click", takeWay);
  find("#composer").addEventListener("submit", (event) => {
    event.preventDefault();
    if (send() && coarse()) asked.blur();
  });
}

/* Folds a question of over three lines, with a button that shows it whole. */
export function fold(turn) {
  const asked = find(".asked .text", turn);
  const button = find(".unfold", turn);
  asked.classList.add("folded");
  const over = asked.scrollHeight > asked.clientHeight + 2;
  asked.classList.toggle("folded", over && button.getAttribute("aria-expanded") !== "true");
  button.hidden = !over;
}

export function unfold(button) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  const label = find("span", button);
  label.dataset.word = open ? "show_less" : "show_more";
  label.textContent = word(label.dataset.word);
  fold(button.closest(".turn"));
}

export function foldAll() {
  for (const turn of page.querySelectorAll(".turn")) fold(turn);
}
