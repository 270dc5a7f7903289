// Closed form and law: the places of a slider, what differs between predictions, trails, jobs.
import assert from "node:assert/strict";
import test from "node:test";

import { differences } from "../../../src/layerwise/studio/static/facts/differences.js";
import { finished, recording } from "../../../src/layerwise/studio/static/state/jobs.js";
import { rowsFirst } from "../../../src/layerwise/studio/static/looks/trails.js";
import { every, labelled, nearest, place } from "../../../src/layerwise/studio/static/widgets/slider.js";
import { counted, cut, short } from "../../../src/layerwise/studio/static/facts/words.js";
import { manifest, model } from "./model.mjs";

test("a stop is nearest to its own place", () => {
  for (const places of [1, 2, 7, 60]) {
    for (let stop = 0; stop < places; stop++) assert.equal(nearest(place(stop, places), places), stop);
  }
  assert.equal(nearest(-3, 5), 0);
  assert.equal(nearest(9, 5), 4);
});

test("labels never touch, and the current stop always has one", () => {
  for (const places of [1, 2, 6, 13, 60]) {
    const names = Array.from({ length: places }, (_, i) => `layer${i}`);
    for (const width of [80, 200, 500, 1200]) {
      const step = every(names, width);
      for (let at = 0; at < places; at++) {
        const shown = names.map((_, i) => i).filter((i) => labelled(i, at, places, step));
        assert.ok(shown.includes(at));
        for (let k = 1; k < shown.length; k++) assert.ok(shown[k] - shown[k - 1] >= step);
      }
    }
  }
  assert.equal(every(["a", "b", "c"], 900), 1);
});

test("predictions that differ are right, wrong, or wrong in another way", () => {
  const [before, after, truth] = [[0, 1, 2, 0, 1], [0, 2, 1, 1, 2], [0, 2, 2, 2, 255]];
  const found = differences(before, after, truth);
  assert.deepEqual([...found.changed], [1, 2, 3, 4]);
  assert.deepEqual([...found.gained], [1]);
  assert.deepEqual([...found.lost], [2]);
  assert.deepEqual([...found.both], [3, 4]);
  assert.equal(differences(before, after, null).changed.length, 4);
  assert.deepEqual([...differences([0, 1, 255], [1, 255, 0], null, 3).changed], [0], "missing is no answer");
});

test("trails stored place by place are handed on line by line", () => {
  const [places, m] = [3, 2];
  const stored = Float32Array.from({ length: places * m * 2 }, (_, i) => i);
  assert.deepEqual([...rowsFirst(stored, places, m, [1])], [2, 3, 6, 7, 10, 11]);
});

test("jobs that ended since the last look are news, once", () => {
  const job = (id, state) => ({ id, state });
  const open = new Set([2]);
  assert.deepEqual(finished(open, [job(1, "done"), job(2, "running"), job(3, "waiting")]), []);
  const ended = [job(1, "done"), job(2, "done"), job(3, "failed")];
  assert.deepEqual(finished(open, ended).map(({ id }) => id), [2, 3]);
  assert.deepEqual(finished(open, ended), []);
  assert.equal(open.size, 0);
});

test("a run that is being recorded says how far it is", () => {
  assert.equal(recording(model()), null);
  const about = manifest();
  Object.assign(about.runs[1].checkpoints[2], { complete: false, recorded: 3 });
  assert.deepEqual(recording(model(about)), { checkpoint: "epoch-002", share: 0.5 });
});

test("numbers are said shortly", () => {
  assert.deepEqual([short(0), short(0.12345), short(1234567), short(-0.00012)], ["0", "0.123", "1.2e+6", "-1.2e-4"]);
  assert.deepEqual([counted(1, "image"), counted(2000, "image")], ["1 image", "2,000 images"]);
  assert.deepEqual([cut("layer", 5), cut("layers", 5)], ["layer", "laye…"]);
});
