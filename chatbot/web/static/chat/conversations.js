/* Conversations on this device: the tab's own over a reload, and earlier ones until they are deleted.

   What is kept belongs to one member, or to nobody where everybody may ask; another's is deleted, not
   read. What is read may be of any shape and size, as anything may have written it. */
import { data } from "./words.js";

const TURNS = 12;          // kept of a conversation, the last ones
const CONVERSATIONS = 20;  // kept on the device, the last ones
const LARGEST = 2_000_000; // characters of all of them
const STATES = ["working", "done", "stopped", "failed"];

const name = (what) => `casebook:${what}:${data.root}`;

/* A fault of the storage is no fault of the page: full or forbidden, it keeps nothing. */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function read(storage, key) {
  return attempt(() => {
    const text = window[storage].getItem(key) ?? "";
    return text.length <= 2 * LARGEST ? JSON.parse(text) : null;
  });
}

const text = (value, most = 10000) => (typeof value === "string" && value.length <= most ? value : "");

function readTurn(given) {
  const { number, state } = given ?? {};
  if (!Number.isInteger(number) || number < 1 || number > 90000 || !STATES.includes(state)) return [];
  const turn = { number, state };
  for (const key of ["question", "company", "notice", "release", "outcome", "language", "vote"]) turn[key] = text(given[key]);
  for (const key of ["plain", "written", "pieces", "offers", "sources"]) turn[key] = text(given[key], LARGEST);
  return turn.question.trim() ? [turn] : [];
}

function readTurns(given) {
  const numbers = new Set();
  return (Array.isArray(given) ? given.slice(-TURNS).flatMap(readTurn) : [])
    .filter(({ number }) => !numbers.has(number) && numbers.add(number));
}

/* The conversation of this tab: {id, turns, draft}; nothing where it is another member's. */
export function readCurrent(owner) {
  const held = read("sessionStorage", name("tab"));
  if (!held || (held.owner ?? "") !== owner) return { id: "", turns: [], draft: "" };
  return { id: text(held.id, 50), turns: readTurns(held.turns), draft: text(held.draft) };
}

export function keepCurrent(owner, { id, turns, draft }) {
  const kept = JSON.stringify({ owner, id, turns: turns.slice(-TURNS), draft });
  attempt(() => window.sessionStorage.setItem(name("tab"), kept));
}

/* The conversations of the device, the last first: {id, at, turns}. */
export function readEarlier(owner) {
  const held = read("localStorage", name("earlier"));
  if (!held) return [];
  if ((held.owner ?? "") !== owner) {
    forgetEarlier();
    return [];
  }
  const all = Array.isArray(held.conversations) ? held.conversations.slice(0, CONVERSATIONS) : [];
  return all.flatMap((each) => {
    const turns = readTurns(each?.turns);
    const at = Number.isFinite(each?.at) && Math.abs(each.at) < 8.64e15 ? each.at : 0;
    return turns.length && text(each.id, 50) ? [{ id: each.id, at, turns }] : [];
  });
}

export function keepEarlier(owner, conversations) {
  const kept = conversations.slice(0, CONVERSATIONS);
  let packed = kept.map((each) => JSON.stringify({ ...each, turns: each.turns.slice(-TURNS) }));
  while (packed.join().length > LARGEST) packed = packed.slice(0, -1);
  for (; packed.length; packed = packed.slice(0, -1)) {
    const whole = `{"owner":${JSON.stringify(owner)},"conversations":[${packed}]}`;
    if (attempt(() => window.localStorage.setItem(name("earlier"), whole) ?? true)) return;
  }
  forgetEarlier();
}

export function forgetEarlier() {
  attempt(() => window.localStorage.removeItem(name("earlier")));
}
