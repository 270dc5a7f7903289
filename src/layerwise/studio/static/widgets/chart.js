/**
 * A line plot in SVG: a few hundred numbers over named places, one of which is the current.
 *
 * @typedef {Object} Line
 * @property {string} name
 * @property {number[]} values one a place, NaN where there is none
 * @property {"pale"|"first"|"last"|"current"|"floor"|"published"} kind
 */

import { cut } from "../facts/words.js";
import { svg } from "./dom.js";

const MARGIN = { top: 12, right: 88, bottom: 30, left: 52 };
const LETTER = 6.2;
const LINE = 13;

/** Places nearer than this in px have no dots, but for the current one. */
const CROWDED = 14;

/**
 * Return a chart that acts as a slider: a click or the arrow keys choose a place.
 *
 * @param {Object} about
 * @param {string} about.label
 * @param {string[]} about.places their names, left to right
 * @param {Line[]} about.lines drawn in this order, so the last is on top
 * @param {number} about.current the place that is marked, -1 for none
 * @param {(value: number) => string} about.format
 * @param {(value: number) => string} about.axis the same, for round numbers
 * @param {(place: number) => void} about.choose
 * @param {number} about.width in px
 * @param {number} about.height
 * @returns {SVGElement}
 */
export function chart({ label, places, lines, current, format, axis, choose, width, height }) {
  const inner = { right: width - MARGIN.right, bottom: height - MARGIN.bottom };
  const steps = ticks(...extent(lines), Math.max(2, Math.floor(height / 48)));
  const y = linear(steps[0], steps[steps.length - 1], inner.bottom, MARGIN.top);
  const pad = Math.min(24, (inner.right - MARGIN.left) / (2 * places.length));
  const x = linear(0, Math.max(places.length - 1, 1), MARGIN.left + pad, inner.right - pad);
  const at = places.length === 1 ? () => (MARGIN.left + inner.right) / 2 : x;
  const crowded = places.length > 1 && at(1) - at(0) < CROWDED;
  const nearest = (/** @type {MouseEvent} */ event) => {
    const px = event.clientX - picture.getBoundingClientRect().left;
    let best = 0;
    places.forEach((_, place) => {
      if (Math.abs(at(place) - px) < Math.abs(at(best) - px)) best = place;
    });
    choose(best);
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const last = places.length - 1;
    const place = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: last }[event.key];
    if (place === undefined) return;
    event.preventDefault();
    if (place >= 0 && place < places.length) choose(place);
  };
  const picture = svg(
    "svg",
    {
      class: "chart",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "slider",
      tabindex: 0,
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": places.length - 1,
      "aria-valuenow": Math.max(current, 0),
      "aria-valuetext": current < 0 ? "elsewhere" : spoken(places[current], lines, current, format),
      onclick: nearest,
      onkeydown: keys,
    },
    current >= 0 && rule("here", at(current), MARGIN.top - 6, at(current), inner.bottom),
    steps.map((step) => [
      rule("rule", MARGIN.left, y(step), inner.right, y(step)),
      svg("text", { x: MARGIN.left - 8, y: y(step) + 4, "text-anchor": "end" }, axis(step)),
    ]),
    names(places, at, inner, current),
    lines.map((line) => drawn(line, at, y, { places, format, current, crowded })),
    ends(lines, inner, y),
  );
  return picture;
}

/** @param {string} kind @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
function rule(kind, x1, y1, x2, y2) {
  return svg("line", { class: kind, x1, y1, x2, y2 });
}

/** @param {Line} line @param {(i: number) => number} x @param {(v: number) => number} y @param {any} how */
function drawn(line, x, y, { places, format, current, crowded }) {
  const kind = `line ${line.kind}`;
  let path = "";
  let pen = "M";
  const marks = [];
  line.values.forEach((value, place) => {
    if (!Number.isFinite(value)) return;
    path += `${pen}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    if (line.kind === "pale" || line.kind === "floor") return;
    if (crowded && line.kind !== "published" && place !== current) return;
    const said = svg("title", {}, `${line.name}, ${places[place]}: ${format(value)}`);
    const radius = line.kind === "current" ? 3.5 : 2.5;
    marks.push(svg("circle", { class: kind, cx: x(place), cy: y(value), r: radius }, said));
  });
  const stroke = line.kind === "published" ? null : svg("path", { class: kind, d: path });
  return svg("g", {}, svg("title", {}, line.name), stroke, marks);
}

/** Names of the places: as many as there is room for, the current one always. */
function names(places, x, { bottom }, current) {
  const room = places.length > 1 ? x(1) - x(0) : Infinity;
  const longest = Math.max(...places.map((name) => name.length), 1) * LETTER + 8;
  const every = Math.max(1, Math.ceil(Math.min(longest, 12 * LETTER) / room));
  return places.map((name, place) => {
    const here = place === current;
    const near = current >= 0 && Math.abs(place - current) < every;
    if (!here && (near || place % every)) return null;
    const letters = Math.max(4, Math.floor((room * every - 4) / LETTER));
    const kind = here ? "here" : null;
    const at = { class: kind, x: x(place), y: bottom + 18, "text-anchor": "middle" };
    return svg("text", at, svg("title", {}, name), cut(name, letters));
  });
}

/** Names of the lines where they end, moved apart where they would overlap. */
function ends(lines, { right, bottom }, y) {
  const shown = lines.filter(({ kind, values }) => kind !== "pale" && values.some(Number.isFinite));
  const tags = shown.map((line) => ({ line, y: y(line.values.findLast(Number.isFinite)) }));
  tags.sort((a, b) => a.y - b.y);
  spread(tags, MARGIN.top, bottom);
  return tags.map(({ line, y: height }) => {
    const letters = Math.floor((MARGIN.right - 12) / LETTER);
    const at = { class: `tag ${line.kind}`, x: right + 8, y: height + 4 };
    return svg("text", at, svg("title", {}, line.name), cut(line.name, letters));
  });
}

/** @param {{y: number}[]} tags ascending @param {number} top @param {number} bottom */
function spread(tags, top, bottom) {
  tags.forEach((tag, i) => {
    tag.y = Math.max(tag.y, i ? tags[i - 1].y + LINE : top);
  });
  for (let i = tags.length - 1; i >= 0; i--) {
    tags[i].y = Math.min(tags[i].y, i < tags.length - 1 ? tags[i + 1].y - LINE : bottom);
  }
}

/** @param {string} place @param {Line[]} lines @param {number} current */
function spoken(place, lines, current, format) {
  const main = lines.find(({ kind }) => kind === "current");
  const value = main?.values[current];
  return Number.isFinite(value) ? `${place}, ${main.name}: ${format(value)}` : place;
}

/** @param {Line[]} lines @returns {[number, number]} */
export function extent(lines) {
  const all = lines.flatMap(({ values }) => values).filter(Number.isFinite);
  return all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
}

/**
 * Return round numbers that take in `low` and `high`, about `most` of them.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {number[]} at least two
 */
export function ticks(low, high, most) {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((round) => round * power >= raw * 0.999) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Return the map of [low, high] onto [from, to]. */
export function linear(low, high, from, to) {
  return (/** @type {number} */ value) => from + ((value - low) / (high - low)) * (to - from);
}
