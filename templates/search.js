// The search: every word must begin a word of the card. The cards come from one script per month, for pages opened from
// a file cannot fetch.
"use strict";
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const cards = [];

function papers(rows) {
  for (const [paper, title, tldr, authors, topics, date, edition] of rows) {
    const words = fold([title, authors.join(" "), topics.join(" "), tldr].join(" ")).split(/[^\p{L}\p{N}]+/u);
    cards.push({ paper, title, tldr, authors, topics, date, edition, text: " " + words.join(" ") });
  }
}

addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("query");
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  const most = 100;

  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const dotted = (facts) => facts.flatMap((fact, n) =>
    n === 0 ? [element("span", {}, fact)] : [" ", element("span", {}, element("i", {}, "·"), " " + fact)]);

  const show = ({ paper, title, tldr, authors, topics, date, edition }) => {
    const named = authors.length > 4 ? authors.slice(0, 3).join(", ") + " and others" : authors.join(", ");
    return element("article", { className: "entry" },
      element("h3", {}, element("a", { href: `../papers/${paper}/index.html` }, title)),
      element("p", { className: "tldr" }, tldr),
      element("p", { className: "facts dots" }, ...dotted([named, `${edition}, ${date}`, ...topics].filter(Boolean))));
  };

  const search = () => {
    const words = fold(box.value).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    const seen = new Set();
    const hits = words.length === 0 ? [] : cards.filter((card) => {
      if (seen.has(card.paper) || !words.every((word) => card.text.includes(" " + word))) return false;
      seen.add(card.paper);
      return true;
    });
    // Those with all the words in the title first; the others stay newest first.
    const inTitle = (card) => { const title = " " + fold(card.title); return words.every((word) => title.includes(" " + word)); };
    const ordered = [...hits.filter(inTitle), ...hits.filter((card) => !inTitle(card))];
    results.replaceChildren(...ordered.slice(0, most).map(show));
    found.textContent = words.length === 0 ? `${cards.length} papers`
      : hits.length === 0 ? "No paper has all these words."
      : `${hits.length} ${hits.length === 1 ? "paper" : "papers"}` + (hits.length > most ? `, the first ${most} shown` : "");
    history.replaceState(null, "", words.length ? "#q=" + encodeURIComponent(box.value) : location.pathname);
  };

  const asked = () => {
    const match = /^#q=(.*)/.exec(location.hash);
    try { box.value = match ? decodeURIComponent(match[1]) : box.value; } catch { /* half an escape: nobody's query */ }
    search();
  };
  box.addEventListener("input", search);
  addEventListener("hashchange", asked);
  asked();
});
