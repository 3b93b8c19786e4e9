/* The settings of a training in the page: what its fields allow, the address that keeps them, the command for a report. */

const NUMBER_FORM = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Whole numbers between commas, or null. */
function wholes(text, least, most) {
  const parts = text.trim() === "" ? [] : text.split(",").map((part) => part.trim());
  const fine = parts.every((part) => /^\d+$/.test(part) && Number(part) >= least && Number(part) <= most);
  return fine ? parts.map(Number) : null;
}

function whole(text, least, most) {
  const values = wholes(text, least, most);
  return values?.length === 1 ? values[0] : null;
}

function real(text, allowed) {
  const value = NUMBER_FORM.test(text.trim()) ? Number(text) : NaN;
  return allowed(value) ? value + 0 : null;
}

const MOST_SEED = 4294967295;
const MOST_POINTS = 20000; // of all classes

/** What each field means; null is refused. The bounds are the program's, and for sizes what a page can do. */
const FIELDS = {
  seed: (text) => whole(text, 0, MOST_SEED),
  "weight-seed": (text) => whole(text, 0, MOST_SEED),
  samples: (text) => {
    const counts = wholes(text, 1, 5000);
    return counts && (counts.length === 1 || counts.length === CLASSES) ? counts : null;
  },
  spread: (text) => real(text, (value) => value === 0 || (value >= 1e-6 && value <= 1e6)),
  hidden: (text) => {
    const widths = wholes(text, 1, 300);
    return widths && widths.length <= 16 ? widths : null;
  },
  optimizer: (text) => text,
  momentum: (text, values) =>
    real(text, (value) => (values.optimizer === "gradient_descent" ? value === 0 : value > 0 && value < 1)),
  "learning-rate": (text) => real(text, (value) => value > 0 && value <= 1e6),
  epochs: (text) => whole(text, 1, 10000000),
};

/** The values of texts by field, and the fields that were refused. */
function understood(texts) {
  const values = {};
  const refused = [];
  for (const [name, read] of Object.entries(FIELDS)) {
    values[name] = read(texts[name], values);
    if (values[name] === null) refused.push(name);
  }
  return { values, refused };
}

/** Whether two texts of a field mean the same. */
function alike(name, one, other) {
  const meaning = (text) => JSON.stringify(FIELDS[name](text, { optimizer: "heavy_ball" }));
  return meaning(one) === meaning(other);
}

/** What `Training` and the worker need. */
function asked(values) {
  const [count] = values.samples;
  const counts = values.samples.length === 1 ? [count, count, count, count] : values.samples;
  return {
    data: { seed: values.seed, counts, centres: DATA.centres, spread: values.spread },
    network: { seed: values["weight-seed"], widths: [2, ...values.hidden, CLASSES], scale: DATA.scale },
    training: { optimizer: values.optimizer, rate: values["learning-rate"], momentum: values.momentum },
    epochs: values.epochs,
  };
}

/** The command that makes the full report: what differs from the program's defaults. */
function command(texts, values) {
  const [count, ...others] = values.samples;
  const parts = {
    seed: `--seed ${values.seed}`,
    "weight-seed": `--weight-seed ${values["weight-seed"]}`,
    hidden: `--hidden ${values.hidden.join(",") || "''"}`,
    epochs: `--epochs ${values.epochs}`,
    "learning-rate": `--learning-rate ${values["learning-rate"]}`,
    momentum: `--momentum ${values.momentum}`,
    optimizer: `--set training.optimizer=${values.optimizer}`,
    samples: `--set data.samples_per_class=${others.length ? `'[${values.samples}]'` : count}`,
    spread: `--set data.spread=${values.spread}`,
  };
  if (values.optimizer === "heavy_ball") delete parts.optimizer; // what the program takes for a momentum
  const changed = Object.keys(parts).filter((name) => !alike(name, texts[name], DATA.defaults[name]));
  return [DATA.command, ...changed.map((name) => parts[name])].join(" ");
}

const ADDRESS = "#train?"; // what the page's address has after it are settings

/** The settings that an address names, over the report's; null if it names none. */
function fromAddress(hash) {
  if (!hash.startsWith(ADDRESS)) return null;
  const named = new URLSearchParams(hash.slice(ADDRESS.length));
  return Object.fromEntries(Object.entries(DATA.settings).map(([name, text]) => [name, named.get(name) ?? text]));
}

/** The address of settings: what differs from the report's. */
function toAddress(texts) {
  const changed = Object.entries(texts).filter(([name, text]) => !alike(name, text, DATA.settings[name]));
  return ADDRESS + new URLSearchParams(changed).toString().replaceAll("%2C", ",");
}
