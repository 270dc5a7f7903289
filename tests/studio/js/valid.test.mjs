// Closed form: where a reader starts, what a run offers, which stops can be played.
import assert from "node:assert/strict";
import test from "node:test";

import { first, mapped, methodOf, seriesOf } from "../../../src/layerwise/studio/static/data/maps.js";
import { START } from "../../../src/layerwise/studio/static/state/store.js";
import { colorings, moved, valid } from "../../../src/layerwise/studio/static/state/valid.js";
import { manifest, model } from "./model.mjs";

test("the first place is the last checkpoint with a map, its deepest hidden layer", () => {
  assert.deepEqual(first(model().runs[0]), { layer: 1, checkpoint: 1, series: "tsne" });
});

test("without any map it is the last complete checkpoint and the usual method", () => {
  const about = manifest();
  about.runs[0].series = [];
  about.runs[0].checkpoints[2].complete = false;
  assert.deepEqual(first(model(about).runs[0]), { layer: 1, checkpoint: 1, series: "tsne" });
});

test("a run without labels or answers has one colour only", () => {
  const about = manifest();
  about.runs[0].labels = [];
  about.runs[0].label = null;
  about.runs[0].checkpoints.forEach((one) => (one.predicted = null));
  const runs = model(about);
  assert.deepEqual(colorings(runs.runs[0], 0).map(({ value }) => value), ["none"]);
  assert.equal(valid({ ...START, model: runs, color: "correct" }).color, "none");
});

test("the stops along an axis are those with a map, in order", () => {
  const run = model().runs[0];
  const at = { layer: 1, checkpoint: 0, series: "tsne" };
  assert.deepEqual(mapped(run, at, "layer"), [0, 1]);
  assert.deepEqual(mapped(run, at, "checkpoint"), [0, 1]);
  assert.deepEqual(mapped(run, { ...at, series: "none" }, "layer"), []);
});

test("a map of the same method with other settings is shown where only it exists", () => {
  const run = model().runs[0];
  assert.equal(seriesOf(run, { layer: 2, checkpoint: 2, series: "pca" }), "pca-0123abcd");
  assert.equal(seriesOf(run, { layer: 0, checkpoint: 1, series: "pca" }), "pca");
  assert.equal(seriesOf(run, { layer: 0, checkpoint: 0, series: "mds" }), "mds");
  assert.equal(seriesOf(run, { layer: 0, checkpoint: 0, series: "gone" }), "tsne");
  assert.equal(methodOf("tsne-0123abcd"), "tsne");
});

test("another run of the same data keeps place and selection, one of other data does not", () => {
  const about = manifest();
  about.runs[1].layers = [...about.runs[1].layers].reverse();
  const start = { ...START, layer: 0, checkpoint: 1, selection: Uint32Array.of(2), selected: "one", pinned: 2 };
  const alike = moved(valid({ ...start, model: model(about) }), 1);
  assert.deepEqual([alike.run, alike.layer, alike.checkpoint, alike.pinned], [1, 2, 1, 2]);
  assert.deepEqual([...alike.selection], [2]);
  about.runs[1].data = "other";
  const strange = moved(valid({ ...start, model: model(about) }), 1);
  assert.equal(strange.selection.length, 0);
  assert.equal(strange.pinned, -1);
});

test("only a run of the same data can stand beside", () => {
  const about = manifest();
  about.runs[1].data = "other";
  const other = { run: 1, layer: 0, checkpoint: 0, series: "tsne" };
  assert.equal(valid({ ...START, model: model(about), other }).other, null);
  assert.equal(valid({ ...START, model: model(), other }).other, other);
});
