/**
 * The selected observations themselves, or all of them: those that the network gets wrong first.
 *
 * Pictures stand in a grid, texts and sounds in rows; what has none of these is a table of numbers.
 */

import { seen } from "../looks/color.js";
import { pin } from "../state/choose.js";
import { download, fill, h, together } from "../widgets/dom.js";
import { selectionCsv } from "../facts/export.js";
import { classOf, factsOf, isWrong, saidOf, textsOf, told } from "../facts/facts.js";
import { latest } from "../state/latest.js";
import { wrongFirst } from "../facts/counts.js";
import { runOf } from "../state/store.js";
import { Tiles } from "../looks/tiles.js";
import { card, clipped, cross, dot } from "../widgets/card.js";
import { player } from "../widgets/player.js";
import { roving } from "../widgets/roving.js";
import { Table } from "../widgets/table.js";
import { count, counted, short } from "../facts/words.js";

const KEYS = ["model", "run", "checkpoint", "selection", "dark"];
const PAGE = 60;
const SIZE = 48;
const MOST_COLUMNS = 5;
const NO_CLASS = "#A9A9A9";

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function inputsView({ store, announce }) {
  const csv = h(
    "button",
    { type: "button", class: "plain", title: "Save these observations as a table" },
    "CSV",
  );
  const frame = card("inputs", "Inputs", csv);
  const refresh = roving(frame.body);
  csv.addEventListener("click", async () => {
    try {
      download(await selectionCsv(store.state), "layerwise-selection.csv");
    } catch (error) {
      announce(error.message);
    }
  });

  const read = async (/** @type {any} */ state) => {
    const run = runOf(state);
    const facts = await factsOf(run, state.checkpoint);
    const text = await textsOf(run);
    const plain = !run.about.inputs && !run.about.sounds && !text;
    const columns = plain ? numbers(run) : [];
    const values = await Promise.all(columns.map((label) => run.labels(label.name)));
    return { facts, text, columns, values, ...wrongFirst(run.n, state.selection, facts.correct) };
  };
  const paint = (/** @type {any} */ found, /** @type {any} */ state) => {
    frame.note(heading(found, state));
    const kind = kindOf(found);
    const holder =
      kind === "table"
        ? h("div", { class: "table-holder" })
        : h("div", { class: kind, role: "group", "aria-label": "Inputs" });
    const rest = h("button", { type: "button", class: "plain more" });
    let shown = 0;
    const add = () => {
      const ids = found.order.subarray(shown, shown + PAGE);
      shown += ids.length;
      if (kind === "table") fill(holder, tableOf(found, found.order.subarray(0, shown), store));
      else holder.append(...makers(kind, found, state, store)(ids));
      rest.hidden = shown >= found.order.length;
      fill(
        rest,
        `Show ${Math.min(PAGE, found.order.length - shown)} more of ${count(found.order.length - shown)}`,
      );
      refresh();
    };
    rest.addEventListener("click", add);
    fill(frame.body, holder, rest);
    frame.body.scrollTop = 0;
    add();
    mark(frame.body, store.state.pinned);
  };
  const newest = latest(frame.say);
  const painted = (/** @type {any} */ state) =>
    newest(
      () => read(state),
      (found) => paint(found, state),
    );
  return {
    element: frame.element,
    destroy: together(
      store.on(KEYS, painted),
      store.on(["pinned"], ({ pinned }) => mark(frame.body, pinned)),
      newest.stop,
    ),
  };
}

/** @param {any} found @param {any} state */
function heading({ order, wrong, facts }, { selection, selected }) {
  const noun = facts.run.about.noun || "observation";
  const whole = selection.length ? `${selected || "selection"} · ` : "all · ";
  const judged = facts.correct ? `, ${count(wrong)} wrong${wrong ? " first" : ""}` : "";
  return `${whole}${counted(order.length, noun)}${judged}`;
}

