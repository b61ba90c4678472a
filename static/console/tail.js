// The log grows on top. Whoever has scrolled away from there, or has paused the page,
// is told how many events are new, and sees them when they want to.
import { morph } from "./morph.js";

const main = document.querySelector("main");

// The newest <main> that is not shown yet.
let waiting = null;
let isPaused = false;

export function start() {
  document.addEventListener("console:arriving", (event) => {
    const { wanted, paused } = event.detail;
    const count = arrived(wanted);
    if (!count || !(paused || isAway())) {
      if (!paused) hide();
      return;
    }
    event.preventDefault();
    waiting = wanted;
    isPaused = paused;
    tell(count, wanted);
  });
  document.addEventListener("scroll", () => {
    if (waiting && !isPaused && !isAway()) take();
  }, { passive: true });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-arrived] button") || !waiting) return;
    take();
    window.scrollTo({ top: 0 });
  });
}

function arrived(wanted) {
  const known = main.querySelector("[data-tail]");
  const rows = wanted.querySelector("[data-tail]")?.children || [];
  if (!known) return 0;
  const ids = new Set([...known.children].map((row) => row.id));
  return [...rows].filter((row) => !ids.has(row.id)).length;
}

function isAway() {
  const top = main.querySelector("[data-tail]")?.getBoundingClientRect().top;
  return top !== undefined && top < 0;
}

function tell(count, wanted) {
  const all = count === wanted.querySelector("[data-tail]").children.length;
  box().hidden = false;
  box().querySelector("button").textContent = `${count}${all ? " or more" : ""} new`;
}

function take() {
  const wanted = waiting;
  hide();
  morph(main, wanted);
  document.dispatchEvent(new Event("console:refreshed"));
}

function hide() {
  waiting = null;
  if (box()) box().hidden = true;
}

function box() {
  return main.querySelector("[data-arrived]");
}
