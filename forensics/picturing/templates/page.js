// The page without it: trees, map and the nearest pairs. With it: the heat map, search, filters and the panel of a pair.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const models = data.models.map(([name, developer, lineage, inferred], i) => ({ i, name, developer, lineage, inferred }));
const n = models.length, $ = (id) => document.getElementById(id);
const at = (a, b) => (a < b ? (a * (2 * n - a - 1)) / 2 + b - a - 1 : (b * (2 * n - b - 1)) / 2 + a - b - 1);
const valued = (list, a, b, scale) => { const v = a === b ? null : list[at(a, b)]; return v === null ? null : v / scale; };
const close = (a, b) => valued(data.normalised, a, b, 100);
const figure = (v, digits = 2) => (v === null || v === undefined ? "—" : v.toFixed(digits).replace("-", "\u2212"));
const state = { text: "", developer: "", lineage: "", model: null, pair: null };
const tag = (name, words, options = {}) => Object.assign(document.createElement(name), words === undefined ? {} : { textContent: words }, options);
const lineageOf = (m) => (m.lineage < 0 ? "" : data.lineages[m.lineage].name);
const filtered = () => Boolean(state.text || state.developer || state.lineage);
const matches = (m) => (!state.text || m.name.toLowerCase().includes(state.text)) && (!state.developer || (m.developer || "not declared") === state.developer)
  && (!state.lineage || (lineageOf(m) || "none") === state.lineage);
let shown = models;

// Tabs
const sections = [...document.querySelectorAll("#views > section")];
$("views").classList.add("tabbed");
const tabs = sections.map((section) => {
  const tab = tag("button", section.dataset.title, { type: "button", id: `tab-${section.id}` });
  tab.setAttribute("role", "tab"); tab.setAttribute("aria-controls", section.id);
  section.setAttribute("role", "tabpanel"); section.setAttribute("aria-labelledby", tab.id);
  $("tabs").append(tab);
  return tab;
});
function openTab(place) {
  tabs.forEach((tab, i) => { tab.setAttribute("aria-selected", i === place); tab.tabIndex = i === place ? 0 : -1; sections[i].hidden = i !== place; });
  if (sections[place].id === "view-heat") layOut();
  reveal();
}
tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => openTab(i));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { const next = (i + step + tabs.length) % tabs.length; openTab(next); tabs[next].focus(); event.preventDefault(); }
  });
});

// Trees: one at a time
const methods = [...document.querySelectorAll("#methods input")];
const showMethod = () => { for (const input of methods) $(`tree-${input.value}`).hidden = !input.checked; reveal(); };
for (const input of methods) input.addEventListener("change", showMethod);

// Models in the drawings: one stop of the Tab key for each drawing, arrow keys within it
const marks = models.map(() => []);
// What is seen must be part of what is said: a name cut short for the drawing stands before the whole one.
const spoken = (mark, name) => { const seen = [...mark.querySelectorAll("text")].map((t) => t.textContent.trim()).join(" "); return !seen || seen === name ? name : `${seen}, ${name}`; };
for (const svg of document.querySelectorAll(".tree svg, #view-map svg")) {
  svg.setAttribute("role", "group");
  const inside = [...svg.querySelectorAll("g.m")];
  inside.forEach((mark, place) => {
    const i = Number(mark.dataset.i);
    marks[i].push(mark);
    mark.setAttribute("role", "button"); mark.setAttribute("aria-label", spoken(mark, models[i].name)); mark.setAttribute("tabindex", place ? -1 : 0);
    mark.addEventListener("click", (event) => choose(i, event.shiftKey));
    mark.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") choose(i, event.shiftKey);
      else if (step) { const next = inside[(place + step + inside.length) % inside.length]; mark.setAttribute("tabindex", -1); next.setAttribute("tabindex", 0); next.focus(); }
      else return;
      event.preventDefault();
    });
  });
}
function reveal() {
  if (state.model === null && !state.pair) return;
  const wanted = state.pair ? state.pair[0] : state.model;
  for (const mark of marks[wanted]) {
    const pane = mark.closest(".pane");
    if (!pane || !mark.getClientRects().length) continue;
    const where = mark.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    if (where < 20 || where > pane.clientHeight - 20) pane.scrollTop += where - pane.clientHeight / 2;
  }
}

