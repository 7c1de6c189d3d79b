/* The chat's page: sends questions through Gradio, puts the updates on the page.

   Gradio's component calls `start` when it stands. The server renders everything that comes from a
   document; the page itself writes foreign words as text only. The conversation lives here and in the
   browser's storage: turns are appended, never redrawn, so a screen reader hears each piece once. */
import {
  closeWay, field, fill, focusField, foldAll, listenToKeys, measure, offerWay, takeWay, unfold,
} from "./chat/composer.js";
import { forgetEarlier, keepCurrent, keepEarlier, readCurrent, readEarlier } from "./chat/conversations.js";
import { hidePreview, listenToCitations, looksOnly } from "./chat/previews.js";
import { drawExamples, offerFollowUps } from "./chat/questions.js";
import { copy, linkTo, save, tell } from "./chat/sharing.js";
import {
  add, busy, clear, drawBusy, drawSettled, drop, note, numbered, record, turnOf, turns,
} from "./chat/turns.js";
import { closeReasons, explainVote, vote } from "./chat/votes.js";
import {
  begin, data, drawLanguage, explain, find, keepLanguage, language, page, speak, word,
} from "./chat/words.js";

const HISTORY = 6;      // turns sent along with a question
const TURN_LENGTH = 800; // characters of an answer sent along; the reader's words go whole
const SILENCE = 3000;   // ms without an update before the server is asked whether it is there
const REFUSED = 1000;   // ms without a first one before it is asked whether the question was refused
const LOOK = 30000;     // ms between two looks at whether the member is still signed in
const PATIENCE = 90000; // ms without an update before a question is given up

let fire, event;
let counted = 0;
let id = "";            // of this conversation, once there is one
let edited = 0;         // the number of the turn whose question is edited
let companies = null;   // null until the server has said
let wanted = "";        // the company that the address names, until it can be chosen
let code = "";
let watchdog = 0;
let lost = false;       // the server went away while a question was with it
let owner = "";         // whose conversation this is, where only members may ask
let known = false;      // whether the server has said whose

const company = () => find("#company").value;

export function start(element, props, trigger, watch, asking) {
  begin(element, props);
  fire = trigger;
  event = asking;
  page.classList.add("casebook");
  const boot = document.getElementById("boot"); // Gradio overwrites the language of <html>
  drawLanguage(Object.keys(data.tags).find((each) => data.tags[each] === boot?.lang) ?? "en");
  watch("value", () => update(data.value));
  listen();
  watchMember(true).then(() => {
    restore();
    open();
    drawEarlier();
  });
  setInterval(watchMember, LOOK);
  survey();
  boot?.remove();
  if (matchMedia("(pointer: fine)").matches) focusField();
}

function choose(chosen) {
  keepLanguage(chosen);
  drawLanguage(chosen);
  for (const turn of turns) if (turn.notice) find(".notice", turn.element).textContent = word(turn.notice);
  drawReady();
  drawEarlier();
  measure();
  foldAll();
}

/* What can be asked first, or why nothing can. */
function drawReady() {
  const unready = find("#unready");
  unready.hidden = !code;
  unready.textContent = code ? explain(code) : "";
  if (!code && !turns.length) drawExamples(company());
}

function drawCompanies() {
  const select = find("#company");
  const chosen = wanted || select.value;
  wanted = "";
  const options = companies.map((name) => new Option(name, name));
  select.replaceChildren(select.options[0], ...options);
  select.value = companies.includes(chosen) ? chosen : "";
  find(".company").hidden = companies.length < 2;
}

/* ---- asking ---- */

function ask(question, company) {
  const text = question.trim();
  if (!text || busy()) return;
  closeWay();
  if (edited && numbered(edited)) drop(numbered(edited));
  edited = 0;
  const number = ++counted;
  const history = [];
  for (const turn of turns.slice(-HISTORY)) {
    if (turn.state !== "done") continue;
    history.push({ role: "user", content: turn.question });
    history.push({ role: "assistant", content: [...turn.plain].slice(0, TURN_LENGTH).join("") });
  }
  const turn = { number, question: text, company, plain: "", state: "working", vote: "" };
  add(turn);
  note(turn, "searching");
  drawBusy();
  show(turn.element, "start");
  turn.body = { turn: number, question: text, history, company, interface: language };
  fire(event, turn.body);
  listenForSilence(Date.now(), REFUSED);
}

/* `/?q=` asks a question, `company=` chooses one; a reload does neither again. */
function open() {
  const address = new URL(location.href);
  const asked = address.searchParams.get("q");
  wanted = address.searchParams.get("company") ?? "";
  for (const name of ["q", "company"]) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
  if (companies && wanted) drawCompanies();
  if (!asked?.trim()) return;
  const draft = field().value;
  fill(asked);
  if (!measure() || busy()) return;
  const chosen = wanted || company();
  leave(); // a link's question is nobody's follow-up
  fill(draft);
  ask(asked, chosen);
}

