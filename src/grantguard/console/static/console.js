"use strict";
// The console's one script: keys, charts in the page's own colours, and lists that stay fresh. Pages work without it.

const REFRESH = 15_000;
const SERIES = ["--one", "--two", "--three", "--four", "--five"];

const all = (selector) => [...document.querySelectorAll(selector)];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// --- charts

function theme() {
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line"), automargin: true };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", color: colour("--ink"), size: 12 },
    colorway: SERIES.map(colour),
    margin: { l: 50, r: 10, t: 10, b: 45 },
    height: 300,
    autosize: true,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
    xaxis: axis,
    yaxis: axis,
  };
}

function dress(figure) {
  const base = theme();
  const layout = { ...base, ...figure.layout };
  for (const axis of ["xaxis", "yaxis"]) layout[axis] = { ...base[axis], ...figure.layout[axis] };
  return { data: figure.data, layout };
}

function draw() {
  if (!window.Plotly) return;
  for (const place of all(".chart[data-figure]")) {
    const { data, layout } = dress(JSON.parse(place.dataset.figure));
    place.classList.add("drawn"); // seen first, for what is hidden has no width to fill
    window.Plotly.react(place, data, layout, { displayModeBar: false, responsive: true });
  }
}

// --- keys

let marked = -1;

function move(step) {
  const rows = all("[data-row]");
  if (!rows.length) return;
  rows[marked]?.classList.remove("marked");
  marked = Math.min(Math.max(marked + step, 0), rows.length - 1);
  rows[marked].classList.add("marked");
  rows[marked].scrollIntoView({ block: "nearest" });
}

function press(key) {
  if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
  if (key === "Enter") return all("[data-row]")[marked]?.querySelector("a")?.click();
  if (key === "?") return document.getElementById("help")?.showModal();
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (target instanceof HTMLFormElement) return target.requestSubmit();
  if (target instanceof HTMLInputElement) {
    target.checked = true;
    target.focus();
  }
}

function isWriting(element) {
  return element.matches("textarea, select, input:not([type=radio], [type=checkbox])");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  // A closed dialog's button may hold the focus until the next frame: what nobody sees is not what Enter is for.
  if (event.key === "Enter" && event.target.closest("a, button, summary, form")?.checkVisibility()) return;
  press(event.key);
});

// --- lists that stay fresh

async function refresh() {
  const places = all("[data-live]");
  if (!places.length || document.hidden) return;
  const answer = await fetch(location.href, { redirect: "error" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-live]");
  if (fresh.length !== places.length) return;
  places.forEach((place, i) => place.replaceChildren(...fresh[i].childNodes));
  all("[data-row]")[marked]?.classList.add("marked");
}

document.addEventListener("DOMContentLoaded", draw); // by then Plotly, which is deferred, is there
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
setInterval(refresh, REFRESH);
