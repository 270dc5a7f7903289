/**
 * What the network looks at in the observation of the inspector: a live host is asked for it.
 */

import { ramp } from "../looks/color.js";
import { counted, percent, short } from "../facts/words.js";
import { patient } from "../state/patient.js";
import { runOf, together } from "../state/store.js";
import { fill, h } from "../widgets/dom.js";
import { heat, isPlane } from "../widgets/heat.js";
import { classMark, clipped } from "../widgets/marks.js";
import { menu } from "../widgets/menu.js";
import { Tiles } from "../widgets/tiles.js";

/** Milliseconds that the pointer rests before the network is asked. */
const REST = 150;

/** Css px of the two pictures side by side, and of a map that has no picture beside it. */
const SIDE = 138;
const WIDE = 286;

/** The ways to ask: what each is called, what its numbers mean, and what those below and above zero. */
const WAYS = {
  gradient: {
    title: "Gradient",
    meaning: "how fast the target rises with each value",
    ends: ["less of it raises", "more of it raises"],
  },
  integrated_gradients: {
    title: "Integrated gradients",
    meaning: "what each value adds to the target on the way from all zeros",
    ends: ["speaks against", "speaks for"],
  },
  guided_backpropagation: {
    title: "Guided backprop",
    meaning: "the gradient along exciting paths only, which tells little of deep layers",
    ends: ["less of it raises", "more of it raises"],
  },
  grad_cam: {
    title: "Grad-CAM",
    meaning: "where the maps of that layer hold what raises the target",
    ends: ["nothing", "speaks for"],
  },
  occlusion: {
    title: "Occlusion",
    meaning: "how far the target falls when a patch there is covered",
    ends: ["speaks against", "speaks for"],
  },
};

/** A way that the page knows nothing of. */
const OTHER = { meaning: "", ends: ["below zero", "above zero"] };

/** @param {any} context */
export function attributionPart({ store }) {
  const ways = menu("Method", (explain) => store.set({ explain }), { hidden: true });
  const aims = menu("Target", (aim) => store.set({ aim }), { hidden: true });
  const heading = h("h3", {}, "What the network looks at");
  const body = h("div", { class: "attribution-body" });
  const how = h("div", { class: "attribution-how" }, ways.element, aims.element);
  const element = h("div", { class: "attribution", hidden: true });
  const ask = patient();
  let shown = "";

  const offer = (state) => {
    const { attributions = [] } = state.model.manifest;
    const titled = attributions.map((value) => ({ value, title: WAYS[value]?.title ?? value }));
    ways.set([...titled, { value: "none", title: "Off" }], state.explain);
    aims.set(targets(state), aimOf(state));
  };
  /**
   * Show what it looks at in an observation, or that there is none.
   *
   * @param {{i: number, facts: any}|null} found
   * @param {any} state
   */
  const show = (found, state) => {
    const { source, manifest } = state.model;
    if (!manifest.attributions?.length) {
      element.hidden = !source.live || !found;
      fill(element, !element.hidden && hint(source.withNetwork));
      return;
    }
    element.hidden = false;
    if (body.parentElement !== element) fill(element, heading, how, body);
    offer(state);
    const what = found && state.explain !== "none" && question(found.i, state);
    const key = what ? JSON.stringify([state.run, found.facts.run.about.data, state.checkpoint, what]) : "";
    if (`${key} ${state.dark}` === shown) return;
    shown = `${key} ${state.dark}`;
    if (!key) {
      ask.stop();
      fill(body);
      return;
    }
    const place = h("div", { class: "attribution-map" });
    const pictures = h("div", { class: "attribution-pictures" }, place);
    const words = h("div", { class: "attribution-words" });
    new Tiles(found.facts.run).picture(found.i, SIDE).then((picture) => {
      if (picture) pictures.prepend(h("div", { class: "attribution-input" }, picture));
    });
    fill(body, pictures, words);
    const teller = {
      wait: () => fill(words, h("progress", { "aria-label": "Asking the network" })),
      paint: (answer) => draw(answer, { ...found, state, place, words }),
      fail: (sentence) => fill(words, h("p", { class: "warn", role: "alert" }, sentence)),
    };
    const run = runOf(state);
    const rest = found.i === state.pinned ? 0 : REST;
    ask(key, (signal) => run.attribution(state.checkpoint, what, signal), teller, rest);
  };
  return { element, show, destroy: together(ask.stop) };
}

