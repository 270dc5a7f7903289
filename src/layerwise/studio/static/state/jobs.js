/**
 * What a live host computes for the page: started from anywhere, looked after here.
 *
 * `state.jobs` holds the host's list. It is asked for while something is under way; when a job is
 * done the model is read anew, so what it made is simply there.
 */

import { percent } from "../facts/words.js";

/** Milliseconds between two questions while jobs are under way, and while a run is recorded. */
const SOON = 600;
const LATER = 3000;

/** @param {import("../data/source.js").Job} job */
export function active({ state }) {
  return state === "waiting" || state === "running";
}

/** The jobs of a page. */
export class Jobs {
  /** @param {import("./store.js").Store} store @param {(text: string) => void} announce */
  constructor(store, announce) {
    this.store = store;
    this.announce = announce;
    /** Number of the job that was started last for a question. @type {Map<string, number>} */
    this.numbers = new Map();
    /** Numbers of the jobs that are not known to have ended. @type {Set<number>} */
    this.open = new Set();
    this.ended = false;
    this.timer = 0;
    if (this.source.live) this.look();
  }

  get source() {
    return this.store.state.model.source;
  }

  /**
   * Ask the host to compute something.
   *
   * @param {object} body as the Python module `studio.jobs` says
   */
  async start(body) {
    if (!this.source.live) {
      this.announce("This page is a file. `layerwise view RUN` computes.");
      return;
    }
    try {
      const id = await this.source.start(body);
      this.numbers.set(JSON.stringify(body), id);
      this.open.add(id);
    } catch (error) {
      this.failed = { body: JSON.stringify(body), message: error.message };
      this.announce(error.message);
      this.store.set({ jobs: [...this.store.state.jobs] });
      return;
    }
    await this.look();
  }

  /** @param {number} id */
  async cancel(id) {
    await this.source.cancel(id).catch((error) => this.announce(error.message));
    await this.look();
  }

  /** @param {object} body @returns {import("../data/source.js").Job|null} the job that was started for it */
  of(body) {
    const question = JSON.stringify(body);
    if (this.failed?.body === question) {
      return { id: -1, title: "", state: "failed", done: null, step: "", message: this.failed.message };
    }
    const id = this.numbers.get(question);
    return this.store.state.jobs.find((job) => job.id === id) ?? null;
  }

  /** See how far the host is, and look again later if there is more to come. */
  async look() {
    clearTimeout(this.timer);
    const before = this.store.state.jobs;
    let now = before;
    try {
      now = await this.source.jobs();
      if (this.ended) return;
      if (JSON.stringify(now) !== JSON.stringify(before)) this.store.set({ jobs: now });
      const news = finished(this.open, now);
      if (news.some(({ state }) => state === "done") || recording(this.store.state.model)) {
        await this.refresh();
      }
      for (const job of news) this.announce(told(job));
    } catch (error) {
      this.announce(error.message);
    }
    const wait = now.some(active) ? SOON : recording(this.store.state.model) ? LATER : 0;
    clearTimeout(this.timer);
    if (wait && !this.ended) this.timer = setTimeout(() => this.look(), wait);
  }

  /** Read the manifest again; the state gets the new model only if there is something new. */
  async refresh() {
    const { model } = this.store.state;
    const fresh = await model.refreshed();
    if (JSON.stringify(fresh.manifest) === JSON.stringify(model.manifest)) return;
    if (!this.ended) this.store.set({ model: fresh });
  }

  destroy() {
    this.ended = true;
    clearTimeout(this.timer);
  }
}

/** @param {import("../data/model.js").Model} model @returns {string} what is still being recorded, "" if nothing */
export function recording(model) {
  for (const { about } of model.runs) {
    const open = about.checkpoints.findLast((checkpoint) => !checkpoint.complete);
    if (open) return `recording ${open.name}: ${percent(open.recorded / about.of)}`;
  }
  return "";
}

/**
 * Return the jobs that have ended since, and keep in `open` those that have not.
 *
 * @param {Set<number>} open
 * @param {import("../data/source.js").Job[]} now
 */
export function finished(open, now) {
  for (const job of now.filter(active)) open.add(job.id);
  return now.filter((job) => !active(job) && open.delete(job.id));
}

/** @param {import("../data/source.js").Job} job */
function told({ title, state, message }) {
  return state === "failed" ? `${title} failed. ${message}` : `${title}: ${state}.`;
}
