// j k: next and previous paper · o: open it · n p: next and previous issue · /: search. The pages work without it, and name the keys
// only where they do something.
"use strict";
(() => {
  const titles = () => [...document.querySelectorAll(".entry :is(h2, h3) a")];

  const move = (step) => {
    const all = titles();
    const at = all.indexOf(document.activeElement);
    // With no paper in focus, begin at the one the reader has scrolled to.
    const below = all.findIndex((title) => title.getBoundingClientRect().top > 0);
    const next = at >= 0 ? at + step : step > 0 ? below : below - 1;
    const title = all[Math.max(0, Math.min(all.length - 1, next))];
    if (!title) return;
    title.focus({ preventScroll: true });
    title.closest(".entry").scrollIntoView({ block: "start" });
  };

  const follow = (selector) => {
    const link = document.querySelector(selector);
    if (link) location.href = link.href;
  };

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    n: () => follow("a[rel=next]"),
    p: () => follow("a[rel=prev]"),
    o: () => {
      const more = document.activeElement.closest(".entry")?.querySelector("details.more");
      if (more) more.open = !more.open;
    },
    "/": () => {
      const box = document.getElementById("query") ?? document.getElementById("ask");
      if (box) box.focus();
      else follow("a[rel=search]");
    },
  };

  const hint = () => {
    const does = {
      papers: titles().length > 0,
      open: document.querySelector("details.more"),
      next: document.querySelector("a[rel=next]"),
      prev: document.querySelector("a[rel=prev]"),
      search: true,
    };
    for (const one of document.querySelectorAll("[data-keys]")) one.hidden = !does[one.dataset.keys];
    document.querySelector(".keys").hidden = false;
  };
  hint();

  // What is folded is printed too.
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });

  // The search box of the front page leads to the search, which needs a script as well.
  const ask = document.querySelector("[data-search]");
  if (ask) {
    ask.hidden = false;
    ask.querySelector("input").addEventListener("keydown", (event) => {
      if (event.key === "Enter") location.href = `${ask.dataset.search}#q=${encodeURIComponent(event.target.value)}`;
    });
  }
  const results = document.getElementById("results");
  if (results) new MutationObserver(hint).observe(results, { childList: true });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
