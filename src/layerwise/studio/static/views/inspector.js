/**
 * One observation closely: the one under the pointer, else the pinned one.
 */

import { factsOf, isWrong } from "../facts/observations.js";
import { percent, short } from "../facts/words.js";
import { classColor } from "../looks/color.js";
import { pin } from "../state/actions.js";
import { follow, latest } from "../state/latest.js";
import { placeOf, runOf, together } from "../state/store.js";
import { bars } from "../widgets/bars.js";
import { card } from "../widgets/card.js";
import { button, fill, h } from "../widgets/dom.js";
import { examples } from "../widgets/examples.js";
import { classMark, clipped, cross } from "../widgets/marks.js";
import { roving } from "../widgets/roving.js";
import { soundPlayer } from "../widgets/sound.js";
import { Tiles } from "../widgets/tiles.js";
import { attributionPart } from "./attribution.js";
import { pictured } from "./pictured.js";

const KEYS = [
  ...["model", "run", "layer", "checkpoint", "hover", "pinned", "unit", "dark"],
  ...["explain", "aim", "hoverUnit"],
];
const SIZE = 112;
const NEAR = 8;

/** Milliseconds that the pointer rests before neighbours and sounds are read. */
const REST = 150;

/** Shares of the network's output below this are not listed. */
const LEAST = 0.0005;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function inspectorView(context) {
  const { store } = context;
  const unpin = button("Unpin", () => pin(store, store.state.pinned), { class: "plain" });
  const frame = card("inspector", "Inspector", unpin);
  const about = h("div", { class: "about" });
  const more = h("div", { class: "near" });
  const attribution = attributionPart(context);
  const nothing = h("p", { class: "quiet empty" }, "Point at an observation to look at it; click to keep it here.");
  roving(more);
  let timer = 0;

  /** What is pointed at among the neighbours is shown in the other views, and they stay. */
  const current = ({ hover, pinned }) => {
    const own = more.matches(":hover, :focus-within") && pinned >= 0;
    return hover >= 0 && !own ? hover : pinned;
  };
  const read = async (state) => {
    const run = runOf(state);
    const unit = state.hoverUnit;
    const seen = unit < 0 ? [] : await pictured(context, run, "unit", unit, placeOf(state), true);
    if (seen.length) return { unit, seen };
    const i = current(state);
    if (i < 0) return null;
    const [facts, probable, activation, picture, labels, made] = await Promise.all([
      factsOf(run, state.checkpoint),
      run.probable(state.checkpoint),
      state.unit >= 0 ? run.activation(placeOf(state), state.unit) : null,
      new Tiles(run).picture(i, SIZE),
      Promise.all(run.about.labels.map(({ name }) => run.labels(name))),
      pictured(context, run, "observation", i, placeOf(state), false),
    ]);
    return { i, facts, probable, activation, picture, labels, made };
  };
  const resting = latest((sentence) => fill(more, h("p", { class: "warn" }, sentence)));
  const rest = ({ i, facts }, state) => {
    const title = `Nearest in ${facts.run.about.layers[state.layer].name}`;
    const paint = (ids) =>
      fill(more, soundPlayer(facts, i), ids?.length > 0 && examples(title, ids, { facts, store }));
    resting(() => facts.run.neighbors(placeOf(state), i, NEAR), paint);
  };
  /** What the neighbours are of; while it is the same, they stay. */
  let shown = "";
  const renew = (found, state) => {
    const now = found ? `${found.i} ${state.run} ${state.layer} ${state.checkpoint} ${state.dark}` : "";
    if (now === shown) return;
    shown = now;
    clearTimeout(timer);
    resting.stop();
    if (!more.matches(":focus-within")) fill(more); // the keys would lose their place
    if (found) timer = setTimeout(() => rest(found, state), found.i === state.pinned ? 0 : REST);
  };
  const paint = (shown, state) => {
    if (shown?.seen) {
      frame.note(`neuron ${shown.unit} of ${runOf(state).about.layers[state.layer].name}`);
      unpin.hidden = true;
      fill(frame.body, shown.seen);
      return;
    }
    const found = shown;
    renew(found, state);
    unpin.hidden = state.pinned < 0 || found?.i !== state.pinned;
    attribution.show(found, state);
    if (!found) {
      frame.note("");
      fill(frame.body, nothing, attribution.element);
      return;
    }
    const { i, facts } = found;
    frame.note(`row ${facts.rows[i]}${i === state.pinned ? ", pinned" : ""}`);
    more.classList.toggle("pictured", Boolean(facts.run.about.inputs));
    if (more.parentElement !== frame.body) fill(frame.body, about, attribution.element, more);
    fill(about, subject(found, state), found.made);
  };
  const destroy = together(
    follow(store, KEYS, read, paint, frame.fail).stop,
    resting.stop,
    attribution.destroy,
    () => clearTimeout(timer),
  );
  return { element: frame.element, destroy };
}

/** @param {any} found @param {any} state */
function subject(found, state) {
  const { i, facts, picture, activation } = found;
  const mark = (codes) => classMark(facts, codes[i], state.dark);
  const known = facts.truth && facts.names[facts.truth[i]] !== undefined;
  const taken = isWrong(facts, i) && [
    h("span", { class: "taken" }, " taken for "),
    mark(facts.said),
    cross(),
  ];
  const verdict = facts.truth && h("p", { class: "verdict" }, known ? mark(facts.truth) : "no class", taken);
  const unit = [h("dt", {}, `neuron ${state.unit}`), h("dd", {}, activation && short(activation[i]))];
  return [
    ...texts(found),
    h(
      "div",
      { class: "subject" },
      picture && h("div", { class: "subject-picture" }, picture),
      h("div", { class: "subject-facts" }, verdict, answers(found, state.dark)),
    ),
    h("dl", { class: "known" }, activation && unit, columns(found)),
  ];
}

/** Texts are what is looked at, so they stand first and large. */
function texts({ i, facts, labels }) {
  return facts.run.about.labels.flatMap(({ kind, name }, place) =>
    kind === "text" ? h("p", { class: "subject-text", title: name }, labels[place][i]) : [],
  );
}

/** The other columns: numbers, and classes beside the one that the page is about. */
function columns({ i, facts, labels }) {
  return facts.run.about.labels.flatMap(({ kind, name, names }, place) => {
    if (kind === "text" || name === facts.run.about.label) return [];
    const value = labels[place][i];
    const said = kind === "class" ? (names[value] ?? "none") : short(value);
    return [h("dt", {}, clipped(name)), h("dd", {}, clipped(said))];
  });
}

/** The classes that the network finds most probable. */
function answers({ i, facts, probable }, dark) {
  if (!probable) return null;
  const { k, classes, shares } = probable;
  const rows = [];
  for (let place = i * k; place < (i + 1) * k; place++) {
    const [code, share] = [classes[place], shares[place]];
    if (facts.names[code] === undefined || !(share >= LEAST)) continue;
    rows.push({
      name: clipped(facts.names[code]),
      color: classColor(facts.colors, code, dark),
      from: 0,
      to: share,
      number: percent(share),
      best: code === facts.truth?.[i],
    });
  }
  return bars("What the network finds most probable", rows);
}
