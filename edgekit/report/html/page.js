"use strict";
(() => {
  // What a point is: its title, shown on hover, on focus and on a tap.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  const markOf = (event) => (event.target instanceof Element ? event.target.closest(".mark") : null);
  let shown = null;
  const hide = () => { tip.hidden = true; shown = null; };
  const show = (mark) => {
    shown = mark;
    const title = mark.querySelector("title");
    if (title) { // the browser's own tooltip would stand beside ours
      mark.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    tip.textContent = mark.getAttribute("aria-label");
    tip.hidden = false;
    const box = (mark.querySelector(".shape") || mark).getBoundingClientRect();
    const left = box.left + box.width / 2 - tip.offsetWidth / 2;
    const above = box.top - tip.offsetHeight - 10;
    tip.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${above > 8 ? above : box.bottom + 10}px`;
  };
  for (const kind of ["pointerover", "focusin", "click"]) {
    document.addEventListener(kind, (event) => { const mark = markOf(event); if (mark) show(mark); });
  }
  for (const kind of ["pointerout", "focusout"]) {
    document.addEventListener(kind, (event) => { if (markOf(event)) hide(); });
  }
  document.addEventListener("scroll", () => { if (shown) show(shown); }, { passive: true, capture: true });

  // One point of a chart is reached by the tab key, the others from it by arrow keys.
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const mark = markOf(event);
    if (!mark || !(event.key in steps || event.key === "Home" || event.key === "End")) return;
    event.preventDefault();
    const marks = [...mark.parentElement.querySelectorAll(".mark")];
    const last = marks.length - 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : marks.indexOf(mark) + steps[event.key];
    const next = marks[Math.max(0, Math.min(to, last))];
    mark.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus({ preventScroll: true });
    show(next);
  });

  // Numbers sort by value, texts as a reader would; what was not measured comes last either way.
  const collator = new Intl.Collator("en", { numeric: true });
  const sort = (table, heading) => {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    const numeric = heading.classList.contains("number");
    const body = table.tBodies[0];
    const column = heading.cellIndex;
    const keyed = Array.from(body.rows, (row) => {
      const cell = row.cells[column];
      if (numeric) return [cell.dataset.v === undefined ? null : Number(cell.dataset.v), row];
      return [cell.textContent === "-" ? null : cell.textContent, row];
    });
    const order = numeric ? (a, b) => a - b : collator.compare;
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return up ? order(a, b) : order(b, a);
    });
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...keyed.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    table.tHead.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) sort(table, button.closest("th"));
    });
  }
})();
