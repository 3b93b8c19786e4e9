// Sorts the table by the heads of its columns and searches it; without this script it is a plain table of all runs.
"use strict";
for (const table of document.querySelectorAll("table")) {
  const search = document.querySelector(".search"), input = search.querySelector("input");
  const found = search.querySelector("output b"), more = document.querySelector(".more");
  const [body, rest] = table.tBodies;
  const first = body.rows.length; // to lay out thousands of rows takes seconds, so the others come on demand
  const texts = new Map(); // of the rows, once somebody searches
  let rows = [...body.rows, ...(rest?.rows ?? [])]; // in their order, whether the page shows them or not
  let most = first;

  function show() {
    const words = input.value.toLowerCase().split(" ").filter(Boolean);
    const fitting = words.length ? rows.filter((row) => words.every((word) => text(row).includes(word))) : rows;
    body.replaceChildren(...fitting.slice(0, most));
    found.textContent = grouped(fitting.length);
    more.hidden = fitting.length <= most;
  }

  function text(row) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  }

  function sort(head) {
    const falling = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const sign = falling ? -1 : 1;
    const keyed = rows.map((row) => [key(row, head.cellIndex), row]);
    // What a row does not have comes last either way.
    keyed.sort(([a], [b]) => (a && b ? sign * ((a > b) - (a < b)) : !a - !b));
    rows = keyed.map(([, row]) => row);
    most = first;
    show();
  }

  // A cell's text with its numbers in one piece and of one length; a damaged run has but its name.
  function key(row, column) {
    const whole = row.cells.length === table.tHead.rows[0].cells.length;
    const text = whole || column === 0 ? row.cells[column].textContent : "";
    if (text === "–") return "";
    return text.trim().toLowerCase().replaceAll("\u202f", "").replace(/\d+/g, (digits) => digits.padStart(10, "0"));
  }

  function grouped(count) {
    return count < 10000 ? `${count}` : `${count}`.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  rest?.remove();
  table.classList.add("started");
  search.hidden = false;
  show();
  input.addEventListener("input", () => {
    most = first;
    show();
  });
  more.addEventListener("click", () => {
    most *= 5;
    show();
  });
  for (const head of table.tHead.querySelectorAll("th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head));
  }
}
