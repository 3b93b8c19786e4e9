/* The panel that trains: a form, a worker, the curve beside the report's, and the regions as they come. */

const COLUMNS = 500; // of the curve: the least and the greatest loss are drawn in each

class Trainer {
  constructor() {
    this.form = element("train-form");
    this.columns = [];
    this.form.addEventListener("input", () => this.edited());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.start();
    });
    this.form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.fill(DATA.settings);
    });
    element("train-stop").addEventListener("click", () => this.stop());
    element("train-copy").addEventListener("click", () => this.copy());
    addEventListener("hashchange", () => this.arrive());
    this.epochs = DATA.epochs.at(-1);
    this.curve = new Curve(element("train-curve"), (curve) => this.drawCurve(curve));
    this.fill(DATA.settings, false);
    this.arrive();
  }

  /** The settings of the address, if it has some. */
  arrive() {
    const texts = fromAddress(location.hash);
    if (!texts) return;
    this.fill(texts, false);
    element("train").scrollIntoView({ behavior: "instant" });
  }

  get texts() {
    return Object.fromEntries(Object.keys(FIELDS).map((name) => [name, this.form.elements[name].value]));
  }

  fill(texts, visible = true) {
    for (const [name, text] of Object.entries(texts)) this.form.elements[name].value = text;
    this.edited(visible);
  }

  /** Marks what is refused, and keeps address and command in step. */
  edited(visible = true) {
    const { texts } = this;
    const { values, refused } = understood(texts);
    if (!refused.length && asked(values).data.counts.reduce((a, b) => a + b) > MOST_POINTS) refused.push("samples");
    for (const name of Object.keys(FIELDS)) {
      const wrong = refused.includes(name);
      this.form.elements[name].setAttribute("aria-invalid", wrong);
      element(`train-${name}-error`).hidden = !wrong;
    }
    element("train-command").textContent = refused.length ? say("refuse") : command(texts, values);
    element("train-copy").disabled = refused.length > 0;
    if (visible && !refused.length) history.replaceState(null, "", toAddress(texts));
    return { values, refused };
  }

  start() {
    const { values, refused } = this.edited();
    if (refused.length) {
      this.form.elements[refused[0]].focus();
      return;
    }
    this.stop();
    const settings = asked(values);
    const dataset = quadrants(settings.data);
    this.settings = settings;
    this.theReports = Object.keys(FIELDS).every((name) => alike(name, this.texts[name], DATA.settings[name]));
    this.network = new Network(settings.network.widths, dataset.points, dataset.labels);
    this.regions = new Regions(element("train-regions"), settings.network.widths, dataset, settings.data.centres);
    this.epochs = Math.max(settings.epochs, DATA.epochs.at(-1));
    this.columns = [];
    this.losses = null;
    this.theta = null;
    for (const part of ["train-results", "train-regions"]) element(part).hidden = false;
    element("train-bar").max = settings.epochs;
    element("train-bar").value = 0;
    element("train-end").textContent = "";
    this.redraw();
    const source = new Blob([SOURCE, "\nserve();"], { type: "text/javascript" });
    this.address = URL.createObjectURL(source);
    try {
      this.worker = new Worker(this.address);
    } catch {
      element("train-end").textContent = say("refused");
      return;
    }
    element("train-stop").disabled = false;
    this.worker.onmessage = ({ data }) => this.learnt(data);
    this.worker.onerror = () => {
      this.stop();
      element("train-end").textContent = say("refused");
    };
    this.worker.postMessage(settings);
  }

  /** Ends the worker, whatever it has come to. */
  stop() {
    if (!this.worker) return;
    this.worker.terminate();
    this.worker = null;
    URL.revokeObjectURL(this.address);
    element("train-stop").disabled = true;
    if (!this.finished) element("train-end").textContent = say("cancelled", { epoch: integer(this.done ?? 0) });
    this.finished = false;
    this.done = 0;
  }

  /** Takes in what the worker has to tell. */
  learnt({ losses, first, theta, ended }) {
    losses.forEach((loss, i) => {
      if (!Number.isFinite(loss)) return;
      const column = Math.floor(this.share(first + i) * COLUMNS);
      const [low, high] = this.columns[column] ?? [loss, loss];
      this.columns[column] = [Math.min(low, loss), Math.max(high, loss)];
    });
    this.done = first + losses.length;
    this.theta = theta;
    this.lastLoss = losses.at(-1);
    element("train-bar").value = this.done;
    this.redraw();
    const accuracy = this.look(theta);
    const words = { epoch: integer(this.done), epochs: integer(this.settings.epochs), loss: decimal(this.lastLoss, 4) };
    element("train-state").textContent = say("progress", words);
    if (!ended) return;
    this.finished = true;
    this.stop();
    element("train-end").textContent = this.verdict(accuracy);
  }

  /** Shows what the network of some parameters says; returns its accuracy. */
  look(theta) {
    this.network.forward(theta);
    const { shares, accuracy } = summary(this.network.observe().confusion);
    this.regions.draw(theta);
    this.regions.describe(picture(this.done, shares, accuracy));
    return accuracy;
  }

  /** How it ended, and whether it is the report's run to the last bit. */
  verdict(accuracy) {
    const { settings, lastLoss, theta } = this;
    if (!Number.isFinite(lastLoss)) return say("broken", { epoch: integer(this.done - 1) });
    const ended = say("done", { epochs: integer(settings.epochs), loss: lastLoss, accuracy: percent(accuracy) });
    if (!this.theReports) return `${ended}${DATA.habits.gap}${say("other", { loss: DATA.lastLoss })}`;
    const kept = decoded(DATA.parameters).subarray(-theta.length);
    const last = DATA.epochs.at(-1) === settings.epochs; // else its last loss was too large to show
    const same = lastLoss === DATA.lastLoss && (!last || kept.every((number, i) => number === theta[i]));
    return `${ended}${DATA.habits.gap}${say(same ? "same" : "unlike", { parameters: integer(theta.length) })}`;
  }

  /** Where an epoch lies on the logarithmic axis. */
  share(epoch) {
    return Math.log(epoch + 1) / Math.log(this.epochs + 1);
  }

  redraw() {
    this.curve.redraw((curve) => this.drawCurve(curve));
  }

  drawCurve(curve) {
    const report = decoded(DATA.losses);
    const own = this.columns.flatMap(([low, high], i) => [[i / COLUMNS, high], [i / COLUMNS, low]]);
    const greatest = own.reduce((most, [, loss]) => Math.max(most, loss), Math.max(...report));
    const powers = Array.from({ length: Math.floor(Math.log10(this.epochs)) + 1 }, (_, i) => 10 ** i);
    curve.scale(greatest, powers.map((epoch) => [this.share(epoch), integer(epoch)]));
    curve.line(DATA.epochs.map((epoch, i) => [this.share(epoch), report[i] / greatest]), "report");
    curve.line(own.map(([x, loss]) => [x, loss / greatest]), "run");
  }

  async copy() {
    const line = element("train-command");
    try {
      await navigator.clipboard.writeText(line.textContent);
      element("train-copied").textContent = say("copied");
    } catch {
      getSelection().selectAllChildren(line);
      element("train-copied").textContent = say("uncopied");
    }
  }
}
