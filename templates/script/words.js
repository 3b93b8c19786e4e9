/* The data of the page and its words; numbers are written as `report.language` writes them. */

const DATA = JSON.parse(document.getElementById("explorer-data").textContent);

/** The element with an id. */
function element(id) {
  return document.getElementById(id);
}

/** The numbers behind base64 of little-endian float64. */
function decoded(text) {
  return new Float64Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

/** A sentence of the page's language with its gaps filled. */
function say(key, values = {}) {
  return DATA.texts[key].replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

/** 1658 as it is, 10 000 in groups of three. */
function integer(value) {
  const text = String(value);
  return value >= 10000 ? text.replace(/\B(?=(\d{3})+$)/g, "\u202f") : text;
}

/** A number with a fixed count of decimals; a half goes to the even neighbour, as in Python. */
function decimal(value, places) {
  const half = Math.abs(value) * 2 ** (places + 1);
  if (half % 2 !== 1) return value.toFixed(places);
  const below = Math.floor(value * 10 ** places);
  return ((below + Math.abs(below % 2)) / 10 ** places).toFixed(places);
}

/** A share of 1 in per cent. */
function percent(share) {
  return `${decimal(100 * share, 1)}${DATA.habits.percent}%`;
}

/** The shade of a table's cell from 0 to 8; a half goes to the even neighbour. */
function heat(share) {
  return Number(decimal(8 * share, 0));
}

/** Fills a table of four rows and columns; shares, of the same shape, shade it. */
function fillMatrix(table, texts, shares) {
  table.querySelectorAll("td").forEach((cell, i) => {
    const [row, column] = [Math.floor(i / CLASSES), i % CLASSES];
    cell.textContent = texts[row][column];
    cell.className = `heat-${heat(shares[row][column])}`;
  });
}
