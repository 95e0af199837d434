// j k: next and previous paper · o: open or close it · n p: next and previous page · /: search. The pages work without
// it, and name the keys only where they do something.
"use strict";
(() => {
  const titles = () => [...document.querySelectorAll(".entry > :is(h2, h3) a")];

  // With no paper in focus, the first whose title is below the upper edge of the window.
  const below = (all) => all.findIndex((title) => title.getBoundingClientRect().top > 0);

  const entryInFocus = () => document.activeElement.closest(".entry");

  const move = (step) => {
    const all = titles();
    const at = all.findIndex((title) => title.closest(".entry") === entryInFocus());
    const next = at >= 0 ? at + step : step > 0 ? below(all) : below(all) - 1;
    const title = all[Math.max(0, Math.min(all.length - 1, next))];
    if (!title) return;
    title.focus({ preventScroll: true });
    title.closest(".entry").scrollIntoView({ block: "nearest" });
  };

  const folds = (entry) => entry && entry.querySelector(":scope > details:not(.mark)");

  const open = () => {
    const all = titles();
    const fold = folds(entryInFocus() || (all[below(all)] || all[0]).closest(".entry"));
    if (fold) fold.open = !fold.open;
  };

  const follow = (selector) => {
    const link = document.querySelector(selector);
    if (link) location.href = link.href;
  };

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    o: open,
    n: () => follow("a[rel=next]"),
    p: () => follow("a[rel=prev]"),
    "/": () => {
      const box = document.getElementById("query");
      if (box) box.focus();
      else follow("a[rel=search]");
    },
  };

  const hint = () => {
    const does = {
      papers: titles().length > 0,
      open: titles().some((title) => folds(title.closest(".entry"))),
      next: document.querySelector("a[rel=next]"),
      prev: document.querySelector("a[rel=prev]"),
      search: true,
    };
    for (const one of document.querySelectorAll("[data-keys]")) one.hidden = !does[one.dataset.keys];
    document.querySelector(".keys").hidden = false;
  };
  hint();
  const results = document.getElementById("results");
  if (results) new MutationObserver(hint).observe(results, { childList: true });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // A link from elsewhere to one paper shows all of it.
  const target = () => {
    const fold = folds(document.getElementById(location.hash.slice(1)));
    if (fold) fold.open = true;
  };
  target();
  addEventListener("hashchange", target);

  // Paper has no folds.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = titles().map((title) => folds(title.closest(".entry"))).filter((fold) => fold && !fold.open);
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
  });

  // A box to search with on another page than the search's.
  const box = document.querySelector("[data-search]");
  if (box) {
    box.closest("[role=search]").hidden = false;
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter") location.href = `${box.dataset.search}#q=${encodeURIComponent(box.value)}`;
    });
  }
})();
