// Questions that take a while, and which pictures are about what. Run by `node --test tests/studio/js/`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { manifest, model } from "./model.mjs";

const home = new URL("../../../src/layerwise/studio/static/", import.meta.url);
const load = (name) => import(new URL(name, home));
const { patient } = await load("state/patient.js");
const { numberOf, picturesOf, unitOf } = await load("data/pictures.js");
const { isPlane } = await load("widgets/heat.js");
const { START } = await load("state/store.js");
const { valid } = await load("state/valid.js");

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A host whose answers come when the test says so, and a reader who notes what is shown. */
function scene() {
  const asked = [];
  const shown = [];
  const read = (name) => (signal) =>
    new Promise((resolve, reject) => {
      asked.push({ name, signal, resolve: () => resolve(`answer to ${name}`), reject });
      signal.addEventListener("abort", () => reject(new Error("cut off")));
    });
  const teller = (name) => ({
    wait: () => shown.push(`waiting for ${name}`),
    paint: (found) => shown.push(found),
    fail: (sentence) => shown.push(`failed: ${sentence}`),
  });
  const ask = patient();
  return { asked, shown, ask, put: (name, rest = 0) => ask(name, read(name), teller(name), rest) };
}

test("what the pointer passes over is never asked about", async () => {
  const { asked, shown, put } = scene();
  for (const name of ["a", "b", "c"]) put(name, 30);
  await pause(60);
  assert.deepEqual(asked.map(({ name }) => name), ["c"]);
  asked[0].resolve();
  await pause(5);
  assert.deepEqual(shown, ["answer to c"]);
});

test("moving on cuts off what is under way; the next waits until that has ended", async () => {
  const { asked, shown, put } = scene();
  put("a");
  await pause(5);
  put("b");
  assert.equal(asked[0].signal.aborted, true);
  await pause(10);
  assert.deepEqual(asked.map(({ name }) => name), ["a", "b"]);
  asked[1].resolve();
  await pause(5);
  assert.deepEqual(shown, ["answer to b"]);
});

test("a host that cannot be cut off is asked one thing at a time", async () => {
  const ask = patient();
  const order = [];
  let [open, most] = [0, 0];
  const slow = (name) => async () => {
    most = Math.max(most, ++open);
    await pause(30);
    open -= 1;
    order.push(name);
    return name;
  };
  const shown = [];
  const teller = { wait: () => {}, paint: (found) => shown.push(found), fail: assert.fail };
  for (const name of ["a", "b", "c", "d"]) {
    ask(name, slow(name), teller, 0);
    await pause(8);
  }
  await pause(120);
  assert.equal(most, 1);
  assert.deepEqual(order, ["a", "d"]);
  assert.deepEqual(shown, ["d"]);
});

test("an answer is kept, a failure is not, and stopping forgets what is under way", async () => {
  const { asked, shown, ask, put } = scene();
  put("a");
  await pause(5);
  asked[0].resolve();
  await pause(5);
  put("a");
  assert.deepEqual(shown, ["answer to a", "answer to a"]);
  put("b");
  await pause(5);
  asked[1].reject(new Error("no"));
  await pause(5);
  put("b");
  await pause(5);
  assert.equal(asked.length, 3);
  ask.stop();
  await pause(5);
  assert.deepEqual(shown.slice(2), ["failed: no"]);
});

test("waiting is said after a while, not before, and not once the answer is there", async () => {
  const { asked, shown, put } = scene();
  put("a");
  await pause(60);
  assert.deepEqual(shown, []);
  await pause(150);
  assert.deepEqual(shown, ["waiting for a"]);
  asked[0].resolve();
  put("b");
  await pause(20);
  asked[1].resolve();
  await pause(250);
  assert.deepEqual(shown.slice(1), ["answer to b"]);
});

test("a channel is all of its units, and leads to the one in its middle", () => {
  const layer = { units: 4 * 5 * 7, shape: [4, 5, 7] };
  const entry = { channels: 4 };
  for (let unit = 0; unit < layer.units; unit++) {
    const channel = Math.floor(unit / 35);
    assert.equal(numberOf(entry, layer, unit), channel);
    assert.equal(unitOf(entry, layer, channel), channel * 35 + 2 * 7 + 3);
    assert.equal(numberOf(entry, layer, unitOf(entry, layer, channel)), channel);
  }
  assert.equal(numberOf({ channels: null }, layer, 17), 17);
  assert.equal(unitOf({ channels: null }, layer, 17), 17);
});

test("pictures about a unit are those of its layer and checkpoint, one a kind", () => {
  const about = manifest();
  const set = (kind, more) => ({
    kind, about: "unit", layer: 1, checkpoint: 1, channels: null, index: [3, 5], title: kind, ...more,
  });
  about.runs[0].images = [
    set("filters", { layer: 0 }),
    set("top patches", { checkpoint: 0, title: "early" }),
    set("top patches", { title: "late" }),
    set("top patches", { title: "again" }),
    set("preferred inputs", { checkpoint: null, index: [5] }),
    set("class means", { about: "class" }),
    set("attributions", { about: "observation", layer: null, index: [5, 0, 5] }),
    set("attributions", { about: "observation", layer: null, index: [5], title: "another" }),
  ];
  const [run] = model(about).runs;
  const found = (kind, index, place) =>
    picturesOf(run, kind, index, place).map(({ entry, places }) => [entry.title, ...places]);
  const here = { layer: 1, checkpoint: 1 };
  assert.deepEqual(found("unit", 5, here), [["late", 1], ["preferred inputs", 0]]);
  assert.deepEqual(found("unit", 3, here), [["late", 0]]);
  assert.deepEqual(found("unit", 4, here), []);
  assert.deepEqual(found("unit", 3, { layer: 2, checkpoint: 1 }), []);
  assert.deepEqual(found("observation", 0, { layer: 2, checkpoint: 1 }), [["attributions", 1]]);
  assert.deepEqual(found("observation", 5, { layer: 2, checkpoint: 1 }), [["attributions", 0, 2], ["another", 0]]);
});

test("what a state asks the network about is something it can be asked about", () => {
  const runs = model({ ...manifest(), attributions: ["gradient", "occlusion"] });
  const after = (more) => {
    const { explain, aim } = valid({ ...START, model: runs, ...more });
    return [explain, aim];
  };
  assert.deepEqual(after({}), ["gradient", ""]);
  assert.deepEqual(after({ explain: "occlusion", aim: "class 2" }), ["occlusion", "class 2"]);
  assert.deepEqual(after({ explain: "none", aim: "unit" }), ["none", "unit"]);
  for (const aim of ["class 3", "class -1", "class 1e1", "class", "__proto__", "unit:3", "class 1 "]) {
    assert.deepEqual(after({ explain: "constructor", aim }), ["gradient", ""]);
  }
  assert.deepEqual(valid({ ...START, model: model() }).explain, "");
});

test("maps of one row or a few are drawn as rows, others as pictures", () => {
  assert.equal(isPlane([8, 8]), true);
  assert.equal(isPlane([224, 100]), true);
  assert.equal(isPlane([1, 50]), false);
  assert.equal(isPlane([2, 500]), false);
});
