/* The slider over the training: the kept moments, each with what the network says of the points and of the plane. */

const PER_SECOND = 30; // moments, while it plays

class Scrubber {
  constructor() {
    this.parameters = decoded(DATA.parameters);
    this.losses = decoded(DATA.losses);
    this.size = parameterCount(DATA.widths);
    const dataset = { points: decoded(DATA.points), labels: Uint8Array.from(DATA.labels, Number) };
    this.network = new Network(DATA.widths, dataset.points, dataset.labels);
    this.regions = new Regions(element("film-regions"), DATA.widths, dataset, DATA.centres);
    this.slider = element("film-slider");
    this.slider.max = DATA.epochs.length - 1;
    this.button = element("film-play");
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.playing = false;
    this.waiting = false;
    this.slider.addEventListener("input", () => {
      this.pause();
      this.changed();
    });
    this.button.addEventListener("click", () => {
      if (this.still.matches) this.step();
      else if (this.playing) this.pause();
      else this.play();
    });
    this.still.addEventListener("change", () => this.pause());
    this.phaseButtons();
    this.curve = new Curve(element("film-curve"), (curve) => this.drawCurve(curve));
    this.dragging();
    this.pause();
    this.draw();
    document.fonts.ready.then(() => this.draw());
  }

  /** The moment that is shown. */
  get frame() {
    return Number(this.slider.value);
  }

  set frame(value) {
    this.slider.value = value;
    this.changed();
  }

  /** The last moment not after an epoch. */
  frameAt(epoch) {
    return Math.max(0, DATA.epochs.findLastIndex((kept) => kept <= epoch));
  }

  /** The number of the phase at an epoch, from 0; a border belongs to what begins there. */
  phaseAt(epoch) {
    return Math.max(0, DATA.phases.findLastIndex((phase) => phase.start <= epoch));
  }

  /** Draws before the next picture of the screen, however often the slider moved until then. */
  changed() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  play() {
    if (this.frame === DATA.epochs.length - 1) this.frame = 0;
    this.playing = true;
    this.button.textContent = say("pause");
    let [began, from] = [null, this.frame];
    const tick = (now) => {
      if (!this.playing) return;
      began ??= now;
      this.slider.value = from + Math.floor(((now - began) * PER_SECOND) / 1000);
      this.draw();
      if (this.frame === DATA.epochs.length - 1) this.pause();
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    this.button.textContent = say(this.still.matches ? "next" : "play");
  }

  /** What playing is for those who want no motion: on to the next phase. */
  step() {
    const epoch = DATA.epochs[this.frame];
    const next = DATA.phases.find((phase) => phase.start > epoch);
    this.frame = next ? this.frameAt(next.start) : epoch < DATA.epochs.at(-1) ? DATA.epochs.length - 1 : 0;
  }

  drawCurve(curve) {
    const last = DATA.epochs.length - 1;
    const greatest = Math.max(...this.losses);
    for (const phase of DATA.phases) {
      const [from, to] = [phase.start, phase.end].map((epoch) => curve.x(this.frameAt(epoch) / last));
      const box = { x: from, y: curve.y(1), width: to - from, height: curve.y(0) - curve.y(1) };
      curve.add(curve.svg, "rect", { ...box, class: phase.slow ? "slow" : "fast" });
    }
    const borders = [...DATA.phases.map((phase) => phase.start), DATA.epochs.at(-1)];
    curve.scale(greatest, borders.map((epoch) => [this.frameAt(epoch) / last, integer(epoch)]));
    curve.line(Array.from(this.losses, (loss, i) => [i / last, loss / greatest]), "run");
    this.rule = curve.add(curve.svg, "path", { class: "marker" });
    this.dot = curve.add(curve.svg, "circle", { r: 5, class: "dot" });
    this.mark();
  }

  /** Puts the marker where the slider is. */
  mark() {
    const { curve } = this;
    if (!curve) return; // while it is made
    const x = curve.x(this.frame / (DATA.epochs.length - 1));
    this.rule.setAttribute("d", `M${x} ${curve.y(0)}V${curve.y(1)}`);
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", curve.y(this.losses[this.frame] / Math.max(...this.losses)));
  }

  /** A mouse or a finger on the curve moves the slider, too; resting on a phase shows its evidence. */
  dragging() {
    const { curve, slider } = this;
    const host = element("film-curve");
    const frame = (event) => {
      const share = (event.clientX - host.getBoundingClientRect().left - EDGE) / (curve.width - 2 * EDGE);
      return Math.round(Math.min(Math.max(share, 0), 1) * slider.max);
    };
    host.addEventListener("pointerdown", (event) => {
      host.setPointerCapture(event.pointerId);
      this.pause();
      this.frame = frame(event);
    });
    host.addEventListener("pointermove", (event) => {
      if (host.hasPointerCapture(event.pointerId)) this.frame = frame(event);
      else this.show(this.phaseAt(DATA.epochs[frame(event)]));
    });
    host.addEventListener("pointerleave", () => this.show(this.phase));
  }

  phaseButtons() {
    element("film-phases")?.replaceChildren(
      ...DATA.phases.map((phase, number) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = `${number + 1} ${phase.name}`;
        for (const kind of ["pointerenter", "focus"]) button.addEventListener(kind, () => this.show(number));
        for (const kind of ["pointerleave", "blur"]) button.addEventListener(kind, () => this.show(this.phase));
        button.addEventListener("click", () => {
          this.pause();
          this.frame = this.frameAt(phase.moment);
        });
        return button;
      }),
    );
  }

