/* quadnet/network.py for the page. A network's parameters θ are one row, W_1, b_1, W_2, b_2, …; the numbers of one unit
   lie side by side, padded to whole blocks, and padding is 0 throughout. */

const CLASSES = 4;

/** How many parameters a network has. */
function parameterCount(widths) {
  let count = 0;
  for (let l = 1; l < widths.length; l++) count += (widths[l - 1] + 1) * widths[l];
  return count;
}

/** The seeded start. */
function initial({ seed, widths, scale }) {
  return new Stream(seed).normals(parameterCount(widths)).map((number) => number * scale);
}

/** Room for some points on their way through a network, and the steps on them. Makes no array after that. */
class Network {
  /**
   * @param {number[]} widths - Units of every layer.
   * @param {Float64Array} points - x and y in turn.
   * @param {Uint8Array} [labels] - Needed for loss and gradient.
   */
  constructor(widths, points, labels) {
    this.widths = widths;
    this.samples = points.length / 2;
    this.size = padded(this.samples);
    this.firsts = [0]; // row of each layer among the units
    this.starts = [0]; // place of each layer in θ
    for (let l = 1; l < widths.length; l++) {
      this.firsts.push(this.firsts[l - 1] + widths[l - 1]);
      this.starts.push(this.starts[l - 1] + (widths[l - 1] + 1) * widths[l]);
    }
    this.units = new Float64Array((this.firsts[this.firsts.length - 1] + CLASSES) * this.size);
    for (let s = 0; s < this.samples; s++) {
      this.units[s] = points[2 * s];
      this.units[this.size + s] = points[2 * s + 1];
    }
    this.outputs = this.units.subarray(this.firsts[this.firsts.length - 1] * this.size);
    this.logits = new Float64Array(CLASSES * this.size);
    this.labels = labels;
    if (labels) {
      const widest = Math.max(...widths);
      this.oneHot = new Float64Array(CLASSES * this.size);
      for (let s = 0; s < this.samples; s++) this.oneHot[labels[s] * this.size + s] = 1;
      this.delta = new Float64Array(widest * this.size);
      this.next = new Float64Array(widest * this.size);
      this.terms = new Float64Array(this.size);
      this.factors = new Float64Array(this.size).fill(1);
      this.gradient = new Float64Array(this.starts[this.starts.length - 1]);
    }
  }

  /** Runs the points through: Z_l = A_{l−1} W_l + b_l, A_l = σ(Z_l), with weights, biases and logits in bits. */
  forward(theta) {
    const { widths, samples, size, units } = this;
    const bits = theta.map((parameter) => parameter * BITS_PER_NAT);
    for (let l = 1; l < widths.length; l++)
      forwardLayer(
        units, this.firsts[l - 1] * size, widths[l - 1], this.firsts[l] * size, widths[l], bits, this.starts[l - 1],
        l === widths.length - 1 ? this.logits : null, samples, size,
      );
  }

  /** The loss where `forward` went last: `cross_entropy`. */
  loss() {
    const { samples, size, outputs, logits, oneHot, terms, factors } = this;
    for (let s = 0; s < samples; s++) {
      let term = 0;
      let factor = 1;
      for (let k = 0; k < CLASSES; k++) {
        const i = k * size + s;
        const z = logits[i];
        const a = outputs[i];
        const rest = 1 - a;
        const linear = (z > 0 ? z : 0) - oneHot[i] * z;
        const nearest = a < rest ? rest : a;
        term = k ? term + linear : linear;
        factor = k ? factor * nearest : nearest;
      }
      terms[s] = term;
      factors[s] = factor;
    }
    return (total(terms, 0, size) * NATS_PER_BIT - totalLog(factors, size)) / samples;
  }

  /** The gradient where `forward` went last, into `this.gradient`, by back-propagation. */
  backward(theta) {
    const { widths, samples, size, units, outputs, oneHot, gradient } = this;
    let { delta, next } = this;
    for (let k = 0; k < CLASSES; k++)
      for (let i = k * size, end = i + samples; i < end; i++) delta[i] = outputs[i] - oneHot[i];
    for (let l = widths.length - 1; l > 0; l--) {
      const below = this.firsts[l - 1] * size;
      const rows = widths[l - 1];
      const columns = widths[l];
      const start = this.starts[l - 1];
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          gradient[start + i * columns + j] = totalProducts(units, below + i * size, delta, j * size, size) / samples;
      for (let j = 0; j < columns; j++) gradient[start + rows * columns + j] = total(delta, j * size, size) / samples;
      if (l > 1) {
        backwardLayer(units, below, rows, columns, theta, start, delta, next, samples, size);
        const swap = delta;
        delta = next;
        next = swap;
      }
    }
  }

  /** The class of each point where `forward` went last: the first of the largest outputs. */
  classify(classes) {
    const { samples, size, outputs } = this;
    for (let s = 0; s < samples; s++) {
      let best = 0;
      for (let k = 1; k < CLASSES; k++) if (outputs[k * size + s] > outputs[best * size + s]) best = k;
      classes[s] = best;
    }
    return classes;
  }

  /** Points by label (row) and prediction (column), and the mean outputs of each label's points, where `forward` went. */
  observe() {
    const predicted = this.classify(new Uint8Array(this.samples));
    const confusion = Array.from({ length: CLASSES }, () => new Array(CLASSES).fill(0));
    predicted.forEach((c, s) => confusion[this.labels[s]][c]++);
    const means = confusion.map((row, label) => {
      const count = row.reduce((a, b) => a + b);
      return row.map((_, k) => {
        const some = new Float64Array(padded(count));
        let i = 0;
        for (let s = 0; s < this.samples; s++) if (this.labels[s] === label) some[i++] = this.outputs[k * this.size + s];
        return total(some, 0, some.length) / count;
      });
    });
    return { confusion, means };
  }
}

/** One layer forward: sums over the units in their order, the bias last. */
function forwardLayer(units, below, rows, above, columns, bits, start, logits, samples, size) {
  for (let j = 0; j < columns; j++) {
    const bias = bits[start + rows * columns + j];
    for (let s = 0; s < samples; s++) {
      let u = units[below + s] * bits[start + j];
      for (let i = 1; i < rows; i++) u += units[below + i * size + s] * bits[start + i * columns + j];
      u += bias;
      if (logits !== null) logits[j * size + s] = u;
      units[above + j * size + s] = sigmoid2(u);
    }
  }
}

/** One layer back: Δ_{l−1} = (Δ_l W_lᵀ) ∘ A ∘ (1 − A). */
function backwardLayer(units, below, rows, columns, theta, start, delta, next, samples, size) {
  for (let i = 0; i < rows; i++)
    for (let s = 0; s < samples; s++) {
      let sum = delta[s] * theta[start + i * columns];
      for (let j = 1; j < columns; j++) sum += delta[j * size + s] * theta[start + i * columns + j];
      const a = units[below + i * size + s];
      next[i * size + s] = sum * a * (1 - a);
    }
}
