// Sorting of tables by their headings, and values under the pointer; the page is complete without either.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    // A span, because browsers leave real buttons out of the headings they repeat on paper.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.append(...head.childNodes);
    head.append(button);
    const sort = () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const numeric = head.classList.contains("num");
      const key = (row) => {
        const text = row.cells[column].textContent.trim();
        if (!numeric) return text;
        const value = parseFloat(text.replaceAll(",", "").replace("\u2212", "-"));
        return Number.isNaN(value) ? -Infinity : value;
      };
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [key(row), row]);
      rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1));
      body.append(...rows.map(([, row]) => row));
    };
    button.addEventListener("click", sort);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      sort();
    });
  });
}

// Values under the pointer: of the nearest point of every named line, or the title of a mark.
for (const drawing of document.querySelectorAll("figure svg")) {
  const title = (mark) => mark.querySelector(":scope > title:not([id])")?.textContent;
  if (!drawing.dataset.axes && ![...drawing.querySelectorAll("g > * > title")].length) continue;
  const readout = document.createElement("p");
  readout.className = "readout";
  drawing.after(readout);
  const [x0, x1, left, right, y0, y1, bottom, top] = (drawing.dataset.axes || "").split(" ").map(Number);
  const said = (value) => String(Number(value.toPrecision(3))).replace("-", "\u2212");
  const lines = [...drawing.querySelectorAll("path[data-name]")].map((path) => [
    path.dataset.name,
    [...path.getAttribute("d").matchAll(/([-\d.]+) ([-\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]),
  ]);
  drawing.addEventListener("pointermove", (event) => {
    const named = title(event.target);
    if (named) return void (readout.textContent = named);
    if (!drawing.dataset.axes) return;
    const box = drawing.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * drawing.viewBox.baseVal.width;
    if (x < left || x > right) return void (readout.textContent = "");
    const at = x0 + ((x - left) / (right - left)) * (x1 - x0);
    const values = lines.map(([name, points]) => {
      const near = points.reduce((a, b) => (Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a));
      return `${name}: ${said(y0 + ((near[1] - bottom) / (top - bottom)) * (y1 - y0))}`;
    });
    readout.textContent = `${drawing.dataset.x} ${said(at)}. ${drawing.dataset.y}: ${values.join("; ")}`;
  });
  drawing.addEventListener("pointerleave", () => (readout.textContent = ""));
}
