/**
 * What a reader takes along: the selected observations as a table, a map as a picture.
 *
 * File names are made of fixed words, never of names that came with the data.
 */

import { selectionCsv } from "../facts/csv.js";
import { h } from "../widgets/dom.js";
import { menu } from "../widgets/menu.js";

/** Pixels of a saved picture for each of the page. */
const SCALE = 2;

/** Milliseconds that a browser may take to save a file. */
const SAVING = 60_000;

/** @param {any} context @param {() => import("../scatter/scatter.js").Scatter} picture what is saved */
export function saveMenu(context, picture) {
  const svg = () => new Blob([picture().toSVG()], { type: "image/svg+xml" });
  const actions = {
    "Selection (CSV)": () => saveSelection(context),
    "Map (PNG)": () => save(context, "observations.png", () => picture().toPNG(SCALE)),
    "Map (SVG)": () => save(context, "observations.svg", svg),
  };
  const choice = menu("Export", (name) => actions[name](), { action: true });
  choice.set(Object.keys(actions).map((name) => ({ value: name, title: name })), "");
  return choice.element;
}

/** Save the selected observations, or all, as a table. @param {any} context */
export function saveSelection(context) {
  return save(context, "selection.csv", () => selectionCsv(context.store.state));
}

/** @param {any} context @param {string} name @param {() => Blob|Promise<Blob>} make */
async function save({ announce }, name, make) {
  let address;
  try {
    address = URL.createObjectURL(await make());
  } catch (error) {
    announce(error.message);
    return;
  }
  const link = h("a", { href: address, download: `layerwise-${name}` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), SAVING);
}