function update(view) {
  const turn = view && numbered(view.turn);
  if (!turn || turn.state !== "working") return;
  turn.heard = true;
  listenForSilence();
  note(turn, view.notice);
  const written = find(".written", turn.element);
  written.hidden = !view.written;
  if (view.written) written.innerHTML = view.written;
  const pieces = find(".pieces", turn.element);
  for (const piece of view.pieces.slice(pieces.children.length)) {
    pieces.insertAdjacentHTML("beforeend", piece);
    pieces.lastElementChild.style.setProperty("--place", pieces.children.length);
  }
  if (view.state === "working") return;
  for (const key of ["state", "plain", "release", "outcome", "language"]) turn[key] = view[key];
  find(".offers", turn.element).innerHTML = view.offers;
  find(".sources", turn.element).innerHTML = view.sources;
  settle(turn);
  offerFollowUps(turn, turns);
}

/* Ends a turn. */
function settle(turn) {
  clearTimeout(watchdog);
  drawSettled(turn);
  drawBusy();
  keep();
  keepConversation();
}

function fail(turn, key) {
  turn.state = "failed";
  find(".pieces", turn.element).innerHTML =
    `<p class="trouble" role="alert" data-code="${key}"></p>` +
    '<p class="again"><button type="button" class="retry" data-word="retry"></button></p>';
  settle(turn);
}

function giveUp(key) {
  lost ||= key === "lost";
  for (const turn of turns) if (turn.state === "working") fail(turn, key);
}

/* What arrives for a stopped turn is not shown. (Gradio's own cancelling leaves the next question of
   the same page without its updates.) */
function stop() {
  const working = turns.filter((turn) => turn.state === "working");
  for (const turn of working) {
    turn.state = "stopped";
    settle(turn);
  }
  if (working.length) focusField();
  return working.length > 0;
}

function retry(turn) {
  if (!turn || busy()) return;
  drop(turn);
  ask(turn.question, turn.company);
}

/* Puts the last question into its field again; asked anew, it takes the place of its turn. */
function edit(turn) {
  if (!turn || busy()) return;
  edited = turn.number;
  fill(turn.question);
  offerWay("editing", "cancel", () => {
    edited = 0;
    fill("");
  });
  field().focus();
}

/* Asks what was asked of one company of all of them. */
function widen(turn) {
  if (busy()) return;
  find("#company").value = "";
  ask(turn.question, "");
}

/* Asks an offered question, within what it was offered for. */
function take(question, turn) {
  if (turn && (!turn.company || companies?.includes(turn.company))) find("#company").value = turn.company;
  ask(question, turn ? turn.company : company());
}

/* ---- conversations ---- */

/* Takes the conversation off the page. */
function leave() {
  clearTimeout(watchdog);
  hidePreview();
  closeWay();
  edited = 0;
  id = "";
  clear();
  keep();
}

function fresh() {
  const past = { id, turns: turns.map(record) };
  leave();
  drawEarlier();
  survey();
  scrollTo(0, 0);
  focusField();
  if (past.turns.length) offerWay("begun", "undo", () => resume(past));
}

/* Puts a kept conversation on the page. */
function resume(past) {
  leave();
  id = past.id;
  for (const each of past.turns) {
    counted = Math.max(counted, each.number);
    const turn = { ...each };
    add(turn);
    if (turn.state === "working") fail(turn, "lost");
    else drawSettled(turn);
  }
  drawBusy();
  keep();
  turns.at(-1)?.element.scrollIntoView();
  const last = turns.at(-1);
  if (last) offerFollowUps(last, turns);
}

/* Over a reload, because Gradio reloads the page when a lost server is back. */
function keep() {
  keepCurrent(owner, { id, turns: turns.map(record), draft: field().value });
}

