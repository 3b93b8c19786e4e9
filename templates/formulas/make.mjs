// Sets the formulas of formulas.json: for each name the SVG that MathJax draws, for make_font.py.
//
//     npm install && node make.mjs FOLDER

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { liteAdaptor } from "mathjax-full/js/adaptors/liteAdaptor.js";
import { RegisterHTMLHandler } from "mathjax-full/js/handlers/html.js";
import { TeX } from "mathjax-full/js/input/tex.js";
import "mathjax-full/js/input/tex/ams/AmsConfiguration.js";
import { mathjax } from "mathjax-full/js/mathjax.js";
import { SVG } from "mathjax-full/js/output/svg.js";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node make.mjs FOLDER");
mkdirSync(folder, { recursive: true });

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);

const formulas = JSON.parse(readFileSync(new URL("formulas.json", import.meta.url), "utf8"));
for (const [name, { tex }] of Object.entries(formulas)) {
  const jax = new TeX({
    packages: ["base", "ams"],
    formatError: (_, error) => {
      throw new Error(`${name}: ${error.message}`);
    },
  });
  const document = mathjax.document("", { InputJax: jax, OutputJax: new SVG({ fontCache: "none" }) });
  writeFileSync(join(folder, `${name}.svg`), adaptor.innerHTML(document.convert(tex, { display: true })));
}
