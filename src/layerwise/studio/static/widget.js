/**
 * The studio in a notebook: a widget of anywidget, its data asked of the kernel.
 *
 * Each message has a number and its answer the same one. The other side is the Python module
 * `studio.widget`.
 */

import { mount } from "./app.js";
import { HeldSource } from "./data/source.js";
import { runOf, together } from "./state/store.js";
import { h } from "./widgets/dom.js";

/** Keys typed into an element with it are not JupyterLab's, where "d d" deletes the cell. */
const OWN_KEYS = "data-lm-suppress-shortcuts";

/** Milliseconds after which a question without an answer is worth a sentence. */
const PATIENCE = 4000;

const SILENT =
  "The kernel does not answer. It is busy, or it has been restarted: then run the cell again.";

/** A source that asks the kernel behind a widget. It has what `Source` has. */
export class WidgetSource extends HeldSource {
  live = true;
  withNetwork = "run.studio(ask=layerwise.attribution.OnDemand(run, model))";

  /** @param {any} model of anywidget @param {(silent: boolean) => void} heed hears if no answer comes */
  constructor(model, heed) {
    super();
    this.model = model;
    this.heed = heed;
    this.last = 0;
    this.waiting = new Map();
    this.receive = (message, buffers) => this.received(message, buffers);
    model.on("msg:custom", this.receive);
  }

  manifest() {
    return this.asked("manifest");
  }

  /** @param {string} name */
  bytes(name) {
    return this.asked("bytes", { name });
  }

  /** @param {string} kind @param {object} body */
  ask(kind, body) {
    return this.asked("ask", { ...body, kind });
  }

  jobs() {
    return this.asked("jobs");
  }

  /** @param {object} body */
  start(body) {
    return this.asked("start", body);
  }

  /** @param {number} id */
  async cancel(id) {
    await this.asked("cancel", { id });
  }

  close() {
    super.close();
    this.model.off("msg:custom", this.receive);
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
  }

  /** @param {string} what @param {object} [body] @returns {Promise<any>} */
  asked(what, body = {}) {
    const number = ++this.last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.heed(true), PATIENCE);
      this.waiting.set(number, { resolve, reject, timer });
      try {
        this.model.send({ number, what, body });
      } catch { // of a kernel that is gone JupyterLab says "Cannot send"
        this.heed(true);
        reject(new Error(SILENT));
      }
    });
  }

  /** @param {any} message @param {DataView[]} buffers */
  received(message, buffers) {
    const waiting = this.waiting.get(message.number);
    if (!waiting) return;
    this.waiting.delete(message.number);
    clearTimeout(waiting.timer);
    this.heed(false);
    if (message.error) waiting.reject(new Error(message.error));
    else if ("answer" in message) waiting.resolve(message.answer);
    else {
      const { buffer, byteOffset, byteLength } = buffers[0];
      waiting.resolve(buffer.slice(byteOffset, byteOffset + byteLength));
    }
  }
}

/**
 * Show the studio of a widget; returns how to end it. Called by anywidget.
 *
 * @param {{model: any, el: HTMLElement}} widget
 * @returns {() => void}
 */
export function render({ model, el }) {
  const root = h("div", { onfocusin: ({ target }) => target.toggleAttribute(OWN_KEYS, true) });
  el.append(root);
  const sentence = h("p", { class: "silent warn", role: "alert" }, SILENT);
  const source = new WidgetSource(model, (silent) =>
    silent ? root.prepend(sentence) : sentence.remove(),
  );
  let end = () => source.close();
  let over = false;
  mount(root, source, { embedded: true }).then(async ({ store, destroy }) => {
    end = destroy; // which closes the source too
    if (over) end();
    else if (store) end = together(end, await joined(store, model));
  });
  return () => {
    over = true;
    end();
  };
}

/**
 * Keep the selection of the page and the row numbers in the kernel the same; returns how to stop.
 *
 * @param {import("./state/store.js").Store} store
 * @param {any} model
 */
async function joined(store, model) {
  const heed = async () => {
    const rows = await runOf(store.state).rows();
    const wanted = new Set(model.get("selection"));
    const ids = [...rows.keys()].filter((id) => wanted.has(rows[id]));
    if (!alike(ids, store.state.selection)) store.select(ids, "rows of the notebook");
  };
  const tell = async ({ selection }) => {
    const rows = await runOf(store.state).rows();
    if (selection !== store.state.selection) return;
    const chosen = Array.from(selection, (id) => rows[id]);
    if (alike(chosen, model.get("selection"))) return;
    model.set("selection", chosen);
    model.save_changes();
  };
  await heed();
  model.on("change:selection", heed);
  return together(store.on(["selection", "run"], tell), () => model.off("change:selection", heed));
}

/** @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
function alike(one, other) {
  return one.length === other.length && Array.from(one).every((item, i) => item === other[i]);
}
