/* The widget's frame: asks over POST /api/ask, shows the answer as it comes.

   Whatever a document or a reader wrote goes in as text, each in an element of its own direction; no
   string is ever read as HTML. The page that embeds the frame is heard only where the server lists its
   origin, and says nothing that reaches an answer. A token lives in a variable. A frame of another site
   may be allowed no storage, so the page keeps the conversation, sealed with a key that only this
   frame gets: the page can neither read nor change it, and forgets it by dropping it. */
(() => {
"use strict";

const KEPT = 12;          // turns kept over a move to another page
const HISTORY = 6;        // turns sent along with a question
const TURN_LENGTH = 800;  // characters of an answer sent along; the reader's words go whole
const LONG = 8000;        // ms until a wait is said to be long
const PATIENCE = 90000;   // ms until a question is given up
const RENEWAL = 10000;    // ms in which the page has to come up with a token
const SOON = 30;          // seconds before a token's end in which it is renewed
const VERDICTS = { nearest: "near", absent: "absent" };  // of what is no answer
const LINK = /^(cases(\/[\w-]+(#c\d+-\d+(-[\da-f]+)?)?)?)?$/;

const config = JSON.parse(document.body.dataset.config);
let language = "en";
let portal = "";          // the origin of the page around this frame, once it has spoken
let sealed = "";          // a conversation that waits for its member
let round = 0;            // counts what was forgotten
let key;                  // a promise of the key that conversations are sealed with
let turns = [];           // {question, company, state: working|done|stopped|failed, answer, code, wait}
let token = "", renews = false, expires = Infinity;
let member = 0;           // a number that stands for the token's member, 0 for nobody
let renewed = null;       // called by the next token
let working = null;       // {turn, abort} while a question is asked

const find = (id) => document.getElementById(id);
const word = (key, fill = "") => (config.words[language][key] ?? "").replace(/\{\w+\}/, () => fill);
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/* ---- elements ---- */

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  const { data = {}, aria = {}, ...rest } = properties;
  Object.assign(node, rest);
  Object.assign(node.dataset, data);
  for (const key in aria) node.setAttribute(`aria-${key}`, aria[key]);
  node.append(...children);
  return node;
}

/* Words that follow the language, and those that do not. */
const say = (tag, key, properties = {}, fill = "") =>
  make(tag, { ...properties, data: { word: key, fill } });
const quote = (tag, text, className = "") =>
  make(tag, { className, dir: "auto", lang: /[\u3400-\u9fff]/.test(text) ? "zh-CN" : "" }, text);

function speak(within = document) {
  for (const node of within.querySelectorAll("[data-word]"))
    node.textContent = word(node.dataset.word, node.dataset.fill);
  for (const node of within.querySelectorAll("[data-word-label]")) {
    const text = word(node.dataset.wordLabel, node.dataset.fill);
    node.setAttribute("aria-label", text);
    if (node.matches("header *, form button")) node.title = text;
  }
  for (const node of within.querySelectorAll("[data-word-placeholder]"))
    node.placeholder = word(node.dataset.wordPlaceholder);
  for (const node of within.querySelectorAll("[data-code]"))
    node.textContent = explain(node.dataset.code);
}

function explain(code) {
  const sentences = config.errors[language];
  return sentences[code] ?? sentences[config.same[code]] ?? sentences.internal;
}

function choose(chosen) {
  language = Object.hasOwn(config.tags, chosen) ? chosen : "en";
  document.documentElement.lang = config.tags[language];
  document.title = word("title");
  for (const button of document.querySelectorAll(".languages button"))
    button.setAttribute("aria-pressed", String(button.value === language));
  find("cases").replaceChildren(makeLink("cases", say("span", "collection")));
  const page = makeLink("", find("icon").content.cloneNode(true));
  page.dataset.wordLabel = "as_page";
  find("page").replaceChildren(page);
  find("examples").replaceChildren(...config.examples[language].map(makeQuestion));
  speak();
  measure();
}

function makeQuestion(text) {
  const button = make("button", { type: "button", className: "question", dir: "auto" }, text);
  button.addEventListener("click", () => ask(text));
  return make("li", {}, button);
}

/* ---- a turn ---- */

function draw(turn) {
  const element = make("article", { className: `turn ${turn.state}` },
    make("h2", { className: "asked" }, say("span", "you_asked", { className: "unseen" }), quote("span", turn.question)));
  if (turn.company) element.append(say("p", "only", { className: "code", dir: "auto" }, turn.company));
  if (turn.state === "working") element.append(say("p", "searching", { className: "notice" }));
  if (turn.state === "stopped") element.append(say("p", "stopped", { className: "notice" }));
  if (turn.state === "failed") element.append(...drawFailure(turn));
  if (turn.answer) element.append(...drawAnswer(turn));
  if (turn.state === "stopped") element.append(make("p", { className: "tools" }, makeRetry(turn)));
  speak(element);
  turn.element?.replaceWith(element);
  turn.element = element;
  return element;
}

function drawFailure(turn) {
  const retry = makeRetry(turn);
  const end = Date.now() + turn.wait * 1000;
  (function count() {
    const left = Math.ceil((end - Date.now()) / 1000);
    retry.disabled = left > 0;
    retry.dataset.word = left > 0 ? "wait" : "retry";
    retry.dataset.fill = left;
    retry.textContent = word(retry.dataset.word, left);
    if (left > 0) setTimeout(count, 1000);
  })();
  return [
    make("p", { className: "trouble", data: { code: turn.code } }),
    say("p", "reason", { className: "code" }, turn.code),
    make("p", { className: "tools" }, retry),
  ];
}

function makeRetry(turn) {
  const button = say("button", "retry", { type: "button", className: "retry" });
  button.addEventListener("click", () => {
    if (working) return;
    turns = turns.filter((each) => each !== turn);
    turn.element.remove();
    ask(turn.question, turn.company);
  });
  return button;
}

function drawAnswer(turn) {
  const { answer } = turn;
  const nodes = [];
  const verdict = VERDICTS[answer.mode];
  if (verdict) nodes.push(say("p", verdict, { className: `verdict ${verdict}` }));
  const table = answer.table?.length > 0 && drawTable(turn);
  if (table) nodes.push(table);
  for (const part of answer.parts) {
    if (table && /case|quote/.test(part.kind)) continue;
    if (part.kind === "case") nodes.push(quote("h3", part.text, "case"));
    else if (part.kind === "quote") nodes.push(...drawQuote(turn, part));
    else nodes.push(quote("p", part.citation ? `${part.text} [${part.citation}]` : part.text, part.kind));
  }
  if (answer.nearest.length && !answer.citations.length)
    nodes.push(say("h3", "nearest"), make("ul", { className: "nearest" }, ...answer.nearest.map((near) =>
      make("li", {}, makeLink(near.link, near.company ? make("bdi", { className: "company" }, near.company) : "", quote("span", near.case), ...gloss(near))))));
  if (answer.suggestions.length)
    nodes.push(say("h3", "suggestions"), make("ul", { className: "questions" }, ...answer.suggestions.map(makeQuestion)));
  const copy = say("button", "copy", { type: "button", className: "retry" });
  copy.addEventListener("click", async () => {
    const done = await navigator.clipboard.writeText(tellAnswer(answer)).then(() => "copied", () => "copy_failed");
    copy.dataset.word = done;
    copy.textContent = word(done);
    announce(word(done));
  });
  nodes.push(make("p", { className: "tools" }, copy), drawVote(turn, 0));
  return nodes;
}

/* What is quoted of several companies or cases, a row for each. */
function drawTable(turn) {
  const { answer } = turn;
  const row = ({ name, citations }) => {
    const cell = make("td", { role: "cell" });
    let before = name;
    for (const each of answer.citations.filter(({ number }) => citations.includes(number))) {
      if (each.case !== before) cell.append(quote("p", each.case, "of"));
      before = each.case;
      cell.append(...drawQuote(turn, { text: each.quote, citation: each.number }));
    }
    if (!citations.length) cell.append(say("p", "silent", { className: "of" }));
    const head = Object.assign(quote("th", name), { scope: "row", role: "rowheader" });
    return make("tr", { role: "row" }, head, cell);
  };
  return make("table", { role: "table" }, say("caption", "table", { className: "unseen" }), ...answer.table.map(row));
}

/* The answer as plain text, with where each quotation stands. */
function tellAnswer({ text, citations }) {
  const lines = citations.map((each) =>
    `[${each.number}] ${[each.case, each.company, each.source, each.published].filter(Boolean).join(" · ")}\n    ${new URL(each.link, document.baseURI)}`);
  return [text, lines.join("\n")].filter(Boolean).join("\n\n");
}

function drawQuote(turn, part) {
  const citation = turn.answer.citations.find((each) => each.number === part.citation);
  const text = quote("p", part.text);
  const block = make("blockquote", {}, text);
  if (!citation) return [block];
  const tongue = ["en", "zh", "und"].includes(citation.language) ? citation.language : "other";
  if (tongue !== "und") block.append(say("p", `from_${tongue}`, { className: `origin from-${tongue}` }));
  const card = drawCard(turn, citation);
  const button = make("button", { type: "button", className: "cite", data: { wordLabel: "source_of", fill: part.citation },
    aria: { expanded: false, controls: card.id } }, `[${part.citation}]`);
  button.addEventListener("click", () => {
    card.hidden = !card.hidden;
    button.setAttribute("aria-expanded", String(!card.hidden));
    if (card.hidden) return;
    centre(card.querySelector(".passage"));
    card.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  });
  text.append(" ", button);
  return [block, card];
}

/* Offsets count code points. A quotation that is not where it should be is shown alone. */
function drawCard(turn, citation) {
  const letters = Array.from(citation.passage);
  const start = citation.start - citation.passage_start;
  const end = start + Array.from(citation.quote).length;
  const mark = make("mark", {}, citation.quote);
  const fits = start >= 0 && letters.slice(start, end).join("") === citation.quote;
  const passage = quote("blockquote", "", "passage");
  passage.append(...(fits ? [letters.slice(0, start).join(""), mark, letters.slice(end).join("")] : [mark]));
  passage.tabIndex = 0;
  passage.dataset.wordLabel = "source_of";
  passage.dataset.fill = citation.number;
  passage.setAttribute("role", "group");
  const facts = [citation.company, citation.source, citation.published].filter(Boolean).map((fact) => quote("span", fact));
  facts.unshift(...own(citation, "company", "bdi"));
  if (citation.page) facts.push(say("span", "on_page", {}, citation.page_label));
  const card = make("div", { className: "card", hidden: true, id: `source-${turns.indexOf(turn)}-${citation.number}` },
    quote("p", citation.case, "name"), make("p", { className: "facts" }, ...facts), passage, ...gloss(citation));
  if (["caption", "heading"].includes(citation.kind)) card.prepend(say("p", citation.kind, { className: "kind" }));
  card.append(make("p", { className: "tools" }, makeLink(citation.link, say("span", "open_case"))), drawVote(turn, citation.number));
  return card;
}

/* What is for readers of one language, shown where that is the page's; then what an editor says of a
   case, which is no quotation. */
const own = (given, key, tag) => ["en", "zh"].filter((each) => ![undefined, "", given.company, given.case].includes(given[`${key}_${each}`]))
  .map((each) => quote(tag, given[`${key}_${each}`], `for-${each}`));

function gloss(given) {
  const told = ["title", "summary"].flatMap((key) => own(given, key, "span"));
  for (const each of told) each.prepend(say("i", "editors_words"), " ");
  return told;
}

/* A link to a case in a new tab. A member's new tab knows nothing of the token, so it is posted there
   and becomes a session, never part of an address. */
function makeLink(path, ...children) {
  if (!LINK.test(path)) return make("span", {}, ...children);
  const link = make("a", { href: path || "./", target: "_blank", rel: "noopener" }, ...children,
    say("span", "new_tab", { className: "unseen" }));
  link.addEventListener("click", async (event) => {
    if (!token && !renews) return;
    event.preventDefault();
    await refresh();
    const form = make("form", { method: "post", action: "session", target: "_blank", hidden: true });
    form.setAttribute("rel", "noopener");
    for (const [name, value] of [["token", token], ["next", path]]) form.append(make("input", { type: "hidden", name, value }));
    document.body.append(form);
    form.submit();
    form.remove();
  });
  return link;
}

function centre(passage) {
  const height = parseFloat(getComputedStyle(passage).lineHeight);
  const above = passage.querySelector("mark").getBoundingClientRect().top - passage.getBoundingClientRect().top + passage.scrollTop;
  passage.scrollTop = (Math.round(above / height) - 1) * height; // whole lines, one before the mark
}

/* ---- votes ---- */

function drawVote(turn, number) {
  const box = make("div", { className: "vote" });
  const question = say("span", number ? "fits" : "helps", { id: `vote-${turns.indexOf(turn)}-${number}` });
  const group = make("div", { className: "ballot", role: "group", aria: { labelledby: question.id } }, question);
  const buttons = ["up", "down"].map((vote) => {
    const button = say("button", vote === "up" ? "yes" : "no", { type: "button" });
    button.setAttribute("aria-pressed", String(turn.votes?.[number] === vote));
    button.addEventListener("click", async () => {
      if (!(await send(vote))) return;
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      turn.votes = { ...turn.votes, [number]: vote };
      keep();
      if (!number) askComment(vote);
    });
    return button;
  });
  group.append(...buttons);
  box.append(group);

  async function send(vote, comment = "") {
    let key = "thanks";
    try {
      await call("api/feedback", { question: turn.question, release: turn.answer.release, vote, citation: number, comment, outcome: turn.answer.outcome });
    } catch {
      key = "vote_lost";
    }
    box.querySelector(".said")?.remove();
    box.append(say("p", key, { className: "said" }));
    speak(box);
    announce(word(key));
    return key === "thanks";
  }

  function askComment(vote) {
    box.querySelector("form")?.remove();
    const field = make("input", { type: "text", maxLength: config.comment, dir: "auto", data: { wordPlaceholder: "comment", wordLabel: "comment" } });
    const form = make("form", {}, field, say("button", "send", { type: "submit" }));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (field.value.trim() && (await send(vote, field.value.trim()))) {
        form.remove();
        buttons[0].focus();
      }
    });
    box.append(form);
    speak(box);
    form.scrollIntoView({ block: "center" });
  }
  return box;
}

/* ---- asking ---- */

async function ask(given, company = find("company").value) {
  const question = given.trim();
  if (!question || working) return;
  const history = [];
  for (const turn of turns.slice(-HISTORY)) {
    if (!turn.answer) continue;
    history.push({ role: "user", content: turn.question });
    history.push({ role: "assistant", content: [...turn.answer.text].slice(0, TURN_LENGTH).join("") });
  }
  const turn = { question, company, state: "working", answer: null, code: "", wait: 0 };
  const abort = new AbortController();
  working = { turn, abort };
  turns.push(turn);
  find("turns").append(draw(turn));
  drawBusy();
  show(turn);
  const late = setTimeout(() => note(turn, "still"), LONG);
  const end = setTimeout(() => abort.abort("slow"), PATIENCE);
  try {
    turn.answer = await listen(await call("api/ask", { question, history, filters: company ? { company: [company] } : {} }, abort.signal), turn);
    turn.state = "done";
  } catch (failure) {
    if (abort.signal.reason === "forgotten") return;
    const stopped = abort.signal.reason === "stopped";
    turn.state = stopped ? "stopped" : "failed";
    turn.code = abort.signal.reason === "slow" ? "slow" : failure.code ?? "offline";
    turn.wait = failure.wait ?? 0;
  } finally {
    clearTimeout(late);
    clearTimeout(end);
    working = working?.turn === turn ? null : working;
    drawBusy();
  }
  draw(turn);
  const count = turn.answer?.citations.length;
  if (turn.answer) announce(`${word(VERDICTS[turn.answer.mode] ?? (count ? "answered" : "answered_none"), count)}: ${turn.answer.text}`);
  else announce(turn.state === "stopped" ? word("stopped") : explain(turn.code));
  keep();
}

/* Sends a body, or asks for what is there, as the member, once more with a new token where the first had run out. Throws
   {code, wait}. */
async function call(path, body, signal) {
  await refresh();
  for (let again = renews; ; again = false) {
    const headers = { "Content-Type": "application/json", Accept: path === "api/ask" ? "text/event-stream" : "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const response = await fetch(path, { method: body ? "POST" : "GET", headers, body: JSON.stringify(body), signal, credentials: "omit" });
    if (response.ok) return response;
    const { error } = await response.json().catch(() => ({}));
    const code = error?.code ?? { 403: "origin", 429: "limited", 502: "offline", 503: "busy", 504: "offline" }[response.status] ?? "internal";
    if (again && /^token_(missing|expired)$/.test(code)) {
      await renew();
      continue;
    }
    throw { code: code === "bad_question" && body?.question.length > config.longest ? "too_long" : code,
      wait: Math.min(Number(response.headers.get("Retry-After")) || 0, 3600) };
  }
}

/* Reads the events of a stream; what has come so far is shown until the answer itself is there. */
async function listen(response, turn) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const preview = make("p", { className: "preview", dir: "auto" });
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw { code: "offline" };
    held += value;
    const blocks = held.split("\n\n");
    held = blocks.pop();
    for (const block of blocks) {
      const name = /^event: (\w+)$/m.exec(block)?.[1];
      const data = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null");
      if (name === "answer") return data;
      if (name === "error") throw { code: data.error.code };
      if (data?.status === "writing") note(turn, "writing");
      if (name !== "delta") continue;
      preview.textContent += data.text;
      turn.element.querySelector(".notice")?.replaceWith(preview);
    }
  }
}

/* Says what a question waits for. */
function note(turn, key) {
  const notice = turn.element.querySelector(".notice");
  if (!notice) return;
  notice.dataset.word = key;
  speak(turn.element);
}

function stop(reason) {
  working?.abort.abort(reason);
}

function drawBusy() {
  find("send").hidden = Boolean(working);
  find("stop").hidden = !working;
  find("talk").setAttribute("aria-busy", String(Boolean(working)));
  find("welcome").hidden = turns.length > 0;
  find("fresh").hidden = turns.length === 0;
}

function show(turn) {
  turn.element.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
}

/* One region speaks: a finished answer, once. */
function announce(text) {
  find("live").textContent = text;
}

/* ---- the composer ---- */

function measure() {
  const field = find("question");
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, innerHeight * 0.3)}px`;
  const count = [...field.value.trim()].length;
  const over = count > config.longest;
  find("limit").hidden = !over;
  find("limit").textContent = over ? word("too_long", count) : "";
  field.setAttribute("aria-invalid", String(over));
  return !over;
}

function send() {
  const field = find("question");
  if (working || !field.value.trim() || !measure()) return field.focus();
  const question = field.value;
  field.value = "";
  measure();
  ask(question);
}

/* ---- the member ---- */

function take(given) {
  token = typeof given === "string" ? given.slice(0, 8192) : "";
  let claims = {};
  try {
    claims = JSON.parse(new TextDecoder().decode(toBytes(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))));
  } catch { /* the server will say what is wrong with it */ }
  expires = Number(claims.exp) || Infinity;
  const next = claims.sub === undefined ? 0 : number(String(claims.sub));
  if (next && member && next !== member) forget();
  member = next || member;
  find("hint").hidden = Boolean(token) || !config.closed;
  renewed?.();
  restore();
}

/* FNV-1a, so that the name itself is not kept. */
function number(text) {
  return Array.from(text).reduce((sum, letter) => Math.imul(sum ^ letter.codePointAt(0), 16777619), 2166136261) || 1;
}

function renew() {
  return new Promise((resolve) => {
    renewed = resolve;
    tell({ type: "casebook:need-token" });
    setTimeout(resolve, RENEWAL);
  });
}

async function refresh() {
  if (renews && (!token || expires - SOON < Date.now() / 1000)) await renew();
}

/* ---- what is kept ---- */

async function getKey() {
  const raw = await (await fetch("widget/key", { cache: "force-cache", credentials: "omit" })).arrayBuffer();
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/* Where there is no cryptography (plain HTTP) nothing is kept, and the next page starts anew. */
async function keep() {
  const began = round;
  const kept = turns.filter((turn) => turn.state !== "working").slice(-KEPT).map(({ element, ...turn }) => turn);
  if (!kept.length) return;
  const words = new TextEncoder().encode(JSON.stringify({ member, language, turns: kept }));
  try {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const hidden = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await (key ??= getKey()), words));
    const text = btoa(Array.from([...iv, ...hidden], (byte) => String.fromCharCode(byte)).join(""));
    if (began === round) tell({ type: "casebook:keep", sealed: text });
  } catch { /* not kept */ }
}

const toBytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/* What a member said is shown again only to that member. */
async function restore() {
  if (!sealed || turns.length) return;
  let kept;
  try {
    const bytes = toBytes(sealed);
    const iv = bytes.slice(0, 12);
    kept = JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await (key ??= getKey()), bytes.slice(12))));
  } catch { /* another key, or altered */ }
  if (!sealed || turns.length) return;
  if (!kept || (member && kept.member && kept.member !== member)) return forget();
  if (kept.member && !member) return void (renews && renew());
  sealed = "";
  turns = kept.turns;
  choose(kept.language);
  find("turns").replaceChildren(...turns.map(draw));
  drawBusy();
  turns.at(-1).element.scrollIntoView();
}

function clear() {
  round += 1;
  stop("forgotten");
  working = null;
  turns = [];
  sealed = "";
  find("turns").replaceChildren();
  announce("");
  drawBusy();
  tell({ type: "casebook:keep", sealed: "" });
}

function forget() {
  clear();
  find("question").value = find("company").value = "";
  measure();
}

/* ---- the page around ---- */

/** @param {import("./messages").ToPage} message */
function tell(message) {
  parent.postMessage(message, portal);
}

/** @param {MessageEvent<import("./messages").ToFrame>} event */
function hear({ source, origin, data }) {
  if (source !== parent || !(origin === location.origin || config.origins.includes(origin))) return;
  if (data?.type === "casebook:start") start(origin, data);
  else if (!portal) return;
  else if (data?.type === "casebook:open") enter(String(data.sealed));
  else if (data?.type === "casebook:token") {
    renews = data.renews === true;
    take(data.token);
  } else if (data?.type === "casebook:forget") {
    forget();
    member = 0;
  }
}

function start(origin, look) {
  portal = origin;
  choose(look.language);
  const root = document.documentElement;
  if (/^(light|dark)$/.test(look.theme)) root.style.colorScheme = look.theme;
  if (/^#([\da-f]{3}){1,2}$/i.test(look.color)) root.style.setProperty("--accent", look.color);
  const greeting = String(look.greeting ?? "").slice(0, 200).trim();
  if (greeting) {
    delete find("greeting").dataset.word;
    find("greeting").textContent = greeting;
  }
  document.body.hidden = false;
  measure();
  tell({ type: "casebook:ready" });
}

/* Who may not ask hears so before; who may can choose a company. */
async function greet() {
  await refresh();
  find("hint").hidden = Boolean(token) || !config.closed;
  const choice = find("company");
  if (!find("hint").hidden || choice.length > 1) return;
  try {
    const { facets } = await (await call("api/cases")).json();
    if (choice.length > 1) return;
    choice.append(...facets.companies.map(({ value }) => make("option", { value, dir: "auto" }, value)));
    choice.hidden = choice.length < 3; // with one company there is nothing to choose
  } catch { /* the first question says why */ }
}

function enter(kept) {
  sealed = kept;
  restore();
  greet();
  find(matchMedia("(pointer: fine)").matches ? "question" : "top").focus({ preventScroll: true });
}

const field = find("question");
field.addEventListener("input", measure);
field.addEventListener("keydown", (event) => {
  // 229: the key belongs to an input method that is still composing, in browsers that do not say so
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  send();
});
find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
find("stop").addEventListener("click", () => { stop("stopped"); field.focus(); });
find("fresh").addEventListener("click", () => { clear(); field.focus(); });
find("close").addEventListener("click", () => tell({ type: "casebook:close" }));
for (const button of document.querySelectorAll(".languages button"))
  button.addEventListener("click", () => { choose(button.value); keep(); });
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && portal) tell({ type: "casebook:close" });
});
addEventListener("offline", () => stop("offline"));
addEventListener("message", hear);
})();