// Search and filters
const options = (select, values) => { for (const [value, count] of values) select.append(tag("option", `${value} (${count})`, { value })); };
const counted = (values) => [...values.reduce((all, v) => all.set(v, (all.get(v) || 0) + 1), new Map())].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
options($("developer"), counted(models.map((m) => m.developer || "not declared")));
options($("lineage"), counted(models.map((m) => lineageOf(m) || "none")));
for (const m of models) $("names").append(tag("option", undefined, { value: m.name }));
function filter() {
  Object.assign(state, { text: $("search").value.trim().toLowerCase(), developer: $("developer").value, lineage: $("lineage").value });
  shown = models.filter(matches);
  for (const m of models) for (const mark of marks[m.i]) mark.classList.toggle("off", filtered() && !matches(m));
  $("status").textContent = filtered() ? `${shown.length} of ${n} models; the heat map shows their rows, the list their pairs.` : "";
  view.zoom = 1; view.x = view.y = 0; view.row = view.column = 0;
  layOut(); list(true);
}
$("search").addEventListener("input", () => { filter(); const one = models.find((m) => m.name === $("search").value); if (one) choose(one.i); });
$("search").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); if (shown.length) choose(shown[0].i); } });
for (const id of ["developer", "lineage"]) $(id).addEventListener("change", filter);
$("tools").addEventListener("reset", () => setTimeout(() => { state.model = state.pair = null; filter(); panel(); }));
$("tools").addEventListener("submit", (event) => event.preventDefault());

