/* Questions that are offered: on an empty page, and after an answer. The server has tried each. */
import { data, find, language, page } from "./words.js";

const EXAMPLES = 4, FOLLOW_UPS = 3; // shown at the most

async function fetchQuestions(asked) {
  try {
    const response = await fetch(`${data.root}/api/questions?${new URLSearchParams(asked)}`);
    return response.ok ? (await response.json()).questions : [];
  } catch {
    return []; // nothing is missing without them
  }
}

function list(questions) {
  return questions.map(({ question, language: of }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "question";
    button.dir = "auto";
    button.lang = data.tags[of] ?? of;
    button.textContent = question;
    item.append(button);
    return item;
  });
}

export async function drawExamples(company = "") {
  const asked = language;
  const questions = await fetchQuestions({ language, ...(company && { company }) });
  if (asked !== language) return; // changed meanwhile, and asked for again
  find("#examples").replaceChildren(...list(questions.slice(0, EXAMPLES)));
  for (const node of [find("#examples"), find("#examples").previousElementSibling])
    node.hidden = !questions.length;
}

/* Offers what else the cases of an answer say: nothing that was asked, or is quoted here already. */
export async function offerFollowUps(turn, turns) {
  const links = [...turn.element.querySelectorAll("a.open")].map((link) => new URL(link.href));
  if (turn.outcome !== "answer" || !links.length) return;
  const told = [["language", turn.language], ...(turn.company ? [["company", turn.company]] : [])];
  const cases = new Set(links.map(({ pathname }) => pathname.split("/").at(-1)));
  for (const each of [...cases].slice(0, 4)) told.push(["case", each]);
  const found = await fetchQuestions(told);
  const even = (text) => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const asked = new Set(turns.map((each) => even(each.question)));
  const place = (link) => link.slice(link.lastIndexOf("cases/"));
  const quoted = new Set([...page.querySelectorAll("a.open")].map((link) => place(link.href)));
  const fit = found.filter(({ question, links: own }) =>
    !asked.has(even(question)) && !own.every((link) => quoted.has(place(link))));
  if (!fit.length) return;
  const offered = find(".follow", turn.element);
  find("ul", offered).replaceChildren(...list(fit.slice(0, FOLLOW_UPS)));
  offered.hidden = false;
}
