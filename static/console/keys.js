// "/" goes to the search, "g" and a letter to a page, "?" shows the keys.

const PAGES = { o: "", p: "projections/", e: "events/", d: "dead-letters/",
  c: "commands/", h: "health/" };
// The second key has to come this soon. Milliseconds.
const SOON = 1_500;

let wentAt = 0;

export function start() {
  const dialog = document.querySelector("[data-keys]");
  const help = document.querySelector("[data-help]");
  help.hidden = false;
  help.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      document.querySelector("main [data-search], [data-search]").focus();
    } else if (event.key === "?") {
      dialog.showModal();
    } else if (event.key === "g") {
      wentAt = Date.now();
    } else if (event.key in PAGES && Date.now() - wentAt < SOON) {
      location.href = `/ops/${PAGES[event.key]}`;
    }
  });
}

function isTyping(target) {
  return target.matches("input, textarea, select, [contenteditable]");
}