// What was chosen
function choose(i, second = false) {
  if (second && state.model !== null && state.model !== i) { choosePair(state.model, i); return; }
  state.model = i; state.pair = null; panel(); reveal(); bring();
}
function choosePair(a, b) { if (a === b) { choose(a); return; } state.pair = [a, b]; panel(); reveal(); bring(); }
// On a narrow screen the panel stands below the picture.
function bring() { if (innerWidth < 992) $("panel").scrollIntoView({ block: "nearest" }); }
const nearest = (i) => models.filter((m) => m.i !== i && close(i, m.i) !== null).sort((a, b) => data.ranks[i][a.i] - data.ranks[i][b.i] || a.i - b.i);
const link = (m) => { const button = tag("button", m.name, { type: "button", className: "link" }); button.addEventListener("click", () => choose(m.i)); return button; };
const terms = (entries) => { const dl = tag("dl"); for (const [term, value] of entries) { const dd = tag("dd"); dd.append(value); dl.append(tag("dt", term), dd); } return dl; };
const lineageWords = (m) => (lineageOf(m) ? lineageOf(m) + (m.inferred ? " (inferred)" : "") : "not declared");
function bar(value, most) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), rect = document.createElementNS(svg.namespaceURI, "rect");
  svg.setAttribute("viewBox", "0 0 100 10"); svg.setAttribute("preserveAspectRatio", "none"); svg.setAttribute("aria-hidden", "true");
  rect.setAttribute("class", value >= 0 ? "bar" : "away"); rect.setAttribute("width", Math.min(100, (100 * Math.abs(value)) / most)); rect.setAttribute("height", 10);
  svg.append(rect); return svg;
}
function panel() {
  const box = $("panel"), on = new Set(state.pair || (state.model === null ? [] : [state.model]));
  const by = new Set(!state.pair && state.model !== null ? nearest(state.model).slice(0, 5).map((m) => m.i) : []);
  for (const m of models) for (const mark of marks[m.i]) {
    mark.classList.toggle("on", on.has(m.i)); mark.classList.toggle("by", by.has(m.i));
    label(mark, m, on.has(m.i));
  }
  if (state.pair) box.replaceChildren(...pairWords(...state.pair));
  else if (state.model !== null) box.replaceChildren(...modelWords(models[state.model]));
  else box.replaceChildren(tag("p", "Choose a model or a pair in a picture, in the list, or by its name: its figures stand here.", { className: "small" }));
  draw();
  const hash = state.pair ? `#pair-${state.pair.join("-")}` : state.model === null ? "" : `#model-${state.model}`;
  if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname);
}
// On the map a model without room for its name gets one while it is chosen.
function label(mark, m, wanted) {
  const own = mark.querySelector("text.chosen");
  if (own && !wanted) own.remove();
  if (own || !wanted || mark.querySelector("text")) return;
  const spot = mark.querySelector(".hit"), [x, y] = [Number(spot.getAttribute("cx")), Number(spot.getAttribute("cy"))];
  const text = document.createElementNS("http://www.w3.org/2000/svg", "text"), right = x > mark.ownerSVGElement.viewBox.baseVal.width / 2;
  for (const [name, value] of Object.entries({ class: "ink chosen", x: right ? x - 12 : x + 12, y: y + 4, "text-anchor": right ? "end" : "start", "stroke-width": 3, "paint-order": "stroke" })) text.setAttribute(name, value);
  text.textContent = m.name.slice(0, 40); mark.append(text); mark.parentNode.append(mark);
}
function modelWords(m) {
  const near = nearest(m.i), most = Math.max(4, near.length ? close(m.i, near[0].i) : 0), ol = tag("ol");
  for (const other of near.slice(0, 12)) {
    const value = close(m.i, other.i), button = tag("button", undefined, { type: "button", className: "near", title: other.name }), li = tag("li");
    button.append(tag("span", other.name), bar(value, most), tag("b", figure(value, 1)));
    button.addEventListener("click", () => choosePair(m.i, other.i));
    li.append(button); ol.append(li);
  }
  return [tag("h2", m.name), terms([["Developer", m.developer || "not declared"], ["Lineage", lineageWords(m)]]), tag("h3", "Nearest models, by normalised closeness"), ol,
    tag("p", "Choose one for the figures of the pair; hold Shift to choose a second model in a picture.", { className: "small" })];
}
function pairWords(a, b) {
  const [one, two] = [models[a], models[b]], head = tag("h2"), both = tag("div", undefined, { className: "both" });
  head.append(link(one), " and ", link(two));
  const rows = [["Raw", figure(valued(data.raw, a, b, 1), 4)], ["Normalised", figure(close(a, b))]];
  const ratio = data.log10 ? valued(data.log10, a, b, 100) : null;
  if (ratio !== null) {
    const [low, high] = [valued(data.low, a, b, 100), valued(data.high, a, b, 100)];
    rows.push(["log\u2081\u2080 LR", figure(ratio) + (low === null || high === null ? "" : ` (${figure(low)} … ${figure(high)})`)]);
  } else rows.push(["log\u2081\u2080 LR", data.unweighed || "none for this pair"]);
  const place = (x, y) => (data.ranks[x][y] ? `${data.ranks[x][y]} of ${n - 1}` : "—");
  rows.push([`Rank seen from ${one.name}`, place(a, b)], [`Rank seen from ${two.name}`, place(b, a)]);
  rows.push(["Lineages", one.lineage >= 0 && one.lineage === two.lineage ? `both ${lineageWords(one)}` : `${lineageWords(one)} · ${lineageWords(two)}`]);
  const reason = data.reasons[`${Math.min(a, b)}-${Math.max(a, b)}`];
  if (reason) rows.push(["No value because", reason]);
  const row = tag("p", `In pairs.csv: the rows with these two names. Statistic: ${data.statistic}, ${data.probes} probes.`, { className: "small" });
  for (const m of [one, two]) { const button = tag("button", `Nearest of ${m.name}`, { type: "button" }); button.addEventListener("click", () => choose(m.i)); both.append(button); }
  return [head, terms(rows), row, ...evidenceOf(Math.min(a, b), Math.max(a, b)), both];
}
// The pair's evidence: its case where there is one, and the command that makes it.
function evidenceOf(a, b) {
  const { models: named, options: more, folder, short, cases } = data.compare, found = [], made = cases[`${a}-${b}`];
  if (made) { const line = tag("p"); line.append(tag("a", "The evidence of this pair", { href: made, id: "case" })); found.push(line); }
  if (named.length) found.push(tag("p", made ? "Made again by:" : "Its evidence is made by:", { className: "small" }),
    tag("code", `forensics compare ${named[a]} ${named[b]} ${more} -o ${folder}/${short[a]}--${short[b]}`, { id: "command", className: "command" }));
  return found;
}

