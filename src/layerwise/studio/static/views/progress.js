/**
 * What the host is computing for the page, in a strip below the bar.
 */

import { progress } from "../facts/words.js";
import { active } from "../state/jobs.js";
import { button, fill, h } from "../widgets/dom.js";

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function progressStrip({ store, jobs }) {
  const element = h("section", { class: "jobs-strip", "aria-label": "Work under way", hidden: true });
  const dismissed = new Set();
  const draw = (state) => {
    const news = (job) => job.state === "failed" && !dismissed.has(job.id);
    const shown = state.jobs.filter((job) => active(job) || news(job));
    element.hidden = !shown.length;
    const dismiss = (job) => {
      dismissed.add(job.id);
      draw(store.state);
    };
    fill(element, shown.map((job) => (active(job) ? working(job, jobs) : failed(job, () => dismiss(job)))));
  };
  return { element, destroy: store.on(["jobs"], draw) };
}

/** @param {import("../data/source.js").Job} job @param {any} jobs */
function working(job, jobs) {
  const value = job.state === "waiting" ? 0 : job.done;
  return h(
    "div",
    { class: "job" },
    h("span", { class: "job-title" }, job.title),
    h("progress", { max: 1, value, "aria-label": job.title }),
    h("span", { class: "quiet job-step" }, progress(job)),
    button("Cancel", () => jobs.cancel(job.id), { class: "plain" }),
  );
}

/** @param {import("../data/source.js").Job} job @param {() => void} dismiss */
function failed(job, dismiss) {
  return h(
    "div",
    { class: "job", role: "alert" },
    h("span", { class: "job-title" }, job.title),
    h("span", { class: "warn job-step" }, job.message || "failed"),
    button("Dismiss", dismiss, { class: "plain" }),
  );
}
