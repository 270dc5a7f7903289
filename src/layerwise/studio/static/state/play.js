/**
 * Walking through the stops of a series that have a map, one after the other, to the end.
 */

import { mapped } from "../data/maps.js";
import { runOf } from "./store.js";

/** Milliseconds at a stop: the points take most of it to arrive, and then they rest. */
const PACE = 950;

/** Steps through layers or checkpoints. */
export class Player {
  /** @param {import("./store.js").Store} store @param {(playing: string) => void} tell */
  constructor(store, tell) {
    this.store = store;
    this.tell = tell;
    /** The axis that is played, "" for none. @type {"layer"|"checkpoint"|""} */
    this.axis = "";
    this.timer = 0;
  }

  /** Start, or stop. @param {"layer"|"checkpoint"} axis */
  toggle(axis) {
    const stopped = this.axis === axis;
    this.stop();
    if (stopped) return;
    const stops = this.stops(axis);
    this.axis = axis;
    this.tell(axis);
    const here = this.store.state[axis];
    if (here >= stops[stops.length - 1]) this.store.set({ [axis]: stops[0] });
    else this.advance();
    this.timer = setInterval(() => this.advance(), PACE);
  }

  advance() {
    const { axis } = this;
    const next = this.stops(axis).find((stop) => stop > this.store.state[axis]);
    if (next === undefined) this.stop();
    else this.store.set({ [axis]: next });
  }

  stop() {
    clearInterval(this.timer);
    if (this.axis) this.tell("");
    this.axis = "";
  }

  /** @param {any} axis */
  stops(axis) {
    return mapped(runOf(this.store.state), this.store.state, axis);
  }
}
