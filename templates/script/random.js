/* quadnet/random.py for the page: the Mersenne Twister (Matsumoto & Nishimura 1998) as NumPy's `RandomState` runs it, and
   normal numbers by the polar method with this page's logarithm. */

class Stream {
  /** @param {number} seed - A whole number from 0 to 2^32 − 1. */
  constructor(seed) {
    this.state = new Uint32Array(624);
    this.place = 624;
    this.spare = null;
    this.state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const before = this.state[i - 1];
      this.state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** 32 random bits. */
  bits() {
    const state = this.state;
    if (this.place === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.place = 0;
    }
    let y = state[this.place++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A number between 0 and 1, of 53 bits. */
  uniform() {
    const high = this.bits() >>> 5;
    return (high * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
  }

  /** A standard normal number; they come in pairs. */
  normal() {
    if (this.spare !== null) {
      const number = this.spare;
      this.spare = null;
      return number;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square < 1 && square !== 0) {
        const scale = Math.sqrt((-2 * log(square)) / square);
        this.spare = scale * x;
        return scale * y;
      }
    }
  }

  /** So many normal numbers. */
  normals(count) {
    return Float64Array.from({ length: count }, () => this.normal());
  }

  /** The numbers 0 to count − 1 shuffled. */
  permutation(count) {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const mask = 0xffffffff >>> Math.clz32(i);
      let j;
      do j = (this.bits() & mask) >>> 0;
      while (j > i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
