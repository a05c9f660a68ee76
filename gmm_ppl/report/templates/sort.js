"use strict";
(() => {
  const collator = new Intl.Collator("en", { numeric: true });
  const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

  // The first number of a cell as a report writes numbers: −1,234.5, 1.2×10⁻³, <0.001, ∞; NaN where there is none.
  const number = (text) => {
    const plain = text.replaceAll("−", "-").replace(/(\d),(?=\d{3})/g, "$1");
    const found = /^([<>]?)(-?)(∞|\d+(?:\.\d+)?)(?:×10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+))?/.exec(plain);
    if (!found) return NaN;
    const [, side, minus, digits, below, raised] = found;
    const power = raised ? Number((below ? "-" : "") + [...raised].map((each) => superscripts.indexOf(each)).join("")) : 0;
    const size = digits === "∞" ? Infinity : Number(`${digits}e${power}`);
    return (minus ? -size : size) + (side === "<" ? -1e-9 : side === ">" ? 1e-9 : 0);
  };

  const key = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    if (cell.dataset.rank) return Number(cell.dataset.rank);
    return numeric ? number(text) : text;
  };

  const missing = (value) => Number.isNaN(value) || value === "" || value === "–";

  const compare = (a, b) => (typeof a === "string" ? collator.compare(a, b) : a === b ? 0 : a < b ? -1 : 1);

  // Array.sort is stable, so that rows that tie stay as they were; rows without a value come last in both directions.
  const ordered = (rows, column, numeric, sign) => {
    const keyed = rows.map((row) => [key(row, column, numeric), row]);
    const known = keyed.filter(([value]) => !missing(value)).sort(([a], [b]) => sign * compare(a, b));
    return [...known, ...keyed.filter(([value]) => missing(value))].map(([, row]) => row);
  };

  const next = { none: "ascending", ascending: "descending", descending: "none" };

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const written = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const order = next[head.getAttribute("aria-sort") ?? "none"];
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        if (order !== "none") head.setAttribute("aria-sort", order);
        const sign = order === "descending" ? -1 : 1;
        body.append(...(order === "none" ? written : ordered(written, column, head.classList.contains("n"), sign)));
      });
    });
  }
})();