/** @param {string} command */
function hint(command) {
  return h(
    "p",
    { class: "quiet" },
    "What does the network look at here? Started with its code, the studio can ask it: ",
    h("code", {}, command),
  );
}

/** @param {any} state @returns {import("../widgets/menu.js").Option[]} what can be asked about */
function targets(state) {
  const run = runOf(state);
  const { name } = run.about.layers[state.layer];
  const classes = run.classes?.names ?? [];
  return [
    { value: "", title: "predicted" },
    ...(state.unit >= 0 ? [{ value: "unit", title: `neuron ${state.unit} of ${name}` }] : []),
    ...classes.map((title, code) => ({ value: `class ${code}`, title, group: run.classes.name })),
  ];
}

/** What is really asked about: no neuron where none is chosen. */
function aimOf({ aim, unit }) {
  return aim === "unit" && unit < 0 ? "" : aim;
}

/** @param {number} observation @param {any} state */
function question(observation, state) {
  const what = { observation, method: state.explain };
  const aim = aimOf(state);
  if (aim === "unit") return { ...what, layer: state.layer, unit: state.unit };
  return aim ? { ...what, unit: Number(aim.slice("class ".length)) } : what;
}

/** @param {import("../data/run.js").Attribution} answer @param {any} about */
function draw(answer, { facts, state, place, words }) {
  const { dark, explain } = state;
  const scale = ramp(explain === "grad_cam" ? 0 : -(answer.limit || 1), answer.limit || 1, dark);
  const size = place.parentElement.children.length > 1 && isPlane(answer.shape) ? SIDE : WIDE;
  const { title, meaning, ends } = { title: explain, ...OTHER, ...WAYS[explain] };
  fill(place, heat(answer, scale, size, `${title} of ${answer.target}`));
  const at = answer.layer ? ` at ${answer.layer}` : "";
  const summed = answer.channels > 1 ? `, added up over ${counted(answer.channels, "channel")}` : "";
  const notes = [
    `${title}${at}: ${meaning}${summed}.`,
    explain === "integrated_gradients" && `All add up to ${short(answer.sum)}.`,
    answer.largest > answer.limit &&
      `The colours end at the strongest half percent; the largest is ${short(answer.largest)}.`,
  ];
  fill(
    words,
    h("p", {}, verdict(answer, facts, state)),
    answer.limit
      ? colorKey(scale, ends)
      : h("p", {}, "Zero everywhere: here the target does not depend on the input."),
    h("p", { class: "quiet" }, notes.filter(Boolean).join(" ")),
  );
}

/** The colours with their numbers, and what these mean. */
function colorKey({ low, high, stops }, [below, above]) {
  const background = `linear-gradient(to right, ${stops.join(", ")})`;
  const numbers = low < 0 ? [low, 0, high] : [low, high];
  return h(
    "figure",
    { class: "ramp" },
    h("div", { class: "ramp-bar", "aria-hidden": "true", style: { background } }),
    h("div", { class: "ramp-numbers" }, numbers.map((value) => h("span", {}, short(value)))),
    h("figcaption", { class: "ramp-numbers" }, h("span", {}, below), h("span", {}, above)),
  );
}

/** What was asked about with its value, and what the network says of the observation. */
function verdict(answer, facts, state) {
  const { target, value, predicted, share, classes } = answer;
  const known = classes === facts.names.length;
  const named = (code) => (known ? classMark(facts, code, state.dark) : `class ${code}`);
  const { name } = runOf(state).about.layers[state.layer];
  const subject = aimOf(state) === "unit"
    ? clipped(`neuron ${state.unit} of ${name}`)
    : ["logit of ", named(Number(target.slice("logit:".length)))];
  const says = predicted === null
    ? null
    : h("span", { class: "says" }, "predicted: ", named(predicted), ` ${percent(share)}`);
  const number = value === null ? "not a number" : short(value);
  return [h("span", { class: "aim" }, subject, "=", h("b", {}, number)), says];
}
