/* quadnet/dataset.py for the page. */

/**
 * Labelled points: { points: x and y in turn, labels }, shuffled as the report's.
 * @param {object} data - `seed`, `counts` and `centres` of the four classes, `spread`.
 */
function quadrants({ seed, counts, centres, spread }) {
  const stream = new Stream(seed);
  const sorted = [];
  counts.forEach((count, label) => {
    const [first, second] = [stream.normals(count), stream.normals(count)];
    stream.normals(count); // the note multiplies them by zero
    const [x, y] = centres[label];
    for (let i = 0; i < count; i++) sorted.push([first[i] * spread + x, second[i] * spread + y, label]);
  });
  const points = new Float64Array(2 * sorted.length);
  const labels = new Uint8Array(sorted.length);
  stream.permutation(sorted.length).forEach((from, i) => {
    [points[2 * i], points[2 * i + 1], labels[i]] = sorted[from];
  });
  return { points, labels };
}