/** @param {any} found @returns {"tiles"|"clips"|"texts"|"table"} */
function kindOf({ facts, text }) {
  const { inputs, sounds } = facts.run.about;
  if (inputs) return "tiles";
  if (sounds) return "clips";
  return text ? "texts" : "table";
}

/** @param {HTMLElement} body @param {number} pinned */
function mark(body, pinned) {
  for (const one of body.querySelectorAll("[data-observation]")) {
    one.toggleAttribute("data-pinned", one.getAttribute("data-observation") === String(pinned));
  }
}

/** Return what makes elements of observations. */
function makers(kind, found, state, store) {
  const { facts, text } = found;
  const tiles = new Tiles(facts.run);
  const color = (/** @type {number} */ i) =>
    facts.truth ? seen(facts.colors[facts.truth[i]] ?? NO_CLASS, state.dark) : "transparent";
  const over = (/** @type {number} */ hover) => () => store.set({ hover });
  const button = (
    /** @type {number} */ i,
    /** @type {string} */ style,
    /** @type {any[]} */ ...inside
  ) =>
    h(
      "button",
      {
        type: "button",
        class: isWrong(facts, i) ? `${style} wrong` : style,
        title: told(facts, i),
        "aria-label": told(facts, i),
        "data-observation": i,
        style: { "--class": color(i) },
        onclick: () => pin(store, i),
        onmouseenter: over(i),
        onmouseleave: over(-1),
        onfocus: over(i),
        onblur: over(-1),
      },
      inside,
      isWrong(facts, i) && h("span", { class: "corner", "aria-hidden": "true" }, "×"),
    );
  const verdict = (/** @type {number} */ i) =>
    h(
      "span",
      { class: "row-class" },
      facts.truth && dot(color(i)),
      clipped(classOf(facts, i)),
      isWrong(facts, i) && h("span", { class: "taken" }, "→ ", saidOf(facts, i)),
    );
  const one = {
    tiles: (/** @type {number} */ i) => button(i, "input-tile", tiles.tile(i, SIZE)),
    texts: (/** @type {number} */ i) =>
      button(i, "input-row", h("span", { class: "row-text" }, text[i]), verdict(i)),
    clips: (/** @type {number} */ i) =>
      h(
        "div",
        { class: "clip" },
        player(facts, i),
        button(
          i,
          "input-row",
          h("span", { class: "row-text" }, text ? text[i] : `row ${facts.rows[i]}`),
          verdict(i),
        ),
      ),
  }[kind];
  return (/** @type {Uint32Array} */ ids) => Array.from(ids, one);
}

/** @param {import("../data/run.js").Run} run @returns {any[]} the columns that a table of it shows */
function numbers({ about }) {
  return about.labels.filter((label) => label.name !== about.label).slice(0, MOST_COLUMNS);
}

/** @param {any} found @param {Uint32Array} ids @param {any} store */
function tableOf({ facts, columns, values }, ids, store) {
  const { rows, truth, said } = facts;
  const hold = (/** @type {number} */ i) =>
    h(
      "button",
      { type: "button", class: "plain", "data-observation": i, onclick: () => pin(store, i) },
      rows[i],
    );
  const value = (/** @type {any} */ label, /** @type {any} */ code) =>
    label.kind === "class" ? clipped(label.names[code] ?? "") : short(code);
  const shown = [
    { title: "row", cell: hold },
    truth && { title: facts.run.about.label, cell: (i) => clipped(classOf(facts, i)) },
    said && {
      title: "predicted",
      cell: (i) => [clipped(saidOf(facts, i)), isWrong(facts, i) && cross()],
    },
    ...columns.map((label, place) => ({
      title: label.name,
      cell: (/** @type {number} */ i) => value(label, values[place][i]),
      number: label.kind === "number",
    })),
  ].filter(Boolean);
  const table = new Table("Observations", shown, {
    kind: (i) => (isWrong(facts, i) ? "wrong" : ""),
  });
  table.show(Array.from(ids));
  return table.element;
}
