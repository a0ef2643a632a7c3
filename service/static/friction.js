// Pointing at and filtering what is on the page already. Everything can be read without it.
"use strict";

const say = document.documentElement.lang === "fr"
  ? { filter: "Montrer seulement", none: "Rien ne correspond." }
  : { filter: "Show only", none: "Nothing matches." };

// A window or bar says its numbers under the chart while it is pointed at.
for (const figure of document.querySelectorAll("figure:has(.series, .patterns)")) {
  const readout = document.createElement("p");
  readout.className = "readout";
  readout.setAttribute("aria-hidden", "true");
  figure.insertBefore(readout, figure.querySelector("figcaption"));
  for (const shape of figure.querySelectorAll(".window, .bar, .flag, .change-of-model")) {
    const words = shape.querySelector("title").textContent;
    shape.addEventListener("pointerenter", () => { readout.textContent = words; });
    shape.addEventListener("pointerleave", () => { readout.textContent = ""; });
  }
}

// A pair in the matrix and its row of numbers light up together.
const rows = new Map([...document.querySelectorAll("tr[data-pair]")].map((row) => [row.dataset.pair, row]));
for (const cell of document.querySelectorAll(".matrix a")) {
  const row = rows.get(cell.getAttribute("href"));
  if (!row) continue;
  const light = (on) => { row.classList.toggle("lit", on); cell.classList.toggle("lit", on); };
  for (const part of [cell, row]) {
    part.addEventListener("pointerenter", () => light(true));
    part.addEventListener("pointerleave", () => light(false));
    part.addEventListener("focusin", () => light(true));
    part.addEventListener("focusout", () => light(false));
  }
}

// Filter the list of pairs by a team's name or a verdict; the matrix dims what is not meant.
const list = document.querySelector("#pairs");
if (list && rows.size > 1) {
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const label = document.createElement("label");
  label.className = "filter";
  label.textContent = say.filter;
  const field = document.createElement("input");
  field.type = "search";
  label.append(field);
  const none = document.createElement("p");
  none.setAttribute("role", "status");
  list.parentElement.before(label);
  list.parentElement.after(none);
  field.addEventListener("input", () => {
    const wanted = plain(field.value.trim());
    let shown = 0;
    for (const [pair, row] of rows) {
      const meant = plain(row.textContent).includes(wanted);
      row.hidden = !meant;
      shown += meant;
      const cell = document.querySelector(`.matrix a[href="${CSS.escape(pair)}"]`);
      if (cell) cell.classList.toggle("dim", !meant);
    }
    none.textContent = shown ? "" : say.none;
  });
}
