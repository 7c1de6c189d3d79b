/* Kept HTML made anew: whatever else writes to a browser's storage, of it only the elements and
   attributes of an answer come to the page, each made here. */

const LARGEST = 300000; // characters of one fragment
const TAGS = new Set(
  "A BDI BLOCKQUOTE BUTTON CAPTION DIV H2 H3 LI MARK OL P SPAN TABLE TBODY TD TH TIME TR UL".split(" "));
const PLAIN = new Set(
  ("aria-label aria-labelledby class data-code data-word data-word-title datetime dir lang rel role " +
    "scope tabindex target title").split(" "));
const OWN = /^(?:quote|sources?)-\d+(?:-\d+)?(?:-name)?$/;

export function remake(html) {
  const made = document.createDocumentFragment();
  if (typeof html !== "string" || html.length > LARGEST) return made;
  // A document that is parsed so runs no script and loads nothing.
  copy(new DOMParser().parseFromString(html, "text/html").body, made);
  return made;
}

function copy(from, to) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) to.append(node.data);
    if (!TAGS.has(node.tagName)) continue;
    const element = document.createElement(node.tagName);
    if (node.tagName === "BUTTON") element.type = "button";
    for (const { name, value } of node.attributes) if (isFit(name, value)) element.setAttribute(name, value);
    copy(node, element);
    to.append(element);
  }
}

function isFit(name, value) {
  if (name === "id") return OWN.test(value);
  if (name === "href") return value.startsWith("#") ? OWN.test(value.slice(1)) : isAddress(value);
  return PLAIN.has(name);
}

function isAddress(value) {
  try {
    return /^https?:$/.test(new URL(value, location.href).protocol);
  } catch {
    return false;
  }
}
