// Ages go on between two looks at the server, and times can be told in the zone that
// the browser is in.

const SIZES = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function start() {
  setInterval(tick, 1_000);
  for (const form of document.querySelectorAll("[data-zone-form]")) {
    const isLocal = document.cookie.split("; ").includes(`zone=${zone}`);
    form.hidden = zone === "UTC";
    form.elements.zone.value = isLocal ? "" : zone;
    form.querySelector("button").textContent = isLocal ? "Times in UTC" : "Local times";
  }
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const each of document.querySelectorAll("[data-ago]")) {
    const at = Date.parse(each.parentElement.dateTime);
    const text = ago((now - at) / 1000);
    if (each.textContent !== text) each.textContent = text;
  }
}

function ago(seconds) {
  const size = Math.abs(seconds);
  const [unit, name] = SIZES.find(([unit]) => size >= unit) || [1, "s"];
  const text = `${Math.floor(size / unit)} ${name}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}
