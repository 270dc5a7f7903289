/**
 * The classes in numbers: how many, how many selected, how many of those the network gets wrong.
 */

import { byClass } from "../facts/counts.js";
import { factsOf } from "../facts/observations.js";
import { count, counted, percent } from "../facts/words.js";
import { selectClass } from "../state/actions.js";
import { follow } from "../state/latest.js";
import { runOf } from "../state/store.js";
import { card } from "../widgets/card.js";
import { button, fill, h } from "../widgets/dom.js";
import { classMark } from "../widgets/marks.js";
import { Table } from "../widgets/table.js";

const KEYS = ["model", "run", "checkpoint", "selection", "dark"];

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function classesView({ store }) {
  const frame = card("classes", "By class");
  /** The table is kept while its columns are the same, and with it how the reader has sorted it. */
  let table = null;
  let made = "";

  const read = (state) => factsOf(runOf(state), state.checkpoint);
  const paint = (facts, state) => {
    frame.element.hidden = !facts.truth;
    if (!facts.truth) return;
    const { label, noun } = facts.run.about;
    const some = state.selection.length > 0;
    const kind = JSON.stringify([label, Boolean(facts.said), some]);
    if (kind !== made) {
      const shown = columns(facts, some, store);
      const by = Math.min(table?.by ?? 0, shown.length - 1);
      table = new Table(`Observations by ${label}`, shown, { by, down: table?.down });
      made = kind;
    }
    const counts = byClass(facts.truth, facts.said, facts.names.length, state.selection);
    table.show(rows(facts, counts, state.dark));
    const without = counts.n[facts.names.length];
    const rest = `${counted(without, noun || "observation")} without a class`;
    const holder = h("div", { class: "table-holder" }, table.element);
    fill(frame.body, holder, without > 0 && h("p", { class: "quiet line" }, rest));
    frame.note(summary(counts, facts, state));
  };
  return { element: frame.element, destroy: follow(store, KEYS, read, paint, frame.fail).stop };
}

/** One row a class. */
function rows(facts, { n, selected, judged, wrong }, dark) {
  return facts.names.map((name, code) => ({
    code,
    name,
    mark: classMark(facts, code, dark),
    n: n[code],
    selected: selected[code],
    wrong: judged[code] ? wrong[code] : NaN,
    accuracy: judged[code] ? 1 - wrong[code] / judged[code] : NaN,
  }));
}

/** @param {any} facts @param {boolean} some whether some are selected @param {any} store */
function columns({ run, said }, some, store) {
  const { label } = run.about;
  const pick = ({ code, name, mark }) =>
    button(mark, () => selectClass(store, code), { class: "pick", title: `Select ${label} ${name}` });
  const number = (title, key, show = count) => ({
    title,
    value: (row) => row[key],
    cell: (row) => (Number.isNaN(row[key]) ? "–" : show(row[key])),
    number: true,
  });
  return [
    { title: label, value: (row) => row.code, cell: pick },
    number("n", "n"),
    ...(some ? [number("selected", "selected")] : []),
    ...(said ? [number("wrong", "wrong"), number("accuracy", "accuracy", share)] : []),
  ];
}

/** @param {number} accuracy */
function share(accuracy) {
  return h("span", { class: "share", style: { "--share": accuracy } }, percent(accuracy));
}

/** @param {any} counts @param {any} facts @param {any} state */
function summary({ judged, wrong }, { said }, { selection, selected }) {
  if (!said) return "no predictions";
  const total = (list) => list.reduce((sum, one) => sum + one, 0);
  const all = total(judged);
  const whose = selection.length ? selected || "selection" : "all";
  return all ? `${whose} · ${percent(1 - total(wrong) / all)} right` : whose;
}
