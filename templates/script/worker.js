/* The training as a worker runs it: it posts what was learnt since the last message, some twenty times a second. */

/** The script that this stands in, for the worker to be made of; the worker itself has none. */
const SOURCE = globalThis.document?.currentScript.textContent;

const BETWEEN_MESSAGES = 50; // milliseconds

/** Waits for settings, trains, and posts { losses, first, theta, ended } now and then. */
function serve() {
  onmessage = ({ data: settings }) => {
    const { epochs } = settings;
    const training = new Training(settings);
    const losses = new Float64Array(epochs);
    let first = 0;
    let last = performance.now();
    for (let epoch = 0; epoch < epochs; epoch++) {
      losses[epoch] = training.epoch();
      const ended = epoch === epochs - 1 || !Number.isFinite(losses[epoch]);
      if (!ended && (epoch % 16 || performance.now() - last < BETWEEN_MESSAGES)) continue;
      postMessage({ losses: losses.slice(first, epoch + 1), first, theta: training.theta.slice(), ended });
      if (ended) break;
      first = epoch + 1;
      last = performance.now();
    }
  };
}
