// Keeps an open page fresh: it asks for its own <main> again, and changes what differs.
import { morph } from "./morph.js";

// Milliseconds between two looks: while somebody is at the page, and otherwise.
const SOON = 3_000;
const SELDOM = 15_000;
// How long somebody counts as being at the page after the last movement or key.
const ACTIVE = 60_000;
// The longest pause while the server does not answer.
const LONGEST = 60_000;
// A reader of the screen is told of news at most this often.
const NEWS = 15_000;

const main = document.querySelector("main");
const lamp = document.querySelector("[data-light]");
const button = document.querySelector("[data-pause]");
const news = document.querySelector("[data-news]");
const isBoard = document.body.classList.contains("tv");

let etag = "";
let timer = 0;
let paused = false;
let failures = 0;
let activeAt = Date.now();
let toldAt = 0;

export function start() {
  if (!main || !main.hasAttribute("data-live")) return;
  button.hidden = false;
  button.addEventListener("click", () => (paused ? go() : pause()));
  for (const kind of ["pointermove", "pointerdown", "keydown", "scroll"]) {
    document.addEventListener(kind, noticed, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (!paused) look();
    else plan();
  });
  show("live", "live");
  plan();
}

function noticed() {
  const wasAway = Date.now() - activeAt > ACTIVE;
  activeAt = Date.now();
  if (wasAway && !paused && !document.hidden) look();
}

function plan() {
  clearTimeout(timer);
  if ((paused && !counts()) || document.hidden) return;
  const pace = isBoard || Date.now() - activeAt < ACTIVE ? SOON : SELDOM;
  timer = setTimeout(look, Math.min(pace * 2 ** failures, Math.max(LONGEST, pace)));
}

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch(location.href, {
      headers: { "X-Live": "1", "If-None-Match": etag },
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(20_000),
    });
    if (answer.status === 401 || answer.status === 403) return signedOut();
    if (answer.status !== 200 && answer.status !== 304) throw new Error(answer.status);
    if (answer.status === 200) {
      const text = await answer.text();
      etag = answer.headers.get("ETag") || "";
      replace(text);
    }
    failures = 0;
    if (!paused) show("live", "live");
  } catch {
    failures += 1;
    if (failures === 1 && !paused) show("stale", `stale since ${clock()}`);
  }
  plan();
}

function replace(text) {
  const wanted = document.createElement("main");
  wanted.innerHTML = text;
  const arriving = new CustomEvent("console:arriving", {
    detail: { wanted, paused },
    cancelable: true,
  });
  if (!document.dispatchEvent(arriving) || paused) return;
  morph(main, wanted);
  tell();
  document.dispatchEvent(new Event("console:refreshed"));
}

// A page that is paused may still tell how much is new.
function counts() {
  return main.querySelector("[data-tail]") !== null;
}

function tell() {
  const said = main.querySelector("[data-summary]")?.dataset.summary || "";
  if (said === news.textContent || Date.now() - toldAt < NEWS) return;
  toldAt = Date.now();
  news.textContent = said;
}

function pause() {
  paused = true;
  plan();
  button.textContent = "Resume";
  show("paused", `paused at ${clock()}`);
}

function go() {
  paused = false;
  // What was told of but not shown is asked for again.
  etag = "";
  button.textContent = "Pause";
  look();
}

function signedOut() {
  show("stale", `signed out at ${clock()}: load the page again`);
}

function show(kind, text) {
  if (lamp.dataset.light === kind && kind === "live") return;
  lamp.dataset.light = kind;
  lamp.querySelector("[data-light-text]").textContent = text;
}

function clock() {
  return new Date().toLocaleTimeString([], { hour12: false });
}
