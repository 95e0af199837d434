// The search. Which papers have which words lies in one small script for each month and first letter, what is shown of
// them in one for each day; they are loaded when they are asked for. Scripts, for pages opened from a file cannot fetch.
"use strict";
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const index = new Map();  // "2026-06/l" → [[day, words], …], the newest day first
const days = new Map();  // day → rows of its papers

function words(letter, day, text) {
  const key = `${day.slice(0, 7)}/${letter}`;
  if (!index.has(key)) index.set(key, []);
  index.get(key).push([day, text]);
}

function cards(day, rows) {
  days.set(day, rows);
}

addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("query");
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  const more = document.getElementById("more");
  const start = document.getElementById("start");  // what is there before one types
  const months = results.dataset.months.split(" ").filter(Boolean).map((month) => month.split(":"));
  const editions = JSON.parse(results.dataset.editions);
  const total = Number(results.dataset.total);
  const step = 20;

  const loads = new Map();
  const load = (file) => {
    if (!loads.has(file)) {
      loads.set(file, new Promise((done) => {
        const script = Object.assign(document.createElement("script"), { src: `${file}.js` });
        // One that is not there has nothing to say: the others still do.
        script.onload = script.onerror = () => done();
        document.head.append(script);
      }));
    }
    return loads.get(file);
  };

  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const dotted = (facts) => facts.flatMap((fact, n) =>
    n === 0 ? [element("span", {}, fact)] : [" ", element("span", {}, element("i", {}, "·"), " " + fact)]);

  const show = ([paper, title, tldr, authors, , date, edition]) => {
    const named = authors.length > 4 ? authors.slice(0, 3).join(", ") + " and others" : authors.join(", ");
    const day = new Date(date).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
    const where = `${editions[edition] ?? edition}, ${day}`;
    return element("article", { className: "entry short" },
      element("h2", { className: "title" }, element("a", { href: `../papers/${paper}/index.html` }, title)),
      element("p", { className: "line" }, tldr),
      element("p", { className: "facts dots" }, ...dotted([named, where].filter(Boolean))));
  };

  // What a word may begin with to be meant: the word, and what is left of it without an ending ("trained" → "train").
  const beginnings = (word) => {
    const root = word.replace(/(?:ings?|edly|ed|ly|e?s|ies)$/u, "");
    return root !== word && root.length > 3 ? [word, root] : [word];
  };
  const letter = (word) => /^[a-z]/.test(word) ? word[0] : /^[0-9]/.test(word) ? "0" : "1";
  const file = (month, word) => `${month}/${letter(word)}`;

  // The papers of a month that have a word: "day place" → how well. 4: it stands in the title; 3: a word of the title
  // begins with it; 2 and 1: the same of all else.
  const having = (month, word) => {
    const pattern = new RegExp(`(?:^|;)((?:${beginnings(word).join("|")})[^:;]*):([^;]*)`, "gu");
    const hits = new Map();
    for (const [day, text] of index.get(file(month, word)) ?? []) {
      for (const [, written, places] of text.matchAll(pattern)) {
        for (const place of places.split(",")) {
          const key = `${day} ${parseInt(place, 10)}`;
          const grade = (place.endsWith("!") ? 3 : 1) + (written === word ? 1 : 0);
          if (grade > (hits.get(key) ?? 0)) hits.set(key, grade);
        }
      }
    }
    return hits;
  };

  // The best first, then the newest, then as the issue has them.
  const order = ([a, gradeA], [b, gradeB]) => {
    const [[dayA, placeA], [dayB, placeB]] = [a.split(" "), b.split(" ")];
    return gradeB - gradeA || (dayA === dayB ? placeA - placeB : dayA < dayB ? 1 : -1);
  };

  let asked = 0;
  let hits = [];
  let shown = 0;

  const extend = async () => {
    const turn = asked;
    const next = hits.slice(shown, shown + step);
    await Promise.all([...new Set(next.map((hit) => hit.slice(0, 10)))]
      .map((day) => load(`${day.slice(0, 7)}/${day.slice(8)}`)));
    if (turn !== asked) return false;
    const rows = next.map((hit) => (days.get(hit.slice(0, 10)) ?? [])[hit.slice(11)]).filter(Boolean);
    if (shown === 0) results.replaceChildren();
    results.append(...rows.map(show));
    shown += next.length;
    more.hidden = shown >= hits.length;
    return true;
  };

  const search = async () => {
    const turn = ++asked;
    const query = box.value;
    const wanted = [...new Set(fold(query).split(/[^\p{L}\p{N}]+/u).filter(Boolean))];
    history.replaceState(null, "", wanted.length ? "#q=" + encodeURIComponent(query) : location.pathname);
    if (wanted.length) {
      await Promise.all(months.flatMap(([month, letters]) =>
        wanted.filter((word) => letters.includes(letter(word))).map((word) => load(file(month, word)))));
    }
    if (turn !== asked) return;
    // A paper is as good a hit as the worst of the words makes it.
    const graded = [];
    for (const [month] of wanted.length ? months : []) {
      const [first, ...others] = wanted.map((word) => having(month, word));
      for (const [hit, grade] of first) {
        if (others.every((one) => one.has(hit))) graded.push([hit, Math.min(grade, ...others.map((one) => one.get(hit)))]);
      }
    }
    start.hidden = wanted.length > 0;
    hits = graded.sort(order).map(([hit]) => hit);
    shown = 0;
    if (hits.length === 0) {
      results.replaceChildren();
      more.hidden = true;
    } else if (!await extend()) return;
    const number = (n) => `${n} ${n === 1 ? "paper" : "papers"}`;
    found.textContent = wanted.length === 0 ? number(total)
      : hits.length === 0 ? "No paper of the issues has all these words."
      : number(hits.length);
  };

  const begin = () => {
    const match = /^#q=(.*)/.exec(location.hash);
    try { box.value = match ? decodeURIComponent(match[1]) : box.value; } catch { /* half an escape: nobody's query */ }
    search();
  };
  document.querySelector("[role=search]").hidden = false;
  box.focus();
  box.addEventListener("input", search);
  more.addEventListener("click", extend);
  addEventListener("hashchange", begin);
  begin();
});
