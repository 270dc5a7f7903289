/**
 * What a live host computes for the page: started from anywhere, looked after here.
 *
 * `state.jobs` holds the host's list. It is asked for while something is under way; when a job is
 * done the model is read anew, so what it made is simply there.
 *
 * @typedef {{checkpoint: string, share: number}} Recording how much of a checkpoint is there
 */

/** Milliseconds between two questions: of jobs under way; of a run being recorded, or a lost host. */
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
    /** The question that the host refused last, and why. @type {{question: string, message: string}|null} */
    this.refused = null;
    /** What went wrong at the last look, which is said once. */
    this.trouble = "";
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
    const question = JSON.stringify(body);
    this.refused = null;
    try {
      const id = await this.source.start(body);
      this.numbers.set(question, id);
      this.open.add(id);
    } catch (error) {
      this.refused = { question, message: error.message };
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
    if (this.refused?.question === question) {
      const { message } = this.refused;
      return { id: -1, title: "", state: "failed", done: null, step: "", message };
    }
    const id = this.numbers.get(question);
    return this.store.state.jobs.find((job) => job.id === id) ?? null;
  }

  /** See how far the host is, and look again later if there is more to come. */
  async look() {
    clearTimeout(this.timer);
    const before = this.store.state.jobs;
    let trouble = "";
    try {
      const now = await this.source.jobs();
      if (this.ended) return;
      if (JSON.stringify(now) !== JSON.stringify(before)) this.store.set({ jobs: now });
      const news = finished(this.open, now);
      if (news.some(({ state }) => state === "done") || this.store.state.recording) {
        await this.refresh();
      }
      for (const job of news) this.announce(told(job));
    } catch (error) {
      trouble = error.message;
    }
    if (this.ended) return;
    if (trouble && trouble !== this.trouble) this.announce(trouble);
    this.trouble = trouble;
    const { jobs, recording: open } = this.store.state;
    const busy = jobs.some(active);
    clearTimeout(this.timer);
    if (busy || open) this.timer = setTimeout(() => this.look(), busy && !trouble ? SOON : LATER);
  }

  /**
   * Read the manifest again. The state gets the new model only if there is something new to show:
   * that more of a checkpoint is recorded changes no view.
   */
  async refresh() {
    const { model } = this.store.state;
    const fresh = await model.refreshed();
    if (this.ended) return;
    this.store.set({ recording: recording(fresh) });
    if (shown(fresh) !== shown(model)) this.store.set({ model: fresh });
  }

  destroy() {
    this.ended = true;
    clearTimeout(this.timer);
  }
}

/** The manifest without how much is recorded. @param {import("../data/model.js").Model} model */
function shown({ manifest }) {
  return JSON.stringify(manifest, (key, value) => (key === "recorded" ? 0 : value));
}

/** @param {import("../data/model.js").Model} model @returns {Recording|null} */
export function recording(model) {
  for (const { about } of model.runs) {
    const open = about.checkpoints.findLast((checkpoint) => !checkpoint.complete);
    if (open) return { checkpoint: open.name, share: open.recorded / about.of };
  }
  return null;
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
