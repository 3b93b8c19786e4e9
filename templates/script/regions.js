/* Decision regions on a canvas, as report/figures/regions.py draws them: tints below, points and digits above. */

const CELLS = 160; // a side, as in the report's panels
const MARKS = 480; // pixels a side of the layer of points and digits
const INK = "#1f2328";

/** A square window with every point inside: { left, bottom, width }. */
function windowOf(points, centres) {
  const bounds = (pick) =>
    [0, 1].map((axis) => {
      let value = pick === Math.min ? Infinity : -Infinity;
      for (let i = axis; i < points.length; i += 2) value = pick(value, points[i]);
      return value;
    });
  const [low, high] = [bounds(Math.min), bounds(Math.max)];
  const reach = (axis) => Math.max(...centres.map((c) => c[axis])) - Math.min(...centres.map((c) => c[axis]));
  const width = Math.max(
    1.06 * Math.max(high[0] - low[0], high[1] - low[1]),
    1.5 * Math.max(reach(0), reach(1)),
    1e-3,
  );
  return { left: (low[0] + high[0] - width) / 2, bottom: (low[1] + high[1] - width) / 2, width };
}

class Regions {
  /**
   * @param {HTMLElement} host - Holds two canvases, for tints and for marks.
   * @param {number[]} widths - Units of every layer.
   * @param {object} dataset - `points` and `labels`.
   * @param {number[][]} centres - Those of the classes.
   */
  constructor(host, widths, { points, labels }, centres) {
    const [tints, marks] = host.querySelectorAll("canvas");
    this.picture = tints;
    this.tints = tints.getContext("2d");
    this.marks = marks.getContext("2d");
    this.image = this.tints.createImageData(CELLS, CELLS);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.colours = DATA.tints.map((tint) => {
      const [red, green, blue] = [1, 3, 5].map((i) => parseInt(tint.slice(i, i + 2), 16));
      return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
    this.window = windowOf(points, centres);
    const places = Array.from({ length: CELLS }, (_, i) => ((i + 0.5) * this.window.width) / CELLS);
    const row = new Float64Array(2 * CELLS);
    places.forEach((place, i) => (row[2 * i] = this.window.left + place));
    this.heights = places.map((place) => this.window.bottom + place).reverse();
    this.row = new Network(widths, row); // one row of cells, moved up and down
    this.classes = new Uint8Array(CELLS * CELLS);
    this.dots = this.drawn(points, labels);
  }

  /** The points as a picture of their own, which all moments share. */
  drawn(points, labels) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = MARKS;
    const pen = canvas.getContext("2d");
    const half = MARKS / 96;
    const step = Math.ceil(labels.length / 4000);
    pen.lineWidth = MARKS / 310;
    pen.strokeStyle = "#fff";
    for (let c = 0; c < CLASSES; c++) {
      pen.fillStyle = DATA.colours[c];
      for (let s = 0; s < labels.length; s += step) {
        if (labels[s] !== c) continue;
        const x = ((points[2 * s] - this.window.left) / this.window.width) * MARKS;
        const y = MARKS - ((points[2 * s + 1] - this.window.bottom) / this.window.width) * MARKS;
        pen.beginPath();
        if (c === 0) pen.arc(x, y, half, 0, 2 * Math.PI);
        else if (c === 1) pen.rect(x - half, y - half, 2 * half, 2 * half);
        else {
          const corners = c === 2 ? [0, -1, 1, 1, -1, 1] : [0, -1.4, 1.4, 0, 0, 1.4, -1.4, 0];
          for (let i = 0; i < corners.length; i += 2) pen.lineTo(x + half * corners[i], y + half * corners[i + 1]);
          pen.closePath();
        }
        pen.stroke();
        pen.fill();
      }
    }
    return canvas;
  }

  /** Asks a network for the class of every cell and draws it. */
  draw(theta) {
    const { row, heights, classes, pixels, colours } = this;
    for (let r = 0; r < CELLS; r++) {
      row.units.fill(heights[r], row.size, row.size + CELLS);
      row.forward(theta);
      row.classify(classes.subarray(r * CELLS, (r + 1) * CELLS));
    }
    for (let i = 0; i < classes.length; i++) pixels[i] = colours[classes[i]];
    this.tints.putImageData(this.image, 0, 0);
    this.marks.clearRect(0, 0, MARKS, MARKS);
    this.marks.drawImage(this.dots, 0, 0);
    this.digits();
  }

  /** Writes each class into its region, at the cell nearest to the middle of all its cells. */
  digits() {
    const pen = this.marks;
    const sums = Array.from({ length: CLASSES }, () => ({ count: 0, x: 0, y: 0, least: Infinity, at: 0 }));
    for (let i = 0; i < this.classes.length; i++) {
      const sum = sums[this.classes[i]];
      sum.count++;
      sum.x += i % CELLS;
      sum.y += (i / CELLS) | 0;
    }
    for (let i = 0; i < this.classes.length; i++) {
      const sum = sums[this.classes[i]];
      const x = (i % CELLS) - sum.x / sum.count;
      const y = ((i / CELLS) | 0) - sum.y / sum.count;
      if (x * x + y * y < sum.least) [sum.least, sum.at] = [x * x + y * y, i];
    }
    pen.font = `600 ${Math.round(MARKS / 7)}px "Quadnet Sans", sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = MARKS / 40;
    pen.lineJoin = "round";
    pen.fillStyle = INK;
    sums.forEach(({ count, at }, c) => {
      if (!count) return;
      const x = ((at % CELLS) * MARKS) / CELLS;
      const y = (((at / CELLS) | 0) * MARKS) / CELLS;
      pen.strokeStyle = DATA.tints[c];
      pen.strokeText(String(c), x, y);
      pen.fillText(String(c), x, y);
    });
  }

  /** Says what the picture shows. */
  describe(words) {
    this.picture.setAttribute("aria-label", words);
  }
}
