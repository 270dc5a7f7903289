// Contract: the observable state.
import assert from "node:assert/strict";
import test from "node:test";

import { combine, NOBODY, Store } from "../../../src/layerwise/studio/static/state/store.js";

test("listeners are called at once, then for their keys only, until they stop", () => {
  const store = new Store();
  const heard = [];
  const stop = store.on(["layer", "unit"], (state, changed) => heard.push([state.layer, [...changed].join()]));
  store.set({ checkpoint: 3 });
  store.set({ layer: 2, checkpoint: 4 });
  store.set({ layer: 2 });
  stop();
  store.set({ layer: 5 });
  assert.deepEqual(heard, [[0, "layer,unit"], [2, "layer,checkpoint"]]);
});

test("a listener may change the state; all hear the last one", () => {
  const store = new Store();
  store.on(["layer"], (state) => state.layer === 1 && store.set({ unit: 7 }));
  let last = null;
  store.on(["layer", "unit"], (state) => (last = state));
  store.set({ layer: 1 });
  assert.deepEqual([last.layer, last.unit], [1, 7]);
});

test("an empty selection has no words and is always the same", () => {
  const store = new Store();
  store.select([3, 1].sort(), "two");
  assert.deepEqual([[...store.state.selection], store.state.selected], [[1, 3], "two"]);
  store.select([], "nothing at all");
  assert.equal(store.state.selection, NOBODY);
  assert.equal(store.state.selected, "");
});

test("selections join and part", () => {
  const [one, two] = [Uint32Array.of(1, 5, 30), Uint32Array.of(2, 5, 100)];
  assert.deepEqual([...combine(one, two, "replace")], [2, 5, 100]);
  assert.deepEqual([...combine(one, two, "add")], [1, 2, 5, 30, 100]);
  assert.deepEqual([...combine(one, two, "subtract")], [1, 30]);
});
