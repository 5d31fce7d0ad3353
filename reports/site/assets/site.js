"use strict";

// Sorts tables, filters the leaderboard, and stores both in the address. Pages work without scripts.

const UNITS = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, s: 1, min: 60, h: 3600 };
const NUMBER = /^([\u2212-]?[\d,]*\.?\d+)\s*(kB|MB|GB|TB|B|min|s|h)?(?=[\s/]|$)/;

/** The sort key of a cell: text, or a number in its smallest unit (the first of `0.9 ± 0.1` and `8/10`), or null. */
function sortValue(row, column, numeric) {
  const text = row.cells[column].textContent.trim();
  if (!numeric) return text.toLowerCase();
  const found = NUMBER.exec(text);
  return found && Number(found[1].replace("\u2212", "-").replaceAll(",", "")) * (UNITS[found[2]] ?? 1);
}

/** Compares rows; those without a value are last in both orders. */
function compare(one, other, sign) {
  if (one === null || other === null) return (one === null) - (other === null);
  return sign * (one < other ? -1 : one > other ? 1 : 0);
}

class SortedTable {
  constructor(table, changed) {
    this.headers = [...table.tHead.rows[0].cells];
    this.bodies = [...table.tBodies].map((body) => ({ body, rows: [...body.rows].filter((row) => !row.classList.contains("group")) }));
    this.changed = changed;
    this.key = this.order = "";
    for (const header of this.headers) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => this.turn(header));
      header.append(button);
    }
  }

  keyOf(header) {
    return header.dataset.key ?? header.textContent.trim();
  }

  /** The first click sorts numbers except ranks in falling order, the second reverses, the third restores the page's order. */
  turn(header) {
    const key = this.keyOf(header);
    const first = header.classList.contains("n") && key !== "rank" ? "desc" : "asc";
    const second = first === "asc" ? "desc" : "asc";
    if (key !== this.key) this.sort(key, first);
    else if (this.order === first) this.sort(key, second);
    else this.sort("", "");
    this.changed();
  }

  sort(key, order) {
    const column = this.headers.findIndex((header) => this.keyOf(header) === key);
    this.key = column < 0 ? "" : key;
    this.order = column < 0 ? "" : order === "asc" ? "asc" : "desc";
    for (const header of this.headers) header.removeAttribute("aria-sort");
    if (this.key) this.headers[column].setAttribute("aria-sort", this.order === "asc" ? "ascending" : "descending");
    const sign = this.order === "asc" ? 1 : -1;
    const numeric = this.key && this.headers[column].classList.contains("n");
    for (const { body, rows } of this.bodies) {
      const keyed = rows.map((row) => [row, this.key ? sortValue(row, column, numeric) : 0]);
      keyed.sort((one, other) => compare(one[1], other[1], sign));
      body.append(...keyed.map(([row]) => row));
    }
  }
}

class Filter {
  constructor(form, table, changed) {
    this.fields = [...form.elements].filter((field) => field.name);
    this.output = form.querySelector("output");
    this.rows = [...table.tBodies].flatMap((body) => [...body.rows].filter((row) => !row.classList.contains("group")));
    this.bodies = [...table.tBodies];
    this.facts = new Map(this.rows.map((row) => [row, this.read(row)]));
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => { this.apply(); changed(); });
    form.addEventListener("reset", () => setTimeout(() => { this.apply(); changed(); }));
  }

  read(row) {
    return {
      suites: (row.dataset.suites ?? "").split(" "),
      benchmark: row.parentElement.dataset.benchmark,
      method: row.dataset.method,
      model: row.querySelector("th").textContent.toLowerCase(),
      memory: row.dataset.memory === undefined ? Infinity : Number(row.dataset.memory),
    };
  }

  /** Sets the fields; an unknown value means all. */
  set(parameters) {
    for (const field of this.fields) {
      const value = parameters.get(field.name) ?? "";
      field.value = value;
      if (field.value !== value) field.value = "";
    }
    this.apply();
  }

  get chosen() {
    return this.fields.filter((field) => field.value).map((field) => [field.name, field.value]);
  }

  apply() {
    const { suite, benchmark, method, memory, model } = Object.fromEntries(this.fields.map((field) => [field.name, field.value]));
    let shown = 0;
    for (const [row, facts] of this.facts) {
      row.hidden = Boolean(
        (suite && !facts.suites.includes(suite)) ||
        (benchmark && facts.benchmark !== benchmark) ||
        (method && facts.method !== method) ||
        (memory && facts.memory > Number(memory)) ||
        (model && !facts.model.includes(model.toLowerCase().trim()))
      );
      shown += !row.hidden;
    }
    for (const body of this.bodies) body.hidden = [...body.rows].every((row) => row.hidden || row.classList.contains("group"));
    this.output.textContent = `${shown} of ${this.rows.length} rows`;
  }
}

/** Makes the page's tables sortable; the address contains the first one's order and the filter. */
function start() {
  const tables = [];
  let filter = null;
  const remember = () => {
    const address = new URL(location.href);
    address.search = "";
    for (const [name, value] of filter?.chosen ?? []) address.searchParams.set(name, value);
    if (tables[0].key) {
      address.searchParams.set("sort", tables[0].key);
      address.searchParams.set("order", tables[0].order);
    }
    history.replaceState(null, "", address);
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const first = !tables.length;
    tables.push(new SortedTable(table, first ? remember : () => {}));
    const form = first && document.getElementById(table.dataset.filters);
    if (form) filter = new Filter(form, table, remember);
  }
  if (!tables.length) return;
  for (const note of document.querySelectorAll(".scripted")) note.hidden = false;
  const parameters = new URL(location.href).searchParams;
  filter?.set(parameters);
  if (parameters.has("sort")) tables[0].sort(parameters.get("sort"), parameters.get("order"));
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

start();
