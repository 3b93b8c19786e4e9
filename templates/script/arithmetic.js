/* quadnet/arithmetic.py for the page: the same operations in the same order, hence the same bits. JavaScript's numbers
   are float64 and its + − × ÷ round once, as IEEE 754 has it. Bits are read with the low word first, as every browser's
   processor stores them. */

const LANES = 8; // sums run side by side in so many lanes
const BLOCK = 64; // samples are padded with zeros to whole blocks of 8 rows of lanes

const BITS_PER_NAT = 1.4426950408889634;
const NATS_PER_BIT = 0.6931471805599453;
// ln 2 in two parts, the first so short that its product with k is exact.
const LN2_HIGH = 0.693147180559663;
const LN2_LOW = 2.8235290563031577e-13;

// Adding it rounds to a whole number, halves to an even one.
const ROUND = 1.5 * 4503599627370496;

// 2^(k + 512) at k + POWER_ZERO, by doubling and halving 1. The sigmoid's terms are held 2^512 times too large.
const POWER_ZERO = 1100;
const POWERS = new Float64Array(1300);
POWERS[POWER_ZERO - 512] = 1;
for (let i = POWER_ZERO - 511; i < POWERS.length; i++) POWERS[i] = POWERS[i - 1] * 2;
for (let i = POWER_ZERO - 513; i >= 0; i--) POWERS[i] = POWERS[i + 1] / 2;
const SCALE = POWERS[POWER_ZERO];

/** 1 / (1 + 2^{-u}): the sigmoid of a logit in bits. */
function sigmoid2(u) {
  const x = u < -1100 ? -1100 : u > 100 ? 100 : u;
  const k = x + ROUND - ROUND;
  const f = x - k;
  const q = f * f;
  const even =
    ((((8.59583686064395e-10 * q - 7.149498123905995e-8) * q + 5.952481029334347e-6) * q - 0.00052035101871595) * q +
      0.06498254817749452) *
      q +
    1.6230319210000839;
  const g = f * 0.5625;
  const p = (even + g) * POWERS[(k + POWER_ZERO) | 0];
  return p / (p - g * SCALE + even * SCALE);
}

const NUMBER = new Float64Array(1);
const WORDS = new Int32Array(NUMBER.buffer);

/** The natural logarithm of a positive normal number. */
function log(x) {
  NUMBER[0] = x;
  const k = (WORDS[1] - 0x3fe6a09e - (WORDS[0] >>> 0 < 0x667f3bcd ? 1 : 0)) >> 20;
  WORDS[1] -= k << 20;
  const f = NUMBER[0] - 1;
  const s = f / (2 + f);
  const q = s * s;
  const series =
    (((((0.14617807153417325 * q + 0.15331611722055008) * q + 0.1818289243253687) * q + 0.22222211089379496) * q +
      0.28571428626253836) *
      q +
      0.3999999999989889) *
      q +
    0.666666666666667;
  const tail = series * q;
  // The large parts, k ln 2, f and f²/2, are added without loss; arithmetic.py says how.
  const shifted = f * 134217728;
  const high = f + shifted - shifted;
  const halfHigh = 0.5 * high * high;
  const halfLow = 0.5 * (f - high) * (f + high);
  const steps = k * LN2_HIGH;
  const first = steps + f;
  const second = first - halfHigh;
  const lost = f - (first - steps) + (first - second - halfHigh);
  const small = s * (halfHigh + halfLow + tail) + k * LN2_LOW - halfLow;
  return second + (lost + small);
}

/** The number of samples after padding to whole blocks. */
function padded(samples) {
  return Math.ceil(samples / BLOCK) * BLOCK;
}

const LANE_SUMS = new Float64Array(LANES);

/** The last three foldings of a sum, over its lanes. */
function across() {
  const l = LANE_SUMS;
  return l[0] + l[4] + (l[2] + l[6]) + (l[1] + l[5] + (l[3] + l[7]));
}

/** The sum of padded terms, x[start] to x[start + size − 1]; −0 is what leaves every number as it is. */
function total(x, start, size) {
  const part = size / 8;
  const end = start + part;
  for (let lane = 0; lane < LANES; lane++) {
    let sum = -0;
    for (let i = start + lane; i < end; i += LANES)
      sum +=
        x[i] + x[i + 4 * part] + (x[i + 2 * part] + x[i + 6 * part]) +
        (x[i + part] + x[i + 5 * part] + (x[i + 3 * part] + x[i + 7 * part]));
    LANE_SUMS[lane] = sum;
  }
  return across();
}

/** The sum of the products of two padded rows, in the order of `total`. */
function totalProducts(x, xStart, y, yStart, size) {
  const part = size / 8;
  for (let lane = 0; lane < LANES; lane++) {
    let sum = -0;
    for (let i = lane; i < part; i += LANES) {
      const a = xStart + i;
      const b = yStart + i;
      sum +=
        x[a] * y[b] + x[a + 4 * part] * y[b + 4 * part] +
        (x[a + 2 * part] * y[b + 2 * part] + x[a + 6 * part] * y[b + 6 * part]) +
        (x[a + part] * y[b + part] + x[a + 5 * part] * y[b + 5 * part] +
          (x[a + 3 * part] * y[b + 3 * part] + x[a + 7 * part] * y[b + 7 * part]));
    }
    LANE_SUMS[lane] = sum;
  }
  return across();
}

/** The sum of ln x of padded factors, with one logarithm for eight that fold together. */
function totalLog(x, size) {
  const part = size / 8;
  for (let lane = 0; lane < LANES; lane++) {
    let sum = -0;
    for (let i = lane; i < part; i += LANES)
      sum += log(
        x[i] * x[i + 4 * part] * (x[i + 2 * part] * x[i + 6 * part]) *
          (x[i + part] * x[i + 5 * part] * (x[i + 3 * part] * x[i + 7 * part])),
      );
    LANE_SUMS[lane] = sum;
  }
  return across();
}
