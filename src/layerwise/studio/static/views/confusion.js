/**
 * What is taken for what: classes by predictions. A cell selects its observations.
 */

import { where } from "../data/arrays.js";
import { confused, confusions } from "../facts/counts.js";
import { factsOf } from "../facts/observations.js";
import { count, counted, cut, percent } from "../facts/words.js";
import { follow } from "../state/latest.js";
import { NOBODY, runOf } from "../state/store.js";
import { card } from "../widgets/card.js";
import { button, fill, h } from "../widgets/dom.js";
import { classMark } from "../widgets/marks.js";
import { roving } from "../widgets/roving.js";
import { Table } from "../widgets/table.js";

const KEYS = ["model", "run", "checkpoint", "selection", "dark"];

/** Classes that are shown as a square; of more, the pairs most confused. */
const SQUARE = 20;
const PAIRS = 20;

/** Pairs that are said in words, and letters of a name there. */
const SAID = 3;
const LETTERS = 40;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function confusionView({ store }) {
  const frame = card("confusion", "Confusions");
  roving(frame.body);
  // A cell selects, and the table must not shrink to that cell: it stays with what it counted.
  /** @type {[Uint32Array, string]} */
  let [base, words] = [NOBODY, ""];
  /** @type {[Uint32Array, string]} */
  let [own, cell] = [NOBODY, ""];

  const read = (state) => factsOf(runOf(state), state.checkpoint);
  const paint = (facts, state) => {
    const { truth, said, names } = facts;
    frame.element.hidden = !truth;
    if (!truth || !said) {
      frame.note("");
      frame.say("The network's output was not recorded at this checkpoint.");
      return;
    }
    if (state.selection !== own || !own.length) {
      [base, words, cell] = [state.selection, state.selected, ""];
    }
    const counts = confusions(truth, said, names.length, base);
    const pick = (is, as) => {
      own = where(truth.length, (i) => truth[i] === is && said[i] === as, base);
      cell = `${is} ${as}`;
      store.set({ selection: own, selected: `${names[is]} taken for ${names[as]}` });
    };
    const most = confused(counts, names.length, PAIRS);
    const among = `of the selected: ${words || count(base.length)}`;
    frame.note(base.length ? among : `${facts.run.about.label} by prediction`);
    const holder = (table) => h("div", { class: "table-holder" }, table);
    const square = names.length <= SQUARE;
    fill(
      frame.body,
      square && holder(matrix(facts, counts, cell, pick, state.dark)),
      h("p", { class: "line" }, inWords(most, names)),
      !square && most.length > 0 && holder(pairs(most, facts, pick, state.dark)),
    );
  };
  return { element: frame.element, destroy: follow(store, KEYS, read, paint, frame.fail).stop };
}

/** The square of counts, shaded by the share of the class. */
function matrix(facts, counts, cell, pick, dark) {
  const { names } = facts;
  const k = names.length;
  const one = (number, all, is, as) => {
    if (!number) return h("td", {}, h("span", { class: "none", "aria-label": "0" }, "·"));
    const share = percent(number / all);
    const right = is === as;
    const meaning = right
      ? `${names[is]}: ${count(number)} right, ${share}`
      : `${names[is]} taken for ${names[as]}: ${count(number)}, ${share}`;
    const about = {
      class: right ? "cell right" : "cell wrong",
      title: meaning,
      "aria-label": meaning,
      "aria-pressed": String(cell === `${is} ${as}`),
      style: { "--share": number / all },
    };
    return h("td", {}, button(count(number), () => pick(is, as), about));
  };
  const name = (code) => h("span", { class: "axis-name" }, classMark(facts, code, dark));
  const line = (_, is) => {
    const row = counts.subarray(is * k, (is + 1) * k);
    const all = row.reduce((sum, number) => sum + number, 0);
    const cells = names.map((_, as) => one(row[as], all, is, as));
    return h("tr", {}, h("th", { scope: "row" }, name(is)), cells);
  };
  const heads = names.map((_, code) => h("th", { scope: "col" }, name(code)));
  return h(
    "table",
    { class: "matrix", style: { "--classes": k } },
    h("caption", { class: "unseen" }, "Rows: class; columns: what the network says"),
    h("thead", {}, h("tr", {}, h("td", { class: "quiet corner-name" }, "is ↓ said →"), heads)),
    h("tbody", {}, names.map(line)),
  );
}

/** The most confused pairs as a table, for classes too many for a square. */
function pairs(most, facts, pick, dark) {
  const { names } = facts;
  const name = (code) => classMark(facts, code, dark);
  const choose = ({ truth, said }) =>
    button(name(truth), () => pick(truth, said), { class: "pick" });
  const other = ({ said }) => h("span", { class: "pair" }, name(said));
  const columns = [
    { title: "class", value: ({ truth }) => names[truth], cell: choose },
    { title: "taken for", value: ({ said }) => names[said], cell: other },
    { title: "n", value: (one) => one.count, cell: (one) => count(one.count), number: true },
    { title: "of the class", value: ({ share }) => share, cell: ({ share }) => percent(share), number: true },
  ];
  const table = new Table("The most confused pairs", columns, { by: 2, down: true });
  table.show(most);
  return table.element;
}

/** @param {any[]} most @param {string[]} names */
function inWords(most, names) {
  if (!most.length) return "None is confused.";
  const name = (code) => cut(names[code], LETTERS);
  const told = most
    .slice(0, SAID)
    .map(({ truth, said, count: n }) => `${name(truth)} for ${name(said)} (${counted(n, "time")})`);
  return `Largest: ${told.join(", ")}.`;
}
