/**
 * One observation closely: the one under the pointer, else the pinned one.
 */

import { seen } from "../looks/color.js";
import { pin } from "../state/choose.js";
import { fill, h, together } from "../widgets/dom.js";
import { classOf, factsOf, isWrong, saidOf, textsOf } from "../facts/facts.js";
import { latest } from "../state/latest.js";
import { placeOf, runOf } from "../state/store.js";
import { Tiles } from "../looks/tiles.js";
import { card, clipped, cross, dot } from "../widgets/card.js";
import { examples } from "../widgets/examples.js";
import { roving } from "../widgets/roving.js";
import { percent, short } from "../facts/words.js";

const KEYS = ["model", "run", "layer", "checkpoint", "hover", "pinned", "unit", "dark"];
const SIZE = 112;
const NEAR = 8;

/** Milliseconds that the pointer rests before neighbours and sounds are read. */
const REST = 150;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function inspectorView({ store }) {
  const hold = () => pin(store, current(store.state));
  const button = h("button", { type: "button", class: "plain", onclick: hold }, "Unpin");
  const frame = card("inspector", "Inspector", button);
  const more = h("div", { class: "near" });
  const refresh = roving(more);
  let timer = 0;

  const read = async (/** @type {any} */ state) => {
    const i = current(state);
    if (i < 0) return null;
    const run = runOf(state);
    const tiles = new Tiles(run);
    const [facts, probable, activation, picture, labels] = await Promise.all([
      factsOf(run, state.checkpoint),
      run.probable(state.checkpoint),
      state.unit >= 0 ? run.activation(placeOf(state), state.unit) : null,
      tiles.picture(i, SIZE),
      Promise.all(run.about.labels.map((/** @type {any} */ label) => run.labels(label.name))),
    ]);
    return { i, facts, probable, activation, picture, labels, tiles };
  };
  const resting = latest((sentence) => fill(more, h("p", { class: "quiet" }, sentence)));
  const rest = (/** @type {any} */ state) => {
    const [run, i] = [runOf(state), current(state)];
    const asked = [
      run.neighbors(placeOf(state), i, NEAR),
      factsOf(run, state.checkpoint),
      textsOf(run),
    ];
    const title = `Nearest in ${run.about.layers[state.layer].name}`;
    resting(
      () => Promise.all(asked),
      ([ids, facts, text]) => {
        fill(
          more,
          sounds({ facts, i }),
          ids?.length > 0 && examples(title, ids, { facts, text, store }),
        );
        refresh();
      },
    );
  };
  const paint = (/** @type {any} */ found, /** @type {any} */ state) => {
    button.hidden = state.pinned < 0 || state.hover >= 0;
    clearTimeout(timer);
    resting.stop();
    if (!found) {
      frame.note("");
      frame.say("Point at an observation to look at it; click to keep it here.");
      return;
    }
    frame.note(`row ${found.facts.rows[found.i]}${state.hover < 0 ? ", pinned" : ""}`);
    fill(more);
    more.classList.toggle("pictured", Boolean(runOf(state).about.inputs));
    fill(frame.body, body(found, state), more);
    timer = setTimeout(() => rest(state), state.hover >= 0 ? REST : 0);
  };
  const newest = latest(frame.say);
  const painted = (/** @type {any} */ state) =>
    newest(
      () => read(state),
      (found) => paint(found, state),
    );
  return {
    element: frame.element,
    destroy: together(store.on(KEYS, painted), newest.stop, resting.stop, () =>
      clearTimeout(timer),
    ),
  };
}

/** @param {any} state @returns {number} the observation to show, -1 for none */
function current({ hover, pinned }) {
  return hover >= 0 ? hover : pinned;
}

/** @param {any} found @param {any} state */
function body(found, state) {
  const { i, facts, picture, activation } = found;
  const colors = facts.colors.map((color) => seen(color, state.dark));
  const truth = facts.truth && colors[facts.truth[i]];
  const said = facts.said && colors[facts.said[i]];
  const verdict =
    facts.truth &&
    h(
      "p",
      { class: "verdict" },
      truth ? [dot(truth), clipped(classOf(facts, i))] : "no class",
      isWrong(facts, i) && [
        h("span", { class: "taken" }, " taken for "),
        said && dot(said),
        clipped(saidOf(facts, i)),
        cross(),
      ],
    );
  return [
    ...texts(found),
    h(
      "div",
      { class: "subject" },
      picture && h("div", { class: "subject-picture" }, picture),
      h("div", { class: "subject-facts" }, verdict, bars(found, colors)),
    ),
    h(
      "dl",
      { class: "known" },
      activation && [h("dt", {}, `neuron ${state.unit}`), h("dd", {}, short(activation[i]))],
      columns(found),
    ),
  ];
}

/** Texts are what is looked at, so they stand first and large. */
function texts({ i, facts, labels }) {
  return facts.run.about.labels.flatMap((label, place) =>
    label.kind === "text"
      ? h("p", { class: "subject-text", title: label.name }, labels[place][i])
      : [],
  );
}

/** The other columns: numbers, and classes beside the one that the page is about. */
function columns({ i, facts, labels }) {
  return facts.run.about.labels.flatMap((label, place) => {
    if (label.kind === "text" || label.name === facts.run.about.label) return [];
    const value = labels[place][i];
    const said = label.kind === "class" ? (label.names[value] ?? "none") : short(value);
    return [h("dt", {}, clipped(label.name)), h("dd", {}, clipped(String(said)))];
  });
}

/** The classes that the network finds most probable. */
function bars({ i, facts, probable }, colors) {
  if (!probable) return null;
  const { k, classes, shares } = probable;
  const lines = [];
  for (let place = i * k; place < (i + 1) * k; place++) {
    const [code, share] = [classes[place], shares[place]];
    if (facts.names[code] === undefined || !(share >= 0.0005)) continue;
    lines.push(
      h(
        "tr",
        { class: code === facts.truth?.[i] ? "best" : null },
        h("th", { scope: "row" }, clipped(facts.names[code])),
        h(
          "td",
          { class: "bar-cell" },
          h("span", {
            class: "amount",
            style: { width: `${100 * share}%`, background: colors[code] },
          }),
        ),
        h("td", { class: "number" }, percent(share)),
      ),
    );
  }
  const caption = h("caption", { class: "unseen" }, "What the network finds most probable");
  return h("table", { class: "bars" }, caption, h("tbody", {}, lines));
}

/** @param {any} found */
function sounds({ i, facts }) {
  const { sounds: about } = facts.run.about;
  if (!about) return null;
  const player = h("audio", {
    controls: true,
    preload: "none",
    "aria-label": `Sound of row ${facts.rows[i]}`,
  });
  facts.run.model.url(about.file, `/${i}`).then(
    (address) => {
      player.src = address;
    },
    (error) => player.replaceWith(h("p", { class: "quiet" }, error.message)),
  );
  return player;
}
