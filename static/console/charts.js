// Draws <figure data-chart="URL">: lines over time from JSON, with gaps where nothing
// was measured. The table beside each figure tells the same without a script.
// JSON: {"times": [s since 1970], "lines": [{"name", "unit", "values": [number or null]}],
// "marks": [{"at": s since 1970, "kind", "text"}]}.

const HEIGHT = 220;
const COLOURS = ["--accent", "--careful", "--good", "--bad"];
const drawn = new Map();

export function start() {
  if (!window.uPlot) return;
  refresh();
  document.addEventListener("console:refreshed", refresh);
  window.addEventListener("resize", () => {
    for (const [figure, { plot }] of drawn) {
      plot.setSize({ width: figure.clientWidth, height: HEIGHT });
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

function refresh() {
  for (const [figure, { plot }] of drawn) {
    if (figure.isConnected) continue;
    plot.destroy();
    drawn.delete(figure);
  }
  for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
}

function redraw() {
  for (const { plot } of drawn.values()) plot.redraw();
}

async function draw(figure) {
  const known = drawn.get(figure);
  const answer = await fetch(figure.dataset.chart, {
    headers: known ? { "If-None-Match": known.etag } : {},
    cache: "no-store",
  }).catch(() => null);
  if (!answer || answer.status !== 200 || !figure.isConnected) return;
  const told = await answer.json();
  const values = [told.times, ...told.lines.map((line) => line.values)];
  const etag = answer.headers.get("ETag") || "";
  const before = drawn.get(figure);
  if (before) {
    Object.assign(before, { etag, marks: told.marks });
    before.plot.setData(values);
    return;
  }
  const state = { etag, marks: told.marks };
  state.plot = new window.uPlot(options(figure, told, state), values, place(figure));
  drawn.set(figure, state);
}

function place(figure) {
  const box = document.createElement("div");
  box.setAttribute("data-keep", "");
  box.setAttribute("aria-hidden", "true");
  box.className = "plot";
  figure.prepend(box);
  return box;
}

function options(figure, told, state) {
  const units = [...new Set(told.lines.map((line) => line.unit))];
  return {
    width: figure.clientWidth,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false } },
    legend: { live: true },
    scales: Object.fromEntries(units.map((unit) => [unit, { range: fromZero(unit) }])),
    series: [{ value: (_, at) => (at === null ? "-" : clock(at)) }, ...told.lines.map((line, index) => ({
      label: line.unit && line.unit !== "position" ? `${line.name} (${line.unit})` : line.name,
      scale: line.unit,
      stroke: () => colour(COLOURS[index % COLOURS.length]),
      width: 1.5,
      spanGaps: false,
      points: { show: false },
    }))],
    axes: [axis({ values: (_, at) => at.map(clock) }), ...units.map((unit, index) => axis(
      { scale: unit, side: index ? 1 : 3, grid: { show: !index }, size: 64 }))],
    hooks: { draw: [(plot) => drawMarks(plot, state.marks)] },
  };
}

function clock(at) {
  // In the zone that the page's moments are in, of the cookie that holds it.
  const chosen = document.cookie.split("; ").find((each) => each.startsWith("zone="));
  const zone = chosen ? decodeURIComponent(chosen.slice(5)).replaceAll('"', "") : "UTC";
  return new Date(at * 1000).toLocaleTimeString("en-GB", { timeZone: zone });
}

function fromZero(unit) {
  // Positions are far from zero, and only their movement tells.
  return (plot, least, most) => {
    if (least === null) return [0, 1];
    return unit === "position" ? [least, Math.max(most, least + 1)] : [0, most || 1];
  };
}

function axis(more) {
  return {
    stroke: () => colour("--quiet"),
    ticks: { stroke: () => colour("--line"), width: 1 },
    ...more,
    grid: { stroke: () => colour("--line"), width: 1, ...more.grid },
  };
}

function drawMarks(plot, marks) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour("--quiet");
  ctx.fillStyle = colour("--quiet");
  ctx.setLineDash([4, 4]);
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  // Marks that are close to each other do not cover each other's words.
  for (const [index, { at, text }] of (marks || []).entries()) {
    const x = plot.valToPos(at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const line = 12 * (1 + index % 3) * devicePixelRatio;
    ctx.fillText(text, x + 4 * devicePixelRatio, bbox.top + line);
  }
  ctx.restore();
}

function colour(name) {
  // light-dark() is resolved where it is used as a colour, not in the variable itself.
  const probe = (colour.probe ||= document.body.appendChild(
    Object.assign(document.createElement("span"), { hidden: true })));
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
