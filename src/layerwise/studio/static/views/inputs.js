/**
 * The selected observations themselves, or all of them: those that the network gets wrong first.
 *
 * Pictures stand in a grid, texts and sounds in rows; what has none of these is a table of numbers.
 */

import { wrongFirst } from "../facts/counts.js";
import { classOf, factsOf, isWrong, saidOf } from "../facts/observations.js";
import { count, counted, short } from "../facts/words.js";
import { classColor } from "../looks/color.js";
import { pin } from "../state/actions.js";
import { follow } from "../state/latest.js";
import { runOf, together } from "../state/store.js";
import { card } from "../widgets/card.js";
import { button, fill, h } from "../widgets/dom.js";
import { classMark, clipped, cross, markPinned } from "../widgets/marks.js";
import { observation } from "../widgets/observation.js";
import { paged } from "../widgets/paged.js";
import { roving } from "../widgets/roving.js";
import { soundButton } from "../widgets/sound.js";
import { Table } from "../widgets/table.js";
import { Tiles } from "../widgets/tiles.js";
import { saveSelection } from "./save.js";

const KEYS = ["model", "run", "checkpoint", "selection", "dark"];
const PAGE = 60;
const SIZE = 48;
const MOST_COLUMNS = 5;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function inputsView(context) {
  const { store } = context;
  const words = { class: "plain", title: "Save these observations as a table" };
  const frame = card("inputs", "Inputs", button("CSV", () => saveSelection(context), words));
  roving(frame.body);

  const read = async (state) => {
    const run = runOf(state);
    const facts = await factsOf(run, state.checkpoint);
    const kind = kindOf(facts);
    const labels = kind === "table" ? numbers(run) : [];
    const values = await Promise.all(labels.map((label) => run.labels(label.name)));
    return { facts, kind, labels, values, ...wrongFirst(run.n, state.selection, facts.correct) };
  };
  const paint = (found, { selection, selected, dark }) => {
    const { facts, kind, order, wrong } = found;
    const whose = selection.length ? selected || "selection" : "all";
    const judged = facts.correct ? `, ${count(wrong)} wrong${wrong ? " first" : ""}` : "";
    const noun = facts.run.about.noun || "observation";
    frame.note(`${whose} · ${counted(order.length, noun)}${judged}`);
    const shown = kind === "table" ? tableOf(found, store) : listOf(facts, kind, store, dark);
    const add = (ids) => {
      shown.add(Array.from(ids));
      markPinned(shown.element, "observation", store.state.pinned);
    };
    // A new box starts at its top; setting the old one's back would lay out the page once more.
    fill(frame.body, h("div", { class: "inputs-box" }, shown.element, paged(order, PAGE, add)));
  };
  const destroy = together(
    follow(store, KEYS, read, paint, frame.fail).stop,
    store.on(["pinned"], ({ pinned }) => markPinned(frame.body, "observation", pinned)),
  );
  return { element: frame.element, destroy };
}

/** @param {any} facts @returns {"tiles"|"clips"|"texts"|"table"} */
function kindOf({ run, texts }) {
  const { inputs, sounds } = run.about;
  if (inputs) return "tiles";
  if (sounds) return "clips";
  return texts ? "texts" : "table";
}

/** Pictures, texts or sounds of observations, and how to add more of them. */
function listOf(facts, kind, store, dark) {
  const { truth, texts, rows, colors } = facts;
  const tiles = new Tiles(facts.run);
  const one = (i, style, ...inside) => {
    const color = truth ? classColor(colors, truth[i], dark) : "transparent";
    const corner = isWrong(facts, i) && h("span", { class: "corner", "aria-hidden": "true" }, "×");
    return observation({ facts, store }, i, style, [inside, corner], { style: { "--class": color } });
  };
  const row = (i) => {
    const said = isWrong(facts, i) && h("span", { class: "taken" }, "→ ", saidOf(facts, i));
    const words = h("span", { class: "row-text" }, texts ? texts[i] : `row ${rows[i]}`);
    const verdict = [truth && classMark(facts, truth[i], dark), said];
    return one(i, "input-row", words, h("span", { class: "row-class" }, verdict));
  };
  const make = {
    tiles: (i) => one(i, "input-tile", tiles.tile(i, SIZE)),
    texts: row,
    clips: (i) => h("div", { class: "clip" }, soundButton(facts, i), row(i)),
  }[kind];
  const element = h("div", { class: kind, role: "group", "aria-label": "Inputs" });
  return { element, add: (ids) => element.append(...ids.map(make)) };
}

/** @param {import("../data/run.js").Run} run @returns {any[]} the columns that a table of it shows */
function numbers({ about }) {
  return about.labels.filter((label) => label.name !== about.label).slice(0, MOST_COLUMNS);
}

/** A table of observations, and how to add more of them. */
function tableOf({ facts, labels, values }, store) {
  const { rows, truth, said } = facts;
  const hold = (i) =>
    button(rows[i], () => pin(store, i), { class: "plain", "data-observation": i });
  const value = ({ kind, names }, code) => (kind === "class" ? clipped(names[code] ?? "") : short(code));
  const verdict = (i) => [clipped(saidOf(facts, i)), isWrong(facts, i) && cross()];
  const columns = [
    { title: "row", cell: hold },
    ...(truth ? [{ title: facts.run.about.label, cell: (i) => clipped(classOf(facts, i)) }] : []),
    ...(said ? [{ title: "predicted", cell: verdict }] : []),
    ...labels.map((label, place) => ({
      title: label.name,
      cell: (i) => value(label, values[place][i]),
      number: label.kind === "number",
    })),
  ];
  const table = new Table("Observations", columns, { kind: (i) => (isWrong(facts, i) ? "wrong" : "") });
  const element = h("div", { class: "table-holder" }, table.element);
  return { element, add: (ids) => table.show([...table.rows, ...ids]) };
}
