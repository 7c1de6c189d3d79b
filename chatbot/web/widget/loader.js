/* A button on a portal's page, and the frame behind it: see messages.d.ts */
(() => {
"use strict";
const script = document.currentScript;
if (window.Casebook || /#/.test(script.src)) return;
const home = new URL(".", script.src);
const set = script.dataset;
const said = new Map(/* words */[]);
const language = [set.language, document.documentElement.lang || navigator.language, "en"]
  .map((tag) => tag?.split("-")[0].toLowerCase()).find(said.has, said);
const theme = /^(light|dark)$/.test(set.theme) ? set.theme : "light dark";
const color = /^#([\da-f]{3}){1,2}$/i.test(set.color) ? set.color : "";
const [ask, shut, down, barred, wait, retry] = said.get(language);
let frame, ready, forgetting, provider, token = "";

const make = (tag, given) => Object.assign(document.createElement(tag), given);
const close = () => panel.close();
const host = make("casebook-widget", { lang: language });
const root = host.attachShadow({ mode: "open" });
const press = (textContent, onclick) => make("button", { textContent, onclick });
const button = press(ask, () => (panel.open ? close() : open()));
button.ariaExpanded = false;
const panel = make("dialog", {
  ariaLabel: "Casebook",
  onclose: () => (button.ariaExpanded = false),
  onkeydown: ({ key }) => key === "Escape" && close(),
});
const notice = make("p", { role: "status" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(`:host{all:initial!important;color-scheme:${theme}!important}
*{--c:${color || "light-dark(#17604a,#86d3b0)"};box-sizing:border-box;font:600 15px/1.4 system-ui}
button{min-height:46px;padding:0 20px;border:0;border-radius:23px;background:var(--c);
color:lab(from var(--c) calc((49.44 - l)*infinity) 0 0);cursor:pointer}
dialog,.right,.left{position:fixed;right:20px;bottom:20px;z-index:2147483000;box-shadow:0 4px 32px #0004}
dialog{bottom:82px;left:auto;width:min(410px,100vw - 40px);height:min(660px,100vh - 102px);max-width:none;max-height:none;
padding:0;border:1px solid #8886;border-radius:18px;overflow:hidden;text-align:center;
background:light-dark(#f6f5ef,#121815);color:light-dark(#1b2922,#e7ece6)}
dialog:modal{inset:var(--y,0) 0 auto;width:100%;height:var(--h,100dvh);border:0;border-radius:0}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0}
p{margin:30% 24px}
.left,.left+dialog{right:auto;left:20px}
.inline,.inline+dialog{width:100%}
.inline+dialog{position:relative;inset:0;margin:12px 0 0;z-index:0}`);
root.adoptedStyleSheets = [sheet];
root.append(button, panel);
const front = make("div");
front.append(notice, press(shut, close), " ", press(retry, load));
panel.append(front);

function load() {
  notice.textContent = wait;
  frame?.remove();
  frame = make("iframe", {
    title: "Casebook",
    src: home + "widget",
    onload: () => tell({ type: "casebook:start", language, theme, color, greeting: set.greeting ?? "" }),
  });
  frame.style.visibility = "hidden"; // or an error page shows
  panel.append(frame);
  setTimeout(explain, 5000); // ms
}

/* Down or barred? This script, loaded with a #, tells. */
function explain() {
  if (ready) return;
  notice.textContent = down;
  document.head.append(make("script", {
    src: `${home}widget.js?${Date.now()}#`,
    nonce: script.nonce,
    onload: () => (notice.textContent = barred),
  }));
}

const tell = (message) => frame.contentWindow.postMessage(message, home.origin);
const give = () => tell({ type: "casebook:token", token, renews: !!provider });

function hear({ source, origin, data }) {
  if (source !== frame?.contentWindow || origin !== home.origin) return;
  const { type } = data;
  if (type === "casebook:ready") {
    ready = true;
    frame.style.visibility = "";
    front.remove();
    give();
    if (panel.open) enter();
  } else if (type === "casebook:close") close();
  else if (type === "casebook:need-token") renew();
  else if (type === "casebook:keep") {
    if (!(forgetting &&= data.sealed)) store(data.sealed);
  }
}

async function renew() {
  const from = provider;
  const fresh = await Promise.resolve().then(from).catch(console.warn);
  if (from !== provider) return;
  token = fresh || "";
  give();
}

/* Sealed by the frame, for the next page. */
function store(sealed) {
  try {
    if (sealed !== undefined) sessionStorage.casebook = sealed;
    return sessionStorage.casebook;
  } catch {} // not kept
}

function enter() {
  tell({ type: "casebook:open", sealed: store() ?? "" });
  frame.focus();
}

function forget() {
  store("");
  if (ready) tell({ type: "casebook:forget" });
  forgetting = ready;
}

function open() {
  if (!ready) load();
  const modal = !set.target && matchMedia("(max-width:480px),(max-height:480px)").matches;
  if (!panel.open) panel[modal ? "showModal" : "show"]();
  button.ariaExpanded = true;
  if (ready) enter();
}

function setToken(value) {
  provider = typeof value === "function" && value;
  token = (!provider && value) || "";
  if (ready) give();
  if (!value) forget();
}

function destroy() {
  delete window.Casebook;
  removeEventListener("message", hear);
  store("");
  host.remove();
}

function mount() {
  const target = set.target && document.querySelector(set.target);
  button.className = target ? "inline" : set.position === "left" ? "left" : "right";
  (target || document.body).append(host);
}

/* A phone's keyboard covers the page. */
for (const kind of ["resize", "scroll"]) visualViewport.addEventListener(kind, () => {
  panel.style.cssText = `--h:${visualViewport.height}px;--y:${visualViewport.offsetTop}px`;
});
addEventListener("message", hear);
window.Casebook = { open, close, destroy, setToken };
document.readyState === "loading" ? addEventListener("DOMContentLoaded", mount) : mount();
dispatchEvent(new Event("casebook"));
})();
