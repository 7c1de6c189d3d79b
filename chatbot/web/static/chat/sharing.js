/* Answers taken along: copied, linked to, and the conversation saved as Markdown. */
import { data, find, word } from "./words.js";

export function linkTo({ question, company }) {
  const asked = new URLSearchParams({ q: question, ...(company && { company }) });
  return `${location.origin}${data.root}/?${asked}`;
}

function listSources(turn) {
  return [...turn.element.querySelectorAll(".card")].map((card) => {
    const facts = [...card.querySelectorAll(".name, .fact")].map((node) => node.textContent);
    return { number: find(".number", card).textContent, facts, address: find("a.open", card).href };
  });
}

export function tell(turn) {
  const lines = listSources(turn).map(
    ({ number, facts, address }) => `[${number}] ${facts.join(" · ")}\n    ${address}`);
  return [turn.plain, lines.join("\n")].filter(Boolean).join("\n\n");
}

/* A turn as Markdown, in which foreign words stay the characters they are. */
function write(turn) {
  const plain = (text) => text.replace(/[\\`*_[\]<>#|~]/g, "\\$&").replace(/\s+/g, " ").trim();
  const lines = [`## ${plain(turn.question)}`];
  if (turn.company) lines.push(`*${plain(word("only").replace("{company}", () => turn.company))}*`);
  for (const piece of turn.element.querySelectorAll(".written > *, .pieces > *")) {
    const text = plain((piece.matches("blockquote") ? find("p", piece) : piece).textContent);
    if (piece.matches("h3")) lines.push(`### ${text}`);
    else if (piece.matches("blockquote")) lines.push(`> ${text}`);
    else if (text && !piece.matches(".again")) lines.push(text);
  }
  for (const near of turn.element.querySelectorAll(".nearest a")) {
    const parts = [".company bdi", ".name"].map((each) => plain(find(each, near)?.textContent ?? ""));
    lines.push(`- ${parts.filter(Boolean).join(" · ")}  \n  <${near.href}>`);
  }
  for (const { number, facts, address } of listSources(turn))
    lines.push(`\\[${number}\\] ${facts.map(plain).join(" · ")}  \n<${address}>`);
  return lines.join("\n\n");
}

export function save(turns) {
  const told = turns.filter((turn) => turn.state === "done").map(write);
  const file = new Blob([`# ${word("title")}\n\n${told.join("\n\n")}\n`], { type: "text/markdown" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "casebook.md";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export async function copy(button, text) {
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
