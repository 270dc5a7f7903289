// Round trip and hostile input: the state in the address.
import assert from "node:assert/strict";
import test from "node:test";

import { decoded, encoded, read, written } from "../../../src/layerwise/studio/static/state/address.js";
import { START } from "../../../src/layerwise/studio/static/state/store.js";
import { valid } from "../../../src/layerwise/studio/static/state/valid.js";
import { manifest, model } from "./model.mjs";

test("ids come back from their text, also far apart and the first", () => {
  for (const ids of [[], [0], [0, 1, 2], [5, 127, 128, 129, 300], [0, 2 ** 21, 2 ** 31, 2 ** 32 - 1]]) {
    assert.deepEqual([...decoded(encoded(Uint32Array.from(ids)))], ids);
  }
});

test("any ascending ids come back", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 200; round++) {
    const size = Math.floor(random() * 60);
    const ids = [...new Set(Array.from({ length: size }, () => Math.floor(random() ** 3 * 4e9)))];
    ids.sort((a, b) => a - b);
    assert.deepEqual([...decoded(encoded(Uint32Array.from(ids)))], ids);
  }
});

test("what is no list of ids selects nothing", () => {
  for (const text of ["AAAA", "%", "<script>", "_".repeat(99), "\u0000", "gICAgICAgICAgAE", "=", "a"]) {
    const ids = decoded(text);
    for (let i = 1; i < ids.length; i++) assert.ok(ids[i] > ids[i - 1]);
    assert.ok(ids.length <= text.length);
  }
  assert.equal(decoded("AAAA").length, 0, "the same id thrice");
});

test("a state comes back from its address", () => {
  const runs = model({ ...manifest(), attributions: ["gradient", "occlusion"] });
  const state = valid({
    ...START,
    model: runs,
    run: 1,
    layer: 1,
    checkpoint: 1,
    series: "tsne",
    color: "unit",
    unit: 3,
    unitColor: "power",
    role: 2,
    pinned: 4,
    trails: true,
    theme: "dark",
    explain: "occlusion",
    aim: "class 2",
    selection: Uint32Array.of(1, 3, 5),
    selected: 'drawn & "lasso" = <b>',
    other: { run: 0, layer: 0, checkpoint: 1, series: "pca" },
  });
  const found = read(`#${written(state)}`, runs);
  for (const key of Object.keys(found)) assert.deepEqual(found[key], state[key], key);
  assert.deepEqual(Object.keys(found).length, 16);
});

test("with one run the place compared with is of that run", () => {
  const about = manifest();
  about.runs.length = 1;
  const runs = model(about);
  const other = { run: 0, layer: 0, checkpoint: 1, series: "tsne" };
  const state = valid({ ...START, model: runs, other });
  assert.deepEqual(read(written(state), runs).other, other);
});

test("an address from elsewhere leads to a sound state", () => {
  const runs = model();
  const hostile = [
    "run=__proto__&layer=constructor&checkpoint=toString&series=valueOf",
    "color=label:__proto__&unitColor=hasOwnProperty&theme=javascript:alert(1)",
    "unit=99999999&role=77777&pinned=-1&run=second",
    "unit=1e9&role=0x10&pinned=NaN",
    "other-layer=relu1&other-checkpoint=epoch-001&other-series=__proto__",
    `selection=${"_".repeat(5000)}&selected=<img src=x>`,
    "%E0%A4%A&%%%=%",
    "color=unit",
  ];
  for (const hash of hostile) {
    const state = valid({ ...START, model: runs, ...read(hash, runs) });
    const { about } = runs.runs[state.run];
    assert.ok(about.layers[state.layer] && about.checkpoints[state.checkpoint], hash);
    assert.ok(runs.runs[state.run].series(state.series), hash);
    assert.ok(["label:digit", "predicted", "correct", "none"].includes(state.color), hash);
    assert.ok(state.unit === -1 || state.unit < about.layers[state.layer].units, hash);
    assert.ok(["role", "power", "selection", "active"].includes(state.unitColor), hash);
    assert.ok(state.role >= 0 && state.role < 3, hash);
    assert.ok(state.pinned >= -1 && state.pinned < about.n, hash);
    assert.ok(["auto", "light", "dark"].includes(state.theme), hash);
    assert.ok(state.selection.every((id) => id < about.n), hash);
    if (state.other) assert.ok(runs.runs[state.other.run].series(state.other.series), hash);
  }
});
