/* A loss curve in SVG, at the size it has on the page, so that its letters stay readable. */

const EDGE = 8; // pixels left and right of the curve: half a slider's thumb
const HEAD = 16; // pixels above it
const FOOT = 20; // pixels below it, for the scale

class Curve {
  /**
   * @param {HTMLElement} host - Holds the SVG; its size counts.
   * @param {function(Curve): void} draw - Draws everything, now and whenever the size changes.
   */
  constructor(host, draw) {
    this.host = host;
    this.svg = host.querySelector("svg");
    new ResizeObserver(() => this.redraw(draw)).observe(host);
    this.redraw(draw);
  }

  redraw(draw) {
    this.width = Math.max(120, this.host.clientWidth);
    this.height = this.host.clientHeight;
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.replaceChildren();
    draw(this);
  }

  add(parent, name, attributes, text = "") {
    const made = document.createElementNS(this.svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return parent.appendChild(made);
  }

  /** Where a share of the width, or of the greatest loss, lies. */
  x(share) {
    return EDGE + share * (this.width - 2 * EDGE);
  }

  y(share) {
    return this.height - FOOT - share * (this.height - FOOT - HEAD);
  }

  /** The scales: the greatest loss, and words at places along the foot, as far as there is room. */
  scale(greatest, words) {
    const [left, right, top, bottom] = [this.x(0), this.x(1), this.y(1), this.y(0)];
    this.add(this.svg, "path", { d: `M${left} ${top}H${right}M${left} ${bottom}H${right}`, class: "axis" });
    this.add(this.svg, "text", { x: left + 2, y: top - 4 }, decimal(greatest, 2));
    this.add(this.svg, "text", { x: left + 2, y: bottom - 4 }, "0");
    let free = -Infinity;
    for (const [share, text] of words) {
      const half = 3.6 * text.length;
      const x = Math.min(Math.max(this.x(share), left + half), right - half);
      if (x - half < free) continue;
      this.add(this.svg, "text", { x, y: this.height - 5, "text-anchor": "middle" }, text);
      free = x + half + 8;
    }
  }

  /** A line through places [share of the width, share of the height] in turn. */
  line(places, name) {
    return this.add(this.svg, "polyline", { points: this.path(places), class: name });
  }

  path(places) {
    return places.map(([x, y]) => `${this.x(x).toFixed(1)},${this.y(y).toFixed(1)}`).join(" ");
  }
}