  /** The evidence of a phase, which stands further down in the page. */
  show(number) {
    if (number === this.shown || !DATA.phases.length) return;
    this.shown = number;
    const episode = element(`phase-${number + 1}`);
    const title = document.createElement("b");
    title.textContent = episode.querySelector("h3").textContent;
    const link = document.createElement("a");
    link.href = `#${episode.id}`;
    link.append(title);
    const tags = [...episode.querySelectorAll(".tag")].flatMap((tag) => [" ", tag.cloneNode(true)]);
    element("film-evidence").replaceChildren(
      link, " ", episode.querySelector(".side:not(.note) p").textContent, ...tags,
    );
  }

  /** Shows the moment of the slider. */
  draw() {
    const epoch = DATA.epochs[this.frame];
    const theta = this.parameters.subarray(this.frame * this.size, (this.frame + 1) * this.size);
    this.phase = this.phaseAt(epoch);
    const phase = DATA.phases[this.phase];
    const values = { epoch: integer(epoch), phase: phase?.name };
    const moment = say(phase ? "moment" : "epoch", values);
    this.slider.setAttribute("aria-valuetext", moment);
    element("film-moment").textContent = moment;
    element("film-story").textContent = phase?.story ?? "";
    this.show(this.phase);
    this.network.forward(theta);
    const { confusion, means } = this.network.observe();
    const { shares, accuracy } = summary(confusion);
    element("film-state").textContent = say("state", {
      loss: decimal(this.network.loss(), 4),
      accuracy: percent(accuracy),
    });
    fillMatrix(element("film-means"), means.map((row) => row.map((mean) => decimal(mean, 2))), means);
    const rows = confusion.map((row) => row.map((count) => count / row.reduce((a, b) => a + b)));
    fillMatrix(element("film-confusion"), confusion.map((row) => row.map(integer)), rows);
    element("film-shares")
      .querySelectorAll("td")
      .forEach((cell, c) => {
        cell.firstElementChild.style.inlineSize = `${100 * shares[c]}%`;
        cell.lastElementChild.textContent = percent(shares[c]);
      });
    this.regions.draw(theta);
    this.regions.describe(picture(epoch, shares, accuracy));
    this.mark();
  }
}

/** Shares of the predictions and accuracy of a confusion matrix. */
function summary(confusion) {
  const columns = confusion.map((_, c) => confusion.reduce((sum, row) => sum + row[c], 0));
  const samples = columns.reduce((a, b) => a + b);
  const right = confusion.reduce((sum, row, c) => sum + row[c], 0);
  return { shares: columns.map((count) => count / samples), accuracy: right / samples };
}

/** What a picture of the regions shows, in words. */
function picture(epoch, shares, accuracy) {
  const classes = [0, 1, 2, 3].filter((c) => shares[c] > 0).join(DATA.habits.comma);
  return say("regions", { epoch: integer(epoch), classes, accuracy: percent(accuracy) });
}
