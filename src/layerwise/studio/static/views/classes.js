/**
 * The classes in numbers: how many, how many selected, how many of those the network gets wrong.
 */

import { seen } from "../looks/color.js";
import { byClass, where } from "../facts/counts.js";
import { fill, h, together } from "../widgets/dom.js";
import { factsOf } from "../facts/facts.js";
import { latest } from "../state/latest.js";
import { runOf } from "../state/store.js";
import { card, clipped, dot } from "../widgets/card.js";
import { Table } from "../widgets/table.js";
import { count, counted, percent } from "../facts/words.js";

const KEYS = ["model", "run", "checkpoint", "selection", "dark"];

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function classesView({ store }) {
  const frame = card("classes", "By class");
  /** @type {any} */
  let table = null;
  let made = "";

  const read = (/** @type {any} */ state) => factsOf(runOf(state), state.checkpoint);
  const paint = (/** @type {any} */ facts, /** @type {any} */ state) => {
    if (!facts.truth) {
      frame.note("");
      frame.say("This run has no classes.");
      return;
    }
    const counts = byClass(facts.truth, facts.said, facts.names.length, state.selection);
    const kind = `${facts.run.about.label} ${Boolean(facts.said)} ${state.selection.length > 0}`;
    if (kind !== made) {
      const how = table && {
        by: Math.min(table.by, 1 + Number(Boolean(facts.said))),
        down: table.down,
      };
      table = tableOf(facts, state.selection.length > 0, store, how ?? { by: 0 });
      made = kind;
    }
    table.show(lines(facts, counts, state.dark));
    const without = counts.n[facts.names.length];
    const { noun } = facts.run.about;
    fill(
      frame.body,
      h("div", { class: "table-holder" }, table.element),
      without > 0 &&
        h(
          "p",
          { class: "quiet line" },
          `${counted(without, noun || "observation")} without a class`,
        ),
    );
    frame.note(summary(counts, facts, state));
  };
  const newest = latest(frame.say);
  const painted = (/** @type {any} */ state) =>
    newest(
      () => read(state),
      (found) => paint(found, state),
    );
  return { element: frame.element, destroy: together(store.on(KEYS, painted), newest.stop) };
}

/** One row a class. */
function lines({ names, colors }, { n, selected, judged, wrong }, dark) {
  return names.map((name, code) => ({
    code,
    name,
    color: seen(colors[code], dark),
    n: n[code],
    selected: selected[code],
    wrong: judged[code] ? wrong[code] : NaN,
    accuracy: judged[code] ? 1 - wrong[code] / judged[code] : NaN,
  }));
}

/** @param {any} facts @param {boolean} some whether some are selected @param {any} store */
function tableOf(facts, some, store, how) {
  const name = facts.run.about.label;
  const select = (/** @type {any} */ row) => {
    const { n } = runOf(store.state);
    store.select(
      where(n, (i) => facts.truth[i] === row.code),
      `${name} ${row.name}`,
    );
  };
  const shown = (/** @type {number} */ value) => (Number.isNaN(value) ? "–" : count(value));
  const columns = [
    {
      title: name,
      value: (row) => row.code,
      cell: (row) =>
        h(
          "button",
          {
            type: "button",
            class: "pick",
            title: `Select ${name} ${row.name}`,
            onclick: () => select(row),
          },
          dot(row.color),
          clipped(row.name),
        ),
    },
    { title: "n", value: (row) => row.n, cell: (row) => count(row.n), number: true },
    some && {
      title: "selected",
      value: (row) => row.selected,
      cell: (row) => count(row.selected),
      number: true,
    },
    facts.said && {
      title: "wrong",
      value: (row) => row.wrong,
      cell: (row) => shown(row.wrong),
      number: true,
    },
    facts.said && {
      title: "accuracy",
      value: (row) => row.accuracy,
      cell: (row) => share(row.accuracy),
      number: true,
    },
  ].filter(Boolean);
  return new Table(`Observations by ${name}`, columns, how);
}

/** @param {number} accuracy */
function share(accuracy) {
  if (Number.isNaN(accuracy)) return "–";
  return h("span", { class: "share", style: { "--share": accuracy } }, percent(accuracy));
}

/** @param {any} counts @param {any} facts @param {any} state */
function summary({ judged, wrong }, { said }, { selection, selected }) {
  if (!said) return "no predictions";
  const total = (/** @type {Uint32Array} */ list) => list.reduce((sum, one) => sum + one, 0);
  const all = total(judged);
  const whose = selection.length ? selected || "selection" : "all";
  return all ? `${whose} · ${percent(1 - total(wrong) / all)} right` : whose;
}
