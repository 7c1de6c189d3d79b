/* The turns of the conversation on the page, oldest first. */
import { fold } from "./composer.js";
import { remake } from "./fragments.js";
import { centre } from "./previews.js";
import { drawVote } from "./votes.js";
import { find, page, speak, word } from "./words.js";

const FRAGMENTS = ["written", "pieces", "offers", "sources"]; // of a turn, as the server rendered them

export let turns = []; // {number, question, company, plain, state, element, notice, heard, ...}

export const numbered = (number) => turns.find((turn) => turn.number === number);
export const busy = () => turns.some((turn) => turn.state === "working");
export const turnOf = (node) => numbered(Number(node.closest(".turn")?.id.slice(5)));

/* Puts a turn on the page, with what the server rendered of it where that is kept. */
export function add(turn) {
  const element = find("#turn").content.cloneNode(true).firstElementChild;
  turn.element = element;
  element.id = `turn-${turn.number}`;
  find(".asked", element).id = `asked-${turn.number}`;
  find(".asked .text", element).textContent = turn.question;
  find(".only", element).hidden = !turn.company;
  find(".only bdi", element).textContent = turn.company;
  find(".sources", element).setAttribute("aria-labelledby", `sources-${turn.number} asked-${turn.number}`);
  for (const part of FRAGMENTS) if (turn[part]) find(`.${part}`, element).append(remake(turn[part]));
  turns.push(turn);
  speak(element);
  find("#log").append(element);
  page.dataset.state = "talking";
  find("#welcome").hidden = true;
  find("#fresh").hidden = false;
  fold(element);
}

export function drop(turn) {
  turns = turns.filter((each) => each !== turn);
  turn.element.remove();
}

export function clear() {
  turns = [];
  find("#log").replaceChildren();
  find("#welcome").hidden = false;
  find("#fresh").hidden = true;
  delete page.dataset.state;
  drawBusy();
}

/* Shows a turn as one that is over. */
export function drawSettled(turn) {
  const { element, state } = turn;
  note(turn, state === "stopped" ? "stopped" : "");
  find(".written", element).hidden = !find(".written", element).children.length;
  const sources = find(".sources", element);
  sources.hidden = !sources.children.length;
  element.classList.toggle("cited", !sources.hidden);
  for (const passage of sources.querySelectorAll(".passage")) centre(passage);
  find(".tools", element).hidden = state === "failed";
  for (const tool of element.querySelectorAll(".tools :is(.copy, .save)")) tool.hidden = state !== "done";
  find(".tools .retry", element).hidden = state !== "stopped";
  find(".vote", element).hidden = state !== "done" || !turn.release;
  drawVote(turn);
  speak(element);
}

export function note(turn, key) {
  turn.notice = key;
  const notice = find(".notice", turn.element);
  notice.textContent = key ? word(key) : "";
  notice.classList.toggle("still", key === "stopped");
}

/* What is kept of a turn. */
export function record({ element, body, heard, ...turn }) {
  const kept = FRAGMENTS.map((part) => [part, find(`.${part}`, element).innerHTML]);
  return { ...turn, ...Object.fromEntries(kept) };
}

export function drawBusy() {
  const working = busy();
  find("#send").hidden = working;
  find("#stop").hidden = !working;
  find("#log").setAttribute("aria-busy", String(working));
  const asking = "button:is(.question, .retry, .edit, .widen, .conversation)";
  for (const button of page.querySelectorAll(asking)) button.disabled = working;
}
