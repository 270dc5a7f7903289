/**
 * What is taken for what: classes by predictions. A cell selects its observations.
 */

import { seen } from "../looks/color.js";
import { confused, confusions, where } from "../facts/counts.js";
import { fill, h, together } from "../widgets/dom.js";
import { factsOf } from "../facts/facts.js";
import { latest } from "../state/latest.js";
import { NOBODY, runOf } from "../state/store.js";
import { card, clipped, dot } from "../widgets/card.js";
import { roving } from "../widgets/roving.js";
import { Table } from "../widgets/table.js";
import { count, counted, percent } from "../facts/words.js";

const KEYS = ["model", "run", "checkpoint", "selection", "dark"];

/** Classes that are shown as a square; of more, the pairs most confused. */
const SQUARE = 20;
const PAIRS = 20;
const SAID = 3;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function confusionView({ store }) {
  const frame = card("confusion", "Confusions");
  const refresh = roving(frame.body);
  // A cell selects, and the table must not shrink to that cell: it stays with what it counted.
  let base = NOBODY;
  let words = "";
  let [own, cell] = [NOBODY, ""];

  const read = (/** @type {any} */ state) => factsOf(runOf(state), state.checkpoint);
  const paint = (/** @type {any} */ facts, /** @type {any} */ state) => {
    if (!facts.truth || !facts.said) {
      frame.note("");
      frame.say(
        facts.truth
          ? "The network's output was not recorded at this checkpoint."
          : "This run has no classes.",
      );
      return;
    }
    if (state.selection !== own || !own.length) {
      [base, words, cell] = [state.selection, state.selected, ""];
    }
    const k = facts.names.length;
    const counts = confusions(facts.truth, facts.said, k, base);
    const pick = (/** @type {number} */ truth, /** @type {number} */ said) => {
      const ids = where(
        facts.truth.length,
        (i) => facts.truth[i] === truth && facts.said[i] === said,
        base,
      );
      cell = `${truth} ${said}`;
      own = ids;
      store.set({
        selection: ids,
        selected: `${facts.names[truth]} taken for ${facts.names[said]}`,
      });
    };
    const most = confused(counts, k, PAIRS);
    frame.note(
      base.length
        ? `of the selected: ${words || count(base.length)}`
        : `${facts.run.about.label} by prediction`,
    );
    const square = k <= SQUARE;
    const focused = frame.body.contains(document.activeElement);
    fill(
      frame.body,
      square && h("div", { class: "table-holder" }, matrix(facts, counts, cell, pick, state.dark)),
      h("p", { class: "line" }, inWords(most, facts.names)),
      !square &&
        most.length > 0 &&
        h("div", { class: "table-holder" }, pairs(most, facts, pick, state.dark)),
    );
    refresh();
    if (focused) /** @type {any} */ (frame.body.querySelector("[aria-pressed=true]"))?.focus();
  };
  const newest = latest(frame.say);
  const painted = (/** @type {any} */ state) =>
    newest(
      () => read(state),
      (found) => paint(found, state),
    );
  return { element: frame.element, destroy: together(store.on(KEYS, painted), newest.stop) };
}

/** The square of counts, shaded by the share of the class. */
function matrix({ names, colors }, counts, cell, pick, dark) {
  const k = names.length;
  const line = (/** @type {number} */ truth) => {
    const row = counts.subarray(truth * k, (truth + 1) * k);
    const all = row.reduce((sum, one) => sum + one, 0);
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("span", { class: "axis-name" }, clipped(names[truth]), dot(seen(colors[truth], dark))),
      ),
      names.map((_, said) => {
        const number = row[said];
        if (!number) return h("td", {}, h("span", { class: "none", "aria-label": "0" }, "·"));
        const meaning =
          said === truth
            ? `${names[truth]}: ${count(number)} right, ${percent(number / all)}`
            : `${names[truth]} taken for ${names[said]}: ${count(number)}, ${percent(number / all)}`;
        return h(
          "td",
          {},
          h(
            "button",
            {
              type: "button",
              class: said === truth ? "cell right" : "cell wrong",
              title: meaning,
              "aria-label": meaning,
              "aria-pressed": String(cell === `${truth} ${said}`),
              style: { "--share": number / all },
              onclick: () => pick(truth, said),
            },
            count(number),
          ),
        );
      }),
    );
  };
  const heads = names.map((name, code) =>
    h(
      "th",
      { scope: "col" },
      h("span", { class: "axis-name" }, dot(seen(colors[code], dark)), clipped(name)),
    ),
  );
  return h(
    "table",
    { class: "matrix", style: { "--classes": k } },
    h("caption", { class: "unseen" }, "Rows: class; columns: what the network says"),
    h("thead", {}, h("tr", {}, h("td", { class: "quiet corner-name" }, "is ↓ said →"), heads)),
    h(
      "tbody",
      {},
      names.map((_, truth) => line(truth)),
    ),
  );
}

/** The most confused pairs as a table, for classes too many for a square. */
function pairs(most, { names, colors }, pick, dark) {
  const name = (/** @type {number} */ code) => [
    dot(seen(colors[code], dark)),
    clipped(names[code]),
  ];
  const table = new Table(
    "The most confused pairs",
    [
      {
        title: "class",
        value: (one) => names[one.truth],
        cell: (one) =>
          h(
            "button",
            { type: "button", class: "pick", onclick: () => pick(one.truth, one.said) },
            name(one.truth),
          ),
      },
      {
        title: "taken for",
        value: (one) => names[one.said],
        cell: (one) => h("span", { class: "pair" }, name(one.said)),
      },
      { title: "n", value: (one) => one.count, cell: (one) => count(one.count), number: true },
      {
        title: "of the class",
        value: (one) => one.share,
        cell: (one) => percent(one.share),
        number: true,
      },
    ],
    { by: 2, down: true },
  );
  table.show(most);
  return table.element;
}

/** @param {any[]} most @param {string[]} names */
function inWords(most, names) {
  if (!most.length) return "None is confused.";
  const told = most
    .slice(0, SAID)
    .map(
      ({ truth, said, count: n }) => `${names[truth]} for ${names[said]} (${counted(n, "time")})`,
    );
  return `Largest: ${told.join(", ")}.`;
}
