/* The chat's page: sends questions through Gradio, puts the updates on the page.

   Gradio calls `casebook.start` when its component stands. The server renders everything that comes
   from a document; the page itself writes foreign words as text only. The conversation lives here and
   nowhere else: turns are appended, never redrawn, so a screen reader hears each piece once. It is
   kept for the tab's session, because Gradio reloads the page when a lost server is back. */
(() => {
  "use strict";

  const KEPT = 12;        // turns kept over a reload
  const HISTORY = 6;      // turns sent along with a question
  const TURN_LENGTH = 800; // characters of an answer sent along; the reader's words go whole
  const SILENCE = 3000;   // ms without an update before the server is asked whether it is there
  const REFUSED = 1000;   // ms without a first one before it is asked whether the question was refused
  const LOOK = 30000;     // ms between two looks at whether the member is still signed in
  const PATIENCE = 90000; // ms without an update before a question is given up

  let page, data, fire, event;
  let language = "en";
  let turns = [];         // {number, question, company, plain, state, element, notice, heard}
  let counted = 0;
  let examples = {};
  let companies = null;   // null until the server has said
  let wanted = "";        // the company that the address names, until it can be chosen
  let code = "";
  let watchdog = 0;
  let lost = false;       // the server went away while a question was with it
  let owner = "";         // whose conversation this is, where only members may ask

  const find = (selector, within = page) => within.querySelector(selector);
  const word = (key) => data.words[language][key] ?? "";
  const numbered = (number) => turns.find((turn) => turn.number === number);
  const busy = () => turns.some((turn) => turn.state === "working");

  function start(element, props, trigger, watch, asking) {
    page = element;
    data = props;
    fire = trigger;
    event = asking;
    examples = props.examples;
    page.classList.add("casebook");
    const boot = document.getElementById("boot"); // Gradio overwrites the language of <html>
    language = boot?.lang.startsWith("zh") ? "zh" : "en";
    watch("value", () => update(data.value));
    listen();
    watchMember(true).then(() => {
      restore();
      open();
    });
    setInterval(watchMember, LOOK);
    speak(page);
    drawLanguage();
    drawExamples();
    survey();
    boot?.remove();
    if (matchMedia("(pointer: fine)").matches) find("#question").focus({ preventScroll: true });
  }

  /* ---- words ---- */

  function speak(within) {
    for (const node of within.querySelectorAll("[data-word]"))
      node.textContent = word(node.dataset.word);
    for (const node of within.querySelectorAll("[data-word-label]"))
      node.setAttribute("aria-label", word(node.dataset.wordLabel));
    for (const node of within.querySelectorAll("[data-word-title]"))
      node.title = word(node.dataset.wordTitle);
    for (const node of within.querySelectorAll("[data-word-placeholder]"))
      node.placeholder = word(node.dataset.wordPlaceholder);
    for (const node of within.querySelectorAll("a.cite"))
      node.setAttribute("aria-label", word("source_of").replace("{number}", node.textContent.slice(1, -1)));
    for (const node of within.querySelectorAll("p.trouble[data-code]"))
      node.textContent = explain(node.dataset.code);
  }

  function explain(key) {
    const sentences = data.errors[language];
    return sentences[data.same[key] ?? key] ?? sentences.internal;
  }

  function choose(chosen) {
    language = chosen;
    document.cookie = `${data.cookie}=${chosen}; path=${data.root || "/"}; max-age=31536000; samesite=lax`;
    speak(page);
    for (const turn of turns) if (turn.notice) turn.element.querySelector(".notice").textContent = word(turn.notice);
    drawLanguage();
    drawExamples();
    measure();
  }

  function drawLanguage() {
    document.documentElement.lang = data.tags[language];
    document.title = word("title");
    for (const button of page.querySelectorAll(".languages button"))
      button.setAttribute("aria-pressed", String(button.value === language));
  }

  function drawExamples() {
    const fits = (example) => !example.company || (companies ?? []).includes(example.company);
    const list = find("#examples");
    list.replaceChildren(...examples[language].filter(fits).map(({ question }) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "question";
      button.textContent = question;
      item.append(button);
      return item;
    }));
    for (const shown of [list, list.previousElementSibling]) shown.hidden = Boolean(code);
    const unready = find("#unready");
    unready.hidden = !code;
    unready.textContent = code ? explain(code) : "";
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
    const number = ++counted;
    const element = makeTurn(number);
    find(".asked .text", element).textContent = text;
    find(".only", element).hidden = !company;
    find(".only bdi", element).textContent = company;
    speak(element);
    const history = [];
    for (const turn of turns.slice(-HISTORY)) {
      if (turn.state !== "done") continue;
      history.push({ role: "user", content: turn.question });
      history.push({ role: "assistant", content: [...turn.plain].slice(0, TURN_LENGTH).join("") });
    }
    const turn = { number, question: text, company, plain: "", state: "working", element, notice: "" };
    add(turn);
    note(turn, "searching");
    drawBusy();
    show(element, "start");
    turn.body = { turn: number, question: text, history, company, interface: language };
    fire(event, turn.body);
    listenForSilence(Date.now(), REFUSED);
  }

  /* `/?q=` asks a question, `company=` chooses one; a reload does neither again. */
  function open() {
    const asked = new URLSearchParams(location.search);
    if (!location.search) return;
    history.replaceState(history.state, "", location.pathname + location.hash);
    const field = find("#question");
    wanted = asked.get("company") ?? "";
    if (!asked.get("q")?.trim()) return;
    const draft = field.value;
    field.value = asked.get("q");
    if (!measure() || busy()) return;
    fresh(); // a link's question is nobody's follow-up
    field.value = draft;
    measure();
    ask(asked.get("q"), wanted);
  }

  function makeTurn(number) {
    const element = find("#turn").content.cloneNode(true).firstElementChild;
    element.id = `turn-${number}`;
    find(".asked", element).id = `asked-${number}`;
    find(".sources", element).setAttribute("aria-labelledby", `sources-${number} asked-${number}`);
    return element;
  }

  function add(turn) {
    turns.push(turn);
    find("#log").append(turn.element);
    page.dataset.state = "talking";
    find("#welcome").hidden = true;
    find("#fresh").hidden = false;
  }

  function update(view) {
    if (!view) return;
    const turn = turns.find((each) => each.number === view.turn);
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
    turn.state = view.state;
    turn.plain = view.plain;
    find(".offers", turn.element).innerHTML = view.offers;
    const sources = find(".sources", turn.element);
    sources.innerHTML = view.sources;
    sources.hidden = !view.sources;
    turn.element.classList.toggle("cited", Boolean(view.sources));
    for (const passage of sources.querySelectorAll(".passage")) centre(passage);
    find(".tools", turn.element).hidden = view.state === "failed";
    settle(turn);
  }

  function settle(turn) {
    clearTimeout(watchdog);
    note(turn, turn.state === "stopped" ? "stopped" : "");
    speak(turn.element);
    drawBusy();
    keep();
  }

  function note(turn, key) {
    turn.notice = key;
    const notice = find(".notice", turn.element);
    notice.textContent = key ? word(key) : "";
    notice.classList.toggle("still", key === "stopped");
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
    for (const turn of turns) {
      if (turn.state !== "working") continue;
      turn.state = "stopped";
      find(".tools", turn.element).hidden = false;
      for (const tool of turn.element.querySelectorAll(".tools :is(.copy, .save)")) tool.hidden = true;
      settle(turn);
    }
    find("#question").focus();
  }

  function retry(number) {
    const at = turns.findIndex((turn) => turn.number === number);
    if (at < 0 || busy()) return;
    const { question, company, element } = turns[at];
    turns.splice(at, 1);
    element.remove();
    ask(question, company);
  }

  function fresh() {
    clearTimeout(watchdog);
    turns = [];
    find("#log").replaceChildren();
    find("#welcome").hidden = false;
    find("#fresh").hidden = true;
    delete page.dataset.state;
    drawBusy();
    survey();
    keep();
    scrollTo(0, 0);
    find("#question").focus();
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
    drawExamples();
    if (code) setTimeout(survey, 5000);
  }

  /* ---- over a reload ---- */

  function keep() {
    const kept = turns.slice(-KEPT).map(({ element, body, ...turn }) => ({ ...turn, html: element.innerHTML }));
    try {
      sessionStorage.setItem(`casebook:${data.root}`, JSON.stringify({ owner, counted, kept, draft: find("#question").value }));
    } catch { /* no room, or not allowed: a reload then starts anew */ }
  }

  function restore() {
    let held;
    try {
      held = JSON.parse(sessionStorage.getItem(`casebook:${data.root}`));
    } catch { /* as above */ }
    if (!held || turns.length) return;
    if ((held.owner ?? "") !== owner) return keep(); // of the member before
    counted = held.counted;
    find("#question").value = held.draft;
    for (const { html, ...turn } of held.kept) {
      const element = makeTurn(turn.number);
      element.innerHTML = html;
      add({ ...turn, element });
    }
    speak(page);
    giveUp("lost");
    measure();
    turns.at(-1)?.element.scrollIntoView();
  }

  /* Whoever signs out, here or at the portal, takes the conversation along, from every tab. */
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
    if (!changed && there.status !== 401) return;
    find("#question").value = "";
    fresh();
    if (there.status === 401) location.reload(); // the page that says where to sign in
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

  /* ---- the composer ---- */

  function drawBusy() {
    const working = busy();
    find("#send").hidden = working;
    find("#stop").hidden = !working;
    find("#log").setAttribute("aria-busy", String(working));
    for (const button of page.querySelectorAll("button.question, button.retry")) button.disabled = working;
  }

  function measure() {
    const field = find("#question");
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, innerHeight * 0.3)}px`;
    const count = [...field.value.trim()].length;
    const over = count > data.limit;
    const limit = find("#limit");
    limit.hidden = !over;
    limit.textContent = over ? word("too_long").replace("{count}", count) : "";
    field.setAttribute("aria-invalid", String(over));
    return !over;
  }

  function send() {
    const field = find("#question");
    if (busy() || !field.value.trim() || !measure()) return field.focus();
    const question = field.value;
    field.value = "";
    measure();
    ask(question, find("#company").value);
  }

  function listen() {
    const field = find("#question");
    field.addEventListener("input", measure);
    field.addEventListener("keydown", (event) => {
      // 229: the key belongs to an input method that is still composing, in browsers that do not say so
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      send();
    });
    addEventListener("pagehide", keep);
    addEventListener("beforeprint", () => {
      for (const link of page.querySelectorAll("a.open")) link.dataset.address = link.href;
    });
    addEventListener("visibilitychange", watchMember);
    // Gradio looks for the server less often every time; a network that is back is worth a look at once.
    addEventListener("online", () => lost && location.reload());
    find("#composer").addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
    find("#stop").addEventListener("click", stop);
    find("#fresh").addEventListener("click", fresh);
    page.addEventListener("click", (event) => {
      const hit = event.target.closest("a, button");
      if (!hit) return;
      const turn = Number(hit.closest(".turn")?.id.slice(5));
      if (hit.matches("button.question")) ask(hit.textContent, find("#company").value);
      else if (hit.matches("button.retry")) retry(turn);
      else if (hit.matches("button.copy")) copy(hit, tell(numbered(turn)));
      else if (hit.matches("button.link")) copy(hit, linkTo(numbered(turn)));
      else if (hit.matches("button.save")) save();
      else if (hit.matches(".languages button")) choose(hit.value);
      else if (hit.matches('a[href*="#"]:not([target])')) follow(event, hit);
    });
  }

  /* ---- moving about ---- */

  function follow(event, link) {
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
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

  function centre(passage) {
    const mark = find("mark", passage);
    const height = parseFloat(getComputedStyle(passage).lineHeight);
    const above = mark.getBoundingClientRect().top - passage.getBoundingClientRect().top;
    passage.scrollTop = (Math.round(above / height) - 1) * height; // whole lines, one before the mark
  }

  /* ---- taking along ---- */

  function linkTo({ question, company }) {
    const asked = new URLSearchParams({ q: question, ...(company && { company }) });
    return `${location.origin}${data.root}/?${asked}`;
  }

  function listSources(turn) {
    return [...turn.element.querySelectorAll(".card")].map((card) => {
      const facts = [...card.querySelectorAll(".name, .fact")].map((node) => node.textContent);
      return { number: find(".number", card).textContent, facts, address: find("a.open", card).href };
    });
  }

  function tell(turn) {
    const lines = listSources(turn).map(
      ({ number, facts, address }) => `[${number}] ${facts.join(" · ")}\n    ${address}`);
    return [turn.plain, lines.join("\n")].filter(Boolean).join("\n\n");
  }

  /* The conversation as Markdown, in which foreign words stay the characters they are. */
  function write(turn) {
    const plain = (text) => text.replace(/[\\`*_[\]<>#|~]/g, "\\$&").replace(/\s+/g, " ").trim();
    const lines = [`## ${plain(turn.question)}`];
    if (turn.company) lines.push(`*${plain(word("only").replace("{company}", () => turn.company))}*`);
    for (const piece of turn.element.querySelectorAll(".written > *, .pieces > *")) {
      const text = plain(piece.matches("blockquote") ? find("p", piece).textContent : piece.textContent);
      if (piece.matches("h3")) lines.push(`### ${text}`);
      else if (piece.matches("blockquote")) lines.push(`> ${text}`);
      else if (text && !piece.matches(".again")) lines.push(text);
    }
    for (const near of turn.element.querySelectorAll(".nearest a")) {
      const [company, title] = [".company bdi", ".name"].map((each) => plain(find(each, near)?.textContent ?? ""));
      lines.push(`- ${[company, title].filter(Boolean).join(" · ")}  \n  <${near.href}>`);
    }
    for (const { number, facts, address } of listSources(turn))
      lines.push(`\\[${number}\\] ${facts.map(plain).join(" · ")}  \n<${address}>`);
    return lines.join("\n\n");
  }

  function save() {
    const told = turns.filter((turn) => turn.state === "done").map(write);
    const file = new Blob([`# ${word("title")}\n\n${told.join("\n\n")}\n`], { type: "text/markdown" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "casebook.md";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  async function copy(button, text) {
    const label = find("span", button);
    const before = label.dataset.usual ?? label.dataset.word;
    label.dataset.usual = before;
    try {
      await navigator.clipboard.writeText(text);
      label.dataset.word = "copied";
    } catch {
      label.dataset.word = "copy_failed";
    }
    label.textContent = word(label.dataset.word);
    setTimeout(() => {
      label.dataset.word = before;
      label.textContent = word(before);
    }, 2000);
  }

  window.casebook = { start };
})();
