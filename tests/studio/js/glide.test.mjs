// Law: the view follows the points, unless the reader has moved it.
import assert from "node:assert/strict";
import test from "node:test";

import { Camera } from "../../../src/layerwise/studio/static/scatter/camera.js";
import { Glide } from "../../../src/layerwise/studio/static/scatter/glide.js";

const SMALL = { left: -1, right: 1, bottom: -1, top: 1 };
const LARGE = { left: 0, right: 8, bottom: 0, top: 8 };

function fitted() {
  const camera = new Camera();
  camera.resize(400, 300);
  camera.fit(SMALL, 10);
  return camera;
}

test("a fitted view glides to the new one and is fitted again", () => {
  const camera = fitted();
  const glide = new Glide(camera);
  const before = camera.scale;
  glide.go(() => camera.fit(LARGE, 10), 100, 0);
  assert.ok(Math.abs(camera.scale - before) < 1e-9, "it starts where it was");
  const scales = [25, 50, 75].map((now) => (glide.step(now), camera.scale));
  for (let k = 1; k < scales.length; k++) assert.ok(scales[k] < scales[k - 1]);
  glide.step(100);
  assert.ok(!glide.moving && camera.fitted);
  assert.deepEqual([camera.x, camera.y], [4, 4]);
});

test("a new goal on the way is taken from there", () => {
  const camera = fitted();
  const glide = new Glide(camera);
  glide.go(() => camera.fit(LARGE, 10), 100, 0);
  glide.step(50);
  const { x } = camera;
  glide.go(() => camera.fit(SMALL, 10), 100, 50);
  assert.equal(camera.x, x);
  glide.step(500);
  assert.ok(camera.fitted && camera.x === 0);
});

test("a view that was moved stays", () => {
  const camera = fitted();
  camera.pan(5, 0);
  const { x, scale } = camera;
  const glide = new Glide(camera);
  glide.go(() => assert.fail("nothing to fit"), 100, 0);
  assert.ok(!glide.moving);
  assert.deepEqual([camera.x, camera.scale], [x, scale]);
});

test("without time it jumps", () => {
  const camera = fitted();
  const glide = new Glide(camera);
  glide.go(() => camera.fit(LARGE, 10), 0, 0);
  assert.ok(!glide.moving && camera.fitted && camera.x === 4);
});

test("a resized view is still fitted", () => {
  const camera = fitted();
  camera.resize(800, 200);
  assert.ok(camera.fitted);
});