// The list of pairs
const ordered = [];
for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) if (close(a, b) !== null) ordered.push([a, b]);
ordered.sort((p, q) => data.normalised[at(...q)] - data.normalised[at(...p)] || p[0] - q[0] || p[1] - q[1]);
let listed = 60;
function list(anew) {
  if (anew) listed = 60;
  const inside = new Set(shown.map((m) => m.i)), rows = filtered() ? ordered.filter(([a, b]) => inside.has(a) || inside.has(b)) : ordered;
  document.querySelector("#pairs tbody").replaceChildren(...rows.slice(0, listed).map(([a, b]) => {
    const tr = tag("tr"), first = tag("td"), button = tag("button", `${models[a].name} – ${models[b].name}`, { type: "button", className: "link" });
    button.addEventListener("click", () => choosePair(a, b)); first.append(button); tr.append(first, tag("td", figure(close(a, b)), { className: "num" }));
    if (data.log10) tr.append(tag("td", figure(valued(data.log10, a, b, 100)), { className: "num" }));
    tr.append(tag("td", `${data.ranks[a][b]}, ${data.ranks[b][a]}`, { className: "num" }));
    return tr;
  }));
  $("more").hidden = rows.length <= listed;
}
$("more").addEventListener("click", () => { listed += 200; list(false); });