function keepConversation() {
  if (!known || !turns.some((turn) => turn.state === "done")) return;
  id ||= `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  const others = readEarlier(owner).filter((each) => each.id !== id);
  keepEarlier(owner, [{ id, at: Date.now(), turns: turns.map(record) }, ...others]);
}

function restore() {
  if (turns.length) return;
  const held = readCurrent(owner);
  if (held.draft) fill(held.draft);
  if (held.turns.length) resume(held);
}

function drawEarlier() {
  const earlier = known ? readEarlier(owner).filter((each) => each.id !== id) : [];
  const format = new Intl.DateTimeFormat(data.tags[language], { dateStyle: "medium", timeStyle: "short" });
  find("#earlier").hidden = !earlier.length;
  find("#conversations").replaceChildren(...earlier.map(({ id: own, at, turns: [first] }) => {
    const item = find("#conversation").content.cloneNode(true);
    find("button", item).value = own;
    find(".name", item).textContent = first.question;
    find("time", item).textContent = format.format(at);
    return item;
  }));
}

function forget() {
  const earlier = readEarlier(owner);
  forgetEarlier();
  drawEarlier();
  offerWay("forgotten", "undo", () => {
    keepEarlier(owner, earlier);
    drawEarlier();
  });
  focusField();
}

/* The companies to choose from; without a release, why there are none. */
async function survey() {
  try {
    const answer = await (await fetch(`${data.root}/api/cases`)).json();
    code = answer.error?.code ?? "";
    companies = (answer.facets?.companies ?? []).map((facet) => facet.value);
  } catch {
    code = "lost";
    companies = [];
  }
  drawCompanies();
  drawReady();
  if (code) setTimeout(survey, 5000);
}

/* Whoever signs out, here or at the portal, takes the conversations along, from every tab. */
async function watchMember(always) {
  if (document.hidden && always !== true) return;
  let there;
  try {
    there = await fetch(`${data.root}/session`, { cache: "no-store" });
  } catch {
    return; // without a network, nobody can say
  }
  if (!there.headers.has("X-Request-Id")) return; // a proxy's word
  const member = there.headers.get("Casebook-Member") ?? "";
  const changed = owner && member !== owner;
  owner = member;
  known = there.status !== 401;
  if (!changed && known) return;
  forgetEarlier();
  fill("");
  leave();
  drawEarlier();
  if (!known) location.reload(); // the page that says where to sign in
}

/* A question whose server went away gets no last update, so the server is asked whether it is there.
   One that was never heard of is sent again: Gradio may close its stream of updates just as the next
   question joins it. */
function listenForSilence(since = Date.now(), pause = SILENCE) {
  clearTimeout(watchdog);
  watchdog = setTimeout(async () => {
    const waited = Date.now() - since;
    if (waited > PATIENCE) return giveUp("slow");
    const turn = turns.find((each) => each.state === "working");
    if (!turn) return;
    try {
      const there = await fetch(`${data.root}/session`, { cache: "no-store" });
      if (there.status === 401) return giveUp("members");
      if (there.status === 429 && !turn.heard) return giveUp("limited");
      if (there.status === 503 && !turn.heard) return giveUp("busy");
    } catch {
      return giveUp("lost");
    }
    if (!turn.heard && waited >= SILENCE && waited < 4 * SILENCE) fire(event, turn.body);
    listenForSilence(since);
  }, pause);
}

/* ---- the page ---- */

function send() {
  if (busy() || !field().value.trim() || !measure()) {
    field().focus();
    return false;
  }
  const question = field().value;
  fill("");
  ask(question, company());
  return true;
}

/* Esc closes what is open, ends what works, and empties the field, one at a time. */
function escape(target) {
  if (hidePreview() || closeReasons(target) || stop()) return;
  if (target !== field()) return;
  if (edited) takeWay();
  fill("");
}

function listen() {
  listenToKeys({ send, escape, last: () => turns.at(-1)?.question });
  listenToCitations();
  addEventListener("pagehide", keep);
  addEventListener("beforeprint", () => {
    for (const link of page.querySelectorAll("a.open")) link.dataset.address = link.href;
  });
  addEventListener("visibilitychange", watchMember);
  addEventListener("resize", foldAll);
  // Gradio looks for the server less often every time; a network that is back is worth a look at once.
  addEventListener("online", () => lost && location.reload());
  find("#stop").addEventListener("click", stop);
  find("#fresh").addEventListener("click", fresh);
  find("#forget").addEventListener("click", forget);
  find("#company").addEventListener("change", drawReady);
  page.addEventListener("submit", (event) => {
    if (!event.target.matches(".why")) return;
    event.preventDefault();
    explainVote(turnOf(event.target)).then(keepVote);
  });
  page.addEventListener("click", (event) => {
    const hit = event.target.closest("a, button");
    if (!hit) return;
    const turn = turnOf(hit);
    if (hit.matches("button.question")) take(hit.textContent, turn);
    else if (hit.matches("button.retry")) retry(turn);
    else if (hit.matches("button.edit")) edit(turn);
    else if (hit.matches("button.widen")) widen(turn);
    else if (hit.matches("button.unfold")) unfold(hit);
    else if (hit.matches("button.copy")) copy(hit, tell(turn));
    else if (hit.matches("button.link")) copy(hit, linkTo(turn));
    else if (hit.matches("button.save")) save(turns);
    else if (hit.matches(".ballot button")) vote(turn, hit.value).then(keepVote);
    else if (hit.matches("button.conversation")) reopen(hit.value);
    else if (hit.matches(".languages button")) choose(hit.value);
    else if (hit.matches('a[href*="#"]:not([target])')) follow(event, hit);
  });
}

function keepVote(sent) {
  if (!sent) return;
  keep();
  keepConversation();
}

function reopen(own) {
  const past = readEarlier(owner).find((each) => each.id === own);
  if (past) resume(past);
  else drawEarlier(); // deleted meanwhile, in another tab
}

function follow(event, link) {
  const target = document.getElementById(link.hash.slice(1));
  if (!target) return;
  event.preventDefault();
  if (looksOnly(link)) return;
  hidePreview();
  if (!target.matches("textarea, .card")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  show(target, "nearest");
  for (const lit of page.querySelectorAll(".lit")) lit.classList.remove("lit");
  void target.offsetWidth; // so that the same card lights up again
  target.classList.add("lit");
}

function show(element, block) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block, behavior: calm ? "auto" : "smooth" });
}
