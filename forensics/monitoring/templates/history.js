// Reading values off the figures, and finding pairs; the page is complete without it.
const data = JSON.parse(document.getElementById("data").textContent);
const sections = [...document.querySelectorAll("section.pair")];
const figure = (value) => (value === null ? "—" : String(value).replace("-", "\u2212"));

sections.forEach((section, place) => {
  const pair = data.pairs[place], readout = section.querySelector(".readout");
  let current = pair.nights.length - 1;
  const show = (index) => {
    current = Math.max(0, Math.min(pair.nights.length - 1, index));
    const said = pair.lines.filter(([, values]) => values[current] !== null).map(([name, values]) => `${name} ${figure(values[current])}`);
    readout.textContent = `${pair.nights[current]} (${pair.results[current]}): ${said.join(" · ")}`;
    for (const svg of section.querySelectorAll("figure svg")) cursor(svg, pair.days[current]);
  };
  const low = pair.days[0] - 0.5, high = pair.days[pair.days.length - 1] + 0.5;
  const cursor = (svg, day) => {
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const x = data.left + ((day - low) / (high - low)) * (width - data.margin - data.left);
    let line = svg.querySelector(".cursor");
    if (!line) svg.append((line = document.createElementNS("http://www.w3.org/2000/svg", "path")));
    line.setAttribute("class", "cursor");
    line.setAttribute("d", `M${x} 16V${height - 30}`);
  };
  for (const svg of section.querySelectorAll("figure svg")) {
    svg.tabIndex = 0;
    const point = (event) => {
      const box = svg.getBoundingClientRect(), width = Number(svg.getAttribute("viewBox").split(" ")[2]);
      const x = ((event.clientX - box.left) / box.width) * width;
      const day = low + ((x - data.left) / (width - data.margin - data.left)) * (high - low);
      let best = 0;
      pair.days.forEach((one, i) => { if (Math.abs(one - day) < Math.abs(pair.days[best] - day)) best = i; });
      show(best);
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("focus", () => show(current));
    svg.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: pair.nights.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(to);
    });
  }
});

const search = document.getElementById("search"), troubled = document.getElementById("troubled");
if (search && sections.length > 1) {
  document.getElementById("tools").hidden = false;
  const filter = () => {
    let shown = 0;
    for (const section of sections) {
      const fits = section.dataset.name.toLowerCase().includes(search.value.toLowerCase()) && (!troubled.checked || section.dataset.kind === "bad");
      section.hidden = !fits;
      document.querySelector(`#overview tr[data-pair="${section.dataset.pair}"]`).hidden = !fits;
      shown += fits;
    }
    document.getElementById("status").textContent = shown === sections.length ? "" : `${shown} of ${sections.length} pairs`;
  };
  search.addEventListener("input", filter);
  troubled.addEventListener("change", filter);
}
