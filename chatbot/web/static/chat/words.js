/* The words of the page in its reader's language, and the element that they stand in. */

export let page, data;
export let language = "en";

export const find = (selector, within = page) => within.querySelector(selector);
export const word = (key) => data.words[language][key] ?? "";

export function begin(element, props) {
  page = element;
  data = props;
}

export function speak(within) {
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

export function explain(key) {
  const sentences = data.errors[language];
  return sentences[data.same[key] ?? key] ?? sentences.internal;
}

export function drawLanguage(chosen) {
  language = chosen;
  document.documentElement.lang = data.tags[language];
  document.title = word("title");
  for (const button of page.querySelectorAll(".languages button"))
    button.setAttribute("aria-pressed", String(button.value === language));
  speak(page);
}

/* Remembers a language, as an address with `?lang=` does. */
export function keepLanguage(chosen) {
  document.cookie = `${data.cookie}=${chosen}; path=${data.root || "/"}; max-age=31536000; samesite=lax`;
  const address = new URL(location.href);
  if (!address.searchParams.has("lang")) return;
  address.searchParams.set("lang", chosen);
  history.replaceState(history.state, "", address);
}
