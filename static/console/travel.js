// The slider over a stream's versions: what is shown moves along with it.
import { morph } from "./morph.js";

const main = document.querySelector("main");
// A slider that is drawn passes many versions: wait until it rests. Milliseconds.
const REST = 120;

let timer = 0;
let asked = null;

export function start() {
  main?.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-travel]");
    if (!form) return;
    const { slide, version } = form.elements;
    (event.target === slide ? version : slide).value = event.target.value;
    if (!form.checkValidity()) return;
    clearTimeout(timer);
    timer = setTimeout(() => go(Number(version.value)), REST);
  });
}

async function go(version) {
  const url = new URL(location.href);
  url.search = new URLSearchParams({ version }).toString();
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(url, {
      headers: { "X-Live": "1" },
      cache: "no-store",
      redirect: "error",
      signal: asked.signal,
    });
    // Signed out, say: the page itself tells.
    if (answer.status !== 200) return location.assign(url);
    const wanted = document.createElement("main");
    wanted.innerHTML = await answer.text();
    morph(main, wanted);
    compare(wanted);
    history.replaceState(null, "", url);
    document.dispatchEvent(new Event("console:refreshed"));
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

// What was typed stays when a page is refreshed, but here it goes along.
function compare(wanted) {
  for (const each of main.querySelectorAll("form[data-difference] input")) {
    each.value = wanted.querySelector(`form[data-difference] [name=${each.name}]`).value;
  }
}
