/* Votes on answers: helpful or not, and where not, why. */
import { data, find, word } from "./words.js";

export function drawVote({ element, vote }) {
  for (const button of element.querySelectorAll(".vote button[value]"))
    button.setAttribute("aria-pressed", String(button.value === vote));
}

/* A vote for an answer goes at once, one against it with its reason. */
export async function vote(turn, given) {
  const form = find(".why", turn.element);
  if (given === "up") {
    form.hidden = true;
    return send(turn, { vote: "up" });
  }
  form.hidden = !form.hidden;
  say(turn, "");
  if (!form.hidden) {
    find("input", form).focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  }
  return false;
}

export async function explainVote(turn) {
  const form = find(".why", turn.element);
  const told = new FormData(form);
  const sent = await send(turn, {
    vote: "down", reason: told.get("reason") ?? "", comment: told.get("comment").trim() });
  if (!sent) return false;
  form.reset();
  form.hidden = true;
  find('.vote button[value="down"]', turn.element).focus();
  return true;
}

async function send(turn, given) {
  const { question, release, outcome } = turn;
  let sent = false;
  try {
    const { ok } = await fetch(`${data.root}/api/feedback`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ question, release, outcome, ...given }),
    });
    sent = ok;
  } catch { /* no network: said below */ }
  if (sent) turn.vote = given.vote;
  drawVote(turn);
  say(turn, sent ? "thanks" : "vote_lost");
  return sent;
}

function say(turn, key) {
  const said = find(".said-so", turn.element);
  said.dataset.word = key;
  said.textContent = key && word(key);
}

/* Tells whether there was a form of reasons around an element to close. */
export function closeReasons(element) {
  const form = element.closest?.(".why");
  if (!form) return false;
  form.hidden = true;
  find('button[value="down"]', form.closest(".vote")).focus();
  return true;
}
