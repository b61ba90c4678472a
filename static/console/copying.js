// <button data-copy="URL">: copies what the URL answers.

// How long the button says what it did. Milliseconds.
const TOLD = 2_000;

export function start() {
  reveal();
  document.addEventListener("console:refreshed", reveal);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const said = button.textContent;
    button.textContent = (await copy(button.dataset.copy)) ? "Copied" : "Not copied";
    setTimeout(() => (button.textContent = said), TOLD);
  });
}

// Only pages from a safe origin may write to the clipboard.
function reveal() {
  if (!navigator.clipboard) return;
  for (const each of document.querySelectorAll("button[data-copy]")) each.hidden = false;
}

async function copy(url) {
  try {
    const answer = await fetch(url, { cache: "no-store" });
    if (!answer.ok) return false;
    await navigator.clipboard.writeText(await answer.text());
    return true;
  } catch {
    return false;
  }
}