// Heat map: drawn from a picture with one point for each cell
const canvas = $("heat"), pen = canvas.getContext("2d"), view = { zoom: 1, x: 0, y: 0, row: 0, column: 0, hover: null };
let rows = [], columns = [], points = null, sizes = {}, colours = {};
const parse = (name) => { const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim(); return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)); };
function classOf(value) { let k = 0; for (const step of data.steps) k += value >= step; return k; }
function paint() {
  const style = getComputedStyle(document.documentElement);
  colours = { ink: style.getPropertyValue("--ink"), muted: style.getPropertyValue("--muted"), paper: style.getPropertyValue("--paper"), hd: style.getPropertyValue("--hd") };
  for (let k = 0; k < 8; k++) colours[k] = style.getPropertyValue(`--g${k}`);
  const classes = [...Array(8).keys()].map((k) => parse(`--h${k}`)), none = parse("--hx");
  points = document.createElement("canvas"); points.width = columns.length; points.height = Math.max(1, rows.length);
  const inside = points.getContext("2d"), image = inside.createImageData(points.width, points.height);
  rows.forEach((a, r) => columns.forEach((b, c) => {
    const value = close(a, b), colour = value === null ? none : classes[classOf(value)];
    image.data.set([...colour, 255], 4 * (r * columns.length + c));
  }));
  inside.putImageData(image, 0, 0);
}
function layOut() {
  if ($("view-heat").hidden || !canvas.clientWidth) return;
  const inside = new Set(shown.map((m) => m.i));
  columns = data.order; rows = data.order.filter((i) => inside.has(i));
  const width = canvas.clientWidth, phone = width < 520, whole = view.zoom === 1, label = phone ? 96 : 150;
  const left = phone && whole && (width - 16) / columns.length < 9 ? 16 : label;
  const fit = (width - left) / columns.length, cell = fit * view.zoom;
  const side = Math.max(cell, Math.min(16, 320 / Math.max(1, rows.length))), top = cell >= 9 ? label : 16;
  const height = top + rows.length * side;
  sizes = { width, left, top, cell, side, height: Math.max(top + 24, whole ? height : Math.min(height, Math.max(360, Math.min(width, 0.9 * innerHeight)))) };
  const ratio = Math.min(2, devicePixelRatio || 1);
  canvas.width = Math.round(width * ratio); canvas.height = Math.round(sizes.height * ratio); canvas.style.height = `${sizes.height}px`;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  canvas.classList.toggle("zoomed", view.zoom > 1);
  paint(); keepInside(); draw();
}
function keepInside() {
  view.x = Math.max(0, Math.min(view.x, columns.length * sizes.cell - (sizes.width - sizes.left)));
  view.y = Math.max(0, Math.min(view.y, rows.length * sizes.side - (sizes.height - sizes.top)));
}
function draw() {
  if (!points || $("view-heat").hidden || !sizes.width) return;
  const { width, height, left, top, cell, side } = sizes;
  pen.clearRect(0, 0, width, height);
  pen.save(); pen.beginPath(); pen.rect(left, top, width - left, height - top); pen.clip();
  pen.imageSmoothingEnabled = false;
  pen.drawImage(points, left - view.x, top - view.y, columns.length * cell, rows.length * side);
  for (const pair of state.pair ? [state.pair, [...state.pair].reverse()] : []) outline(rows.indexOf(pair[0]), columns.indexOf(pair[1]), colours.hd, 2.5);
  if (state.model !== null && !state.pair) band(rows.indexOf(state.model));
  if (document.activeElement === canvas) outline(view.row, view.column, colours.ink, 2);
  if (view.hover) outline(view.hover[0], view.hover[1], colours.ink, 1.5);
  pen.restore();
  names(true); names(false);
}
function outline(r, c, colour, line) {
  if (r < 0 || c < 0) return;
  const { left, top, cell, side } = sizes, grow = Math.max(0, 5 - cell) / 2;
  pen.strokeStyle = colour; pen.lineWidth = line;
  pen.strokeRect(left - view.x + c * cell - grow, top - view.y + r * side - grow, cell + 2 * grow, side + 2 * grow);
}
function band(r) { if (r < 0) return; pen.strokeStyle = colours.hd; pen.lineWidth = 1.5; pen.strokeRect(sizes.left, sizes.top - view.y + r * sizes.side, sizes.width - sizes.left, sizes.side); }
function names(across) {
  const { width, height, left, top } = sizes, size = across ? sizes.cell : sizes.side, listedHere = across ? columns : rows;
  const start = across ? left : top, end = across ? width : height, room = across ? top : left, moved = across ? view.x : view.y;
  const chosen = new Set(state.pair || (state.model === null ? [] : [state.model])), pointed = view.hover ? listedHere[view.hover[across ? 1 : 0]] : -1;
  pen.save(); pen.beginPath(); across ? pen.rect(left, 0, width - left, top) : pen.rect(0, top, left, height - top); pen.clip();
  pen.font = `${Math.max(9, Math.min(12, size - 1))}px system-ui, sans-serif`; pen.textBaseline = "middle"; pen.textAlign = across ? "left" : "right";
  let run = 0;
  const last = [];
  listedHere.forEach((i, place) => {
    const middle = start - moved + (place + 0.5) * size, lineage = models[i].lineage, look = lineage >= 0 ? data.lineages[lineage] : null;
    pen.fillStyle = look && look.colour >= 0 ? colours[look.colour] : colours.muted;
    const here = middle + size / 2 >= start && middle - size / 2 <= end, marked = chosen.has(i) || i === pointed;
    const thick = look && look.colour >= 0 && !look.again ? 7 : 3; // a colour that is another lineage's, too, has half a band
    if (here) across ? pen.fillRect(middle - size / 2, top - 3 - thick, size, thick) : pen.fillRect(left - 3 - thick, middle - size / 2, thick, size);
    const next = listedHere[place + 1], ends = next === undefined || models[next].lineage !== lineage;
    run += 1;
    if (marked && here) last.push([models[i].name, middle]);
    else if (size >= 9 && here) write(models[i].name, middle, across, room, false);
    else if (size < 9 && ends && !across && room >= 60 && look && run * size >= 13) write(look.name, middle - ((run - 1) * size) / 2, across, room, false);
    if (ends) run = 0;
  });
  for (const [name, middle] of last) write(name, middle, across, room, true);
  pen.restore();
}
function write(words, middle, across, room, marked) {
  const longest = room - 18;
  if (longest < 30) return;
  let text = words;
  while (text.length > 3 && pen.measureText(text).width > longest) text = `${text.slice(0, -2)}…`;
  pen.save();
  pen.translate(across ? middle : room - 14, across ? room - 14 : middle);
  if (across) pen.rotate(-Math.PI / 2);
  if (marked) { pen.fillStyle = colours.paper; pen.fillRect(across ? -3 : 3 - room, -8, room, 16); }
  pen.fillStyle = marked ? colours.hd : colours.ink; pen.fillText(text, 0, 0);
  pen.restore();
}
function cellAt(event) {
  const box = canvas.getBoundingClientRect(), c = Math.floor((event.clientX - box.left - sizes.left + view.x) / sizes.cell), r = Math.floor((event.clientY - box.top - sizes.top + view.y) / sizes.side);
  return event.clientX - box.left < sizes.left || event.clientY - box.top < sizes.top || r < 0 || c < 0 || r >= rows.length || c >= columns.length ? null : [r, c];
}
function say(cell, aloud) {
  const words = cell ? `${models[rows[cell[0]]].name} × ${models[columns[cell[1]]].name}: ${rows[cell[0]] === columns[cell[1]] ? "the model itself" : `closeness ${figure(close(rows[cell[0]], columns[cell[1]]))}`}` : "\u00a0";
  $("readout").textContent = words;
  if (aloud) $("status").textContent = words;
}
let drag = null;
canvas.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, from: [view.x, view.y], moved: false }; });
canvas.addEventListener("pointermove", (event) => {
  if (drag && event.buttons && view.zoom > 1) {
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
    if (drag.moved) { view.x = drag.from[0] + drag.x - event.clientX; view.y = drag.from[1] + drag.y - event.clientY; keepInside(); view.hover = null; draw(); return; }
  }
  view.hover = cellAt(event); say(view.hover, false); draw();
});
canvas.addEventListener("pointerleave", () => { view.hover = null; say(null, false); draw(); });
canvas.addEventListener("click", (event) => {
  const cell = drag && drag.moved ? null : cellAt(event);
  drag = null;
  if (cell) { [view.row, view.column] = cell; choosePair(rows[cell[0]], columns[cell[1]]); }
});
canvas.addEventListener("wheel", (event) => { if (event.ctrlKey) { event.preventDefault(); zoom(event.deltaY < 0 ? 1.25 : 0.8, cellAt(event)); } }, { passive: false });
for (const name of ["focus", "blur"]) canvas.addEventListener(name, draw);
function zoom(factor, around) {
  const most = Math.max(1, (24 * view.zoom) / sizes.cell), [r, c] = around || [view.row, view.column];
  view.zoom = factor ? Math.max(1, Math.min(view.zoom * factor, most)) : 1;
  if (view.zoom < 1.05) view.zoom = 1;
  layOut();
  view.x = (c + 0.5) * sizes.cell - (sizes.width - sizes.left) / 2; view.y = (r + 0.5) * sizes.side - (sizes.height - sizes.top) / 2;
  if (view.zoom === 1) view.x = view.y = 0;
  keepInside(); draw();
}
for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom({ in: 1.6, out: 0.625, fit: 0 }[button.dataset.zoom]));
canvas.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 10 : 1, move = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key];
  if (move && rows.length) {
    view.row = Math.max(0, Math.min(rows.length - 1, view.row + move[0])); view.column = Math.max(0, Math.min(columns.length - 1, view.column + move[1]));
    const x = view.column * sizes.cell - view.x, y = view.row * sizes.side - view.y;
    if (x < 0 || x > sizes.width - sizes.left - sizes.cell) view.x += x - (sizes.width - sizes.left) / 2;
    if (y < 0 || y > sizes.height - sizes.top - sizes.side) view.y += y - (sizes.height - sizes.top) / 2;
    keepInside(); say([view.row, view.column], true); draw();
  } else if ((event.key === "Enter" || event.key === " ") && rows.length) choosePair(rows[view.row], columns[view.column]);
  else if (event.key === "+" || event.key === "=") zoom(1.6); else if (event.key === "-") zoom(0.625); else if (event.key === "0") zoom(0);
  else return;
  event.preventDefault();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", layOut);
new ResizeObserver(() => { if (canvas.clientWidth && canvas.clientWidth !== sizes.width) layOut(); }).observe($("canvas-box"));

for (const id of ["tools", "tabs", "methods"]) $(id).hidden = false;
const asked = /^#(model|pair)-(\d+)(?:-(\d+))?$/.exec(location.hash);
showMethod(); openTab(0); list(true);
if (asked && asked[1] === "pair" && models[asked[2]] && models[asked[3]]) choosePair(Number(asked[2]), Number(asked[3]));
else if (asked && asked[1] === "model" && models[asked[2]]) choose(Number(asked[2]));
