/**
 * A slider whose stops have names: layers, or checkpoints. Stops without a map are hollow.
 */

import { cut } from "../facts/words.js";
import { fill, h } from "./dom.js";

/** Letters of a name at the track, and pixels of a letter at its size. */
const LETTERS = 14;
const LETTER = 6.4;

/** Pixels between two names, and between two stops at least: closer, and the track scrolls. */
const GAP = 6;
const CLOSEST = 13;

const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 };

/**
 * Return a slider.
 *
 * @param {string} label
 * @param {(stop: number) => void} choose
 */
export function slider(label, choose) {
  const rail = h("div", { class: "rail" });
  const track = h("div", { class: "track", role: "slider", tabindex: 0, "aria-label": label }, rail);
  const element = h("div", { class: "slider" }, track);
  /** @type {{names: string[], full: boolean[], at: number}} */
  let now = { names: [], full: [], at: 0 };

  const draw = () => {
    const { names, full, at } = now;
    const places = names.length;
    const ends = Math.max(wide(names[0] ?? ""), wide(names[places - 1] ?? "")) / 2;
    track.style.setProperty("padding", `0 ${ends}px`);
    track.style.setProperty("min-width", `${places * CLOSEST + 2 * ends}px`);
    const step = every(names, Math.max(element.clientWidth - 2 * ends, places * CLOSEST));
    const marks = names.map((name, i) => {
      const kinds = ["stop", full[i] && "full", i === at && "current"].filter(Boolean).join(" ");
      const left = `${place(i, places) * 100}%`;
      const said = labelled(i, at, places, step) && h("span", { class: "stop-name" }, cut(name, LETTERS));
      return h("span", { class: kinds, title: name, style: { left } }, said);
    });
    fill(rail, marks);
    track.setAttribute("aria-valuemin", "1");
    track.setAttribute("aria-valuemax", String(places));
    track.setAttribute("aria-valuenow", String(at + 1));
    track.setAttribute("aria-valuetext", `${names[at] ?? ""}${full[at] ? "" : ", no map yet"}`);
    const mark = marks[at];
    if (mark && element.scrollWidth > element.clientWidth) {
      element.scrollTo({ left: mark.offsetLeft - element.clientWidth / 2 });
    }
  };
  /** @param {number} stop */
  const go = (stop) => {
    const held = Math.min(Math.max(stop, 0), now.names.length - 1);
    if (held !== now.at) choose(held);
  };
  /** @param {PointerEvent} event */
  const point = (event) => {
    const { left, width } = rail.getBoundingClientRect();
    go(nearest((event.clientX - left) / width, now.names.length));
  };
  track.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    track.setPointerCapture(event.pointerId);
    point(event);
  });
  track.addEventListener("pointermove", (event) => {
    if (track.hasPointerCapture(event.pointerId)) point(event);
  });
  track.addEventListener("keydown", (event) => {
    const wanted = { Home: 0, End: now.names.length - 1 }[event.key] ?? now.at + STEPS[event.key];
    if (Number.isNaN(wanted) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(wanted);
  });
  const resizes = new ResizeObserver(draw);
  resizes.observe(element);
  return {
    element,
    /** @param {string[]} names @param {boolean[]} full which have a map @param {number} at */
    set(names, full, at) {
      now = { names, full, at };
      draw();
    },
    destroy: () => resizes.disconnect(),
  };
}

/**
 * Return where a stop lies on its track, from 0 to 1: a lone one in the middle.
 *
 * @param {number} stop
 * @param {number} places
 */
export function place(stop, places) {
  return places > 1 ? stop / (places - 1) : 0.5;
}

/**
 * Return the stop that is nearest to a share of the track.
 *
 * @param {number} share
 * @param {number} places
 */
export function nearest(share, places) {
  return Math.round(Math.min(Math.max(share, 0), 1) * (places - 1));
}

/**
 * Return of how many stops one can be labelled so that no two labels touch.
 *
 * @param {string[]} names
 * @param {number} width of the track in pixels
 */
export function every(names, width) {
  const longest = names.reduce((most, name) => Math.max(most, wide(name)), 0);
  const between = width / Math.max(names.length - 1, 1);
  return Math.max(1, Math.ceil((longest + GAP) / between));
}

/**
 * Return whether a stop has its name beside it: the current one always, its close ones then not.
 *
 * @param {number} stop
 * @param {number} at
 * @param {number} places
 * @param {number} step of {@link every}
 */
export function labelled(stop, at, places, step) {
  if (stop === at) return true;
  if (Math.abs(stop - at) < step) return false;
  return stop % step === 0 && (stop === 0 || places - 1 - stop >= step || places - 1 === stop);
}

/** @param {string} name @returns {number} pixels that it takes, about */
function wide(name) {
  return cut(name, LETTERS).length * LETTER + 6;
}
