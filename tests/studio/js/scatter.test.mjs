// Parts of the scatter that need no browser. Run by `node --test tests/studio/js/`.
import assert from "node:assert/strict";
import { test } from "node:test";

const home = new URL("../../../src/layerwise/studio/static/scatter/", import.meta.url);
const load = (name) => import(new URL(name, home));
const { Camera, boundsOf, countSeen } = await load("camera.js");
const { Density } = await load("density.js");
const { Motion, easeInOut } = await load("motion.js");
const { Grid, within } = await load("grid.js");
const { mix, css } = await load("rgb.js");
const { Scene } = await load("scene.js");
const { CROSS, DISC, RING, SHAPES, SQUARE, distance, outline, reach } = await load("shapes.js");
const { PHASES, Stamps, makeStamp } = await load("stamps.js");
const { Finder, stops } = await load("finder.js");
const { byColor, steps } = await load("trails.js");
const { listener } = await load("keyboard.js");

/** Numbers in [0, 1), the same in every run. */
function generator(seed) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

/** Clumps of points, every 20th without a place. */
function cloud(n, seed = 1) {
  const random = generator(seed);
  const positions = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [x, y] = [(i % 5) * 3, (i % 3) * 5];
    positions.set([x + random() + random(), y + 2 * random() - random()], 2 * i);
    if (i % 20 === 7) positions.fill(NaN, 2 * i, 2 * i + 2);
  }
  return positions;
}

function cameraOn(positions, width = 640, height = 480) {
  const camera = new Camera();
  camera.resize(width, height);
  camera.fit(boundsOf(positions), 20);
  return camera;
}

function sceneOf(positions) {
  const scene = new Scene();
  scene.place(positions, null);
  scene.colors = new Uint32Array(scene.n).fill(0xff336699);
  scene.shapes = new Uint8Array(scene.n);
  return scene;
}

const close = (a, b, tolerance = 1e-6) =>
  assert.ok(Math.abs(a - b) <= tolerance, `${a} is not within ${tolerance} of ${b}`);

test("camera: to the screen and back (round trip)", () => {
  const camera = cameraOn(cloud(100));
  camera.pan(17, -5);
  camera.zoom(3.3, 100, 200);
  const [x, y] = camera.toData(...camera.toScreen(1.25, -3.5));
  close(x, 1.25);
  close(y, -3.5);
});

test("camera: y is up, zoom keeps what is under the pointer, pan follows it (law)", () => {
  const camera = cameraOn(cloud(100));
  assert.ok(camera.toScreen(0, 1)[1] < camera.toScreen(0, 0)[1]);
  const before = camera.toData(123, 45);
  camera.zoom(1.7, 123, 45);
  camera.toData(123, 45).forEach((value, k) => close(value, before[k]));
  camera.pan(30, 12);
  camera.toData(153, 57).forEach((value, k) => close(value, before[k]));
});

test("camera: a fitted view shows every point, at any size (law)", () => {
  const positions = cloud(200);
  for (const [width, height] of [[640, 480], [300, 900], [50, 40]]) {
    assert.equal(countSeen(positions, cameraOn(positions, width, height), Infinity), 190);
  }
});

test("camera: a resize keeps the centre, and a fitted view fitted (law)", () => {
  const positions = cloud(200);
  const camera = cameraOn(positions);
  const { x, y } = camera;
  camera.resize(1280, 960);
  assert.deepEqual([camera.x, camera.y], [x, y]);
  close(camera.scale, cameraOn(positions, 1280, 960).scale * (920 / 960), camera.scale * 0.05);
});

test("camera: affine at a pixel ratio is toScreen times the ratio (law)", () => {
  const camera = cameraOn(cloud(50));
  const { mx, my, ax, ay } = camera.affine(2);
  const [px, py] = camera.toScreen(3, 4);
  close(3 * mx + ax, 2 * px, 1e-9);
  close(4 * my + ay, 2 * py, 1e-9);
});

test("camera: points on one spot and on a line can be fitted (closed form)", () => {
  const spot = cameraOn(Float32Array.of(5, 5, 5, 5));
  assert.deepEqual(spot.toScreen(5, 5), [320, 240]);
  const line = cameraOn(Float32Array.of(0, 1, 10, 1));
  assert.deepEqual(line.toScreen(0, 1), [20, 240]);
  assert.equal(boundsOf(Float32Array.of(NaN, NaN)), null);
});

test("pick: the nearest point within the radius (reference: every point looked at)", () => {
  const positions = cloud(3000);
  const index = new Grid(positions);
  const random = generator(5);
  let hits = 0;
  for (let trial = 0; trial < 500; trial++) {
    const [x, y, radius] = [random() * 18 - 2, random() * 16 - 3, random() * 0.4];
    let best = radius;
    for (let i = 0; i < 3000; i++) {
      best = Math.min(best, Math.hypot(positions[2 * i] - x, positions[2 * i + 1] - y) || best);
    }
    const found = index.nearest(x, y, radius);
    if (best === radius) assert.equal(found, -1);
    else {
      close(Math.hypot(positions[2 * found] - x, positions[2 * found + 1] - y), best);
      hits++;
    }
  }
  assert.ok(hits > 100 && hits < 400);
});

test("pick: inside a path, even one that crosses itself (reference: every point looked at)", () => {
  const positions = cloud(5000);
  const index = new Grid(positions);
  const random = generator(9);
  for (let trial = 0; trial < 60; trial++) {
    const path = Array.from({ length: 2 * (3 + (trial % 30)) }, () => random() * 20 - 3);
    const expected = [];
    for (let i = 0; i < 5000; i++) {
      if (within(path, positions[2 * i], positions[2 * i + 1])) expected.push(i);
    }
    assert.deepEqual([...index.inside(path)], expected);
  }
});

test("pick: boxes on the edges of the cells, all points, none (contract)", () => {
  const grid = Float32Array.from({ length: 2 * 900 }, (_, k) =>
    k % 2 ? Math.floor(k / 60) : Math.floor(k / 2) % 30,
  );
  const index = new Grid(grid);
  assert.equal(index.inside([-1, -1, 30, -1, 30, 30, -1, 30]).length, 900);
  assert.equal(index.inside([2.5, 2.5, 5.5, 2.5, 5.5, 4.5, 2.5, 4.5]).length, 6);
  assert.equal(index.inside([40, 40, 50, 40, 50, 50]).length, 0);
  assert.equal(index.inside([-9, -9, -5, -9, -5, -5]).length, 0);
  assert.equal(new Grid(new Float32Array(0)).nearest(0, 0, 1), -1);
  assert.equal(new Grid(Float32Array.of(2, 3, 2, 3)).inside([1, 1, 4, 1, 4, 4, 1, 4]).length, 2);
});

test("within: the square of side two (closed form)", () => {
  const square = [-1, -1, 1, -1, 1, 1, -1, 1];
  assert.ok(within(square, 0.99, -0.99));
  assert.ok(!within(square, 1.01, 0));
  assert.ok(!within(square, NaN, 0));
});

test("stamps: turned by a quarter they are the same (law)", () => {
  const stride = 101;
  for (let shape = 0; shape < SHAPES; shape++) {
    for (const radius of [1, 2.75, 6]) {
      const cover = (px, py) => {
        const map = new Map();
        const stamp = makeStamp(shape, radius, px, py, stride);
        stamp.offsets.forEach((offset, k) => {
          const dy = Math.round(offset / stride);
          map.set(`${offset - dy * stride},${dy}`, stamp.cover[k]);
        });
        return map;
      };
      const [here, mirrored] = [cover(1, 3), cover(PHASES - 2, 3)];
      assert.equal(here.size, mirrored.size);
      for (const [key, value] of here) {
        const [dx, dy] = key.split(",").map(Number);
        assert.equal(mirrored.get(`${-dx},${dy}`), value); // pixel dx covers [dx, dx + 1)
      }
    }
  }
});

test("stamps: a disc and a square cover pi r^2 pixels (closed form)", () => {
  for (const shape of [DISC, SQUARE]) {
    for (const radius of [2, 4.5, 8]) {
      for (let phase = 0; phase < PHASES ** 2; phase++) {
        const stamp = makeStamp(shape, radius, phase % PHASES, Math.floor(phase / PHASES), 99);
        const area = stamp.cover.reduce((a, b) => a + b, 0) / 255;
        close(area, Math.PI * radius ** 2, 0.06 * Math.PI * radius ** 2);
      }
    }
  }
});

test("stamps: made once, nothing reaches beyond reach() (contract)", () => {
  const stamps = new Stamps(1000);
  assert.equal(stamps.of(CROSS, 3), stamps.of(CROSS, 3.01));
  for (let shape = 0; shape < SHAPES; shape++) {
    for (const stamp of stamps.of(shape, 5)) {
      for (const offset of stamp.offsets) {
        const dy = Math.round(offset / 1000);
        assert.ok(Math.max(Math.abs(dy), Math.abs(offset - 1000 * dy)) <= Math.ceil(reach(5)));
      }
    }
  }
});

test("shapes: inside and outside (closed form)", () => {
  assert.equal(distance(DISC, 3, 4, 4), 1);
  assert.ok(distance(CROSS, 2, 2, 3) < 0 && distance(CROSS, 3, 0, 3) > 0);
  assert.ok(distance(RING, 0, 0, 4) > 0 && distance(RING, 3.6, 0, 4) < 0);
  for (let shape = 0; shape < SHAPES; shape++) assert.match(outline(shape, 3), /^M[-\d. LAMZ]+Z$/);
});

test("density: counts and colours of every cell (reference: a loop over points)", () => {
  const positions = cloud(4000);
  const camera = cameraOn(positions, 40, 30);
  camera.zoom(1.6, 10, 10); // some points are outside
  const scene = sceneOf(positions);
  const random = generator(3);
  scene.colors = Uint32Array.from({ length: 4000 }, () => (0xff000000 | (random() * 2 ** 24)) >>> 0);
  scene.settle();
  const density = new Density();
  for (let again = 0; again < 2; again++) {
    density.count(scene, 0, 4000, camera.affine(1), 40, 30);
  }
  const expected = Array.from({ length: 1200 }, () => [0, 0, 0, 0]);
  for (let i = 0; i < 4000; i++) {
    const [x, y] = camera.toScreen(positions[2 * i], positions[2 * i + 1]).map(Math.floor);
    if (!(x >= 0 && y >= 0 && x < 40 && y < 30)) continue;
    const color = scene.colors[i];
    const parts = [color & 255, (color >>> 8) & 255, (color >>> 16) & 255, 1];
    parts.forEach((part, k) => (expected[y * 40 + x][k] += part));
  }
  assert.ok(expected.some((cell) => cell[3] > 3));
  expected.flat().forEach((value, k) => close(density.sums[k], value, 1e-2));
});

test("density: empty cells stay paper, fuller cells are more opaque (outcome)", () => {
  const positions = Float32Array.from([0.5, 0.5, ...Array(40).fill(2.5)]);
  const scene = sceneOf(positions);
  scene.colors.fill(0xff000000);
  scene.settle();
  const density = new Density();
  density.count(scene, 0, scene.n, { mx: 1, my: 1, ax: 0, ay: 0 }, 4, 4);
  const pixels = new Uint32Array(64).fill(0xffffffff);
  density.shade(pixels, 8, 0, 2);
  assert.equal(pixels[2], 0xffffffff);
  const [one, many] = [pixels[0] & 255, pixels[4 * 8 + 4] & 255];
  assert.ok(many < one && one < 255, `${many} ${one}`);
  assert.deepEqual([pixels[0], pixels[1], pixels[8], pixels[9]], Array(4).fill(pixels[0]));
});

test("motion: starts at the old places, ends at the new ones exactly (closed form)", () => {
  const [a, b] = [Float32Array.of(0, 0, 1, 1), Float32Array.of(10, -4, 1, 3)];
  const motion = new Motion();
  motion.go(a, 500, 0);
  assert.equal(motion.at, a); // another number of points: a jump
  motion.go(b, 500, 100);
  motion.step(100);
  assert.deepEqual([...motion.at], [0, 0, 1, 1]);
  motion.step(350);
  assert.deepEqual([...motion.at], [5, -2, 1, 2]);
  motion.step(600);
  assert.equal(motion.at, b);
  assert.ok(!motion.moving);
  assert.deepEqual([...a], [0, 0, 1, 1]); // what was given is left alone
});

test("motion: a new target starts from where the points are (law)", () => {
  const motion = new Motion();
  motion.go(Float32Array.of(0, 0), 0, 0);
  motion.go(Float32Array.of(8, 8), 100, 0);
  motion.step(50);
  const here = [...motion.at];
  motion.go(Float32Array.of(0, 8), 100, 50);
  motion.step(50);
  assert.deepEqual([...motion.at], here);
});

test("motion: points appear in place and vanish in place (contract)", () => {
  const motion = new Motion();
  motion.go(Float32Array.of(NaN, NaN, 1, 2, NaN, NaN), 0, 0);
  motion.go(Float32Array.of(5, 6, NaN, NaN, NaN, NaN), 100, 0);
  motion.step(50);
  assert.deepEqual([...motion.at], [5, 6, 1, 2, NaN, NaN]);
  assert.deepEqual([...motion.fade], [0.5, 0.5, 0]);
  motion.go(Float32Array.of(NaN, NaN, 3, 2, NaN, NaN), 100, 50); // turned around half way
  motion.step(50);
  assert.deepEqual([...motion.fade], [0.5, 0.5, 0]);
  motion.step(151);
  assert.deepEqual([...motion.at], [NaN, NaN, 3, 2, NaN, NaN]);
  assert.equal(motion.fade, null);
});

test("easeInOut: from 0 to 1, symmetric, never back (law)", () => {
  assert.deepEqual([easeInOut(0), easeInOut(0.5), easeInOut(1)], [0, 0.5, 1]);
  for (let t = 0; t < 1; t += 0.01) {
    assert.ok(easeInOut(t) <= easeInOut(t + 0.01));
    close(easeInOut(t) + easeInOut(1 - t), 1);
  }
});

test("scene: selected points last, crosses after discs, each point once (contract)", () => {
  const scene = sceneOf(cloud(12));
  scene.shapes = Uint8Array.from({ length: 12 }, (_, i) => (i % 3 ? 0 : CROSS));
  scene.select([3, 4, 9]);
  scene.settle();
  assert.deepEqual([...scene.order], [1, 2, 5, 7, 8, 10, 11, 0, 6, 4, 3, 9]);
  assert.deepEqual(scene.starts, [0, 7, 9, 10, 12]);
  scene.select([]);
  scene.settle();
  assert.deepEqual(scene.starts, [0, 8, 12, 12, 12]);
});

test("scene: a selection holds, whether it comes before or after the points (contract)", () => {
  const scene = sceneOf(cloud(4));
  scene.select([1, 5]);
  scene.place(cloud(8), null);
  scene.settle();
  assert.deepEqual([...scene.selected], [0, 1, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual(scene.starts, [0, 6, 6, 8, 8]);
});

test("scene: colours given are drawn as they are, and never written to (contract)", () => {
  const scene = sceneOf(cloud(3));
  scene.settle();
  assert.equal(scene.paint, scene.colors);
  const first = scene.colors;
  scene.colors = first.slice().fill(0xff0000ff);
  scene.stale.paint = true;
  scene.select([1]);
  scene.settle();
  assert.deepEqual([...first], Array(3).fill(0xff336699));
  assert.equal(scene.paint[1], 0xff0000ff);
  assert.equal(scene.paint[0], mix(0xffffffff, 0xff0000ff, 0.2));
  scene.place(scene.at, Float32Array.of(1, 0.5, 0));
  scene.settle();
  assert.deepEqual([...scene.paint].map((c) => c >>> 24), [255, 128, 0]);
});

test("rgb: mix and css (closed form)", () => {
  assert.equal(mix(0xffffffff, 0x80102030, 1), 0x80102030);
  assert.equal(mix(0xffffffff, 0xff000000, 0), 0xffffffff);
  assert.equal(mix(0xff000000, 0xffff80fe, 0.5), 0xff7f407f);
  assert.equal(css(0xff0a0bff), "#ff0b0a");
  assert.equal(css(0x80000001), "rgba(1, 0, 0, 0.502)");
});

test("finder: a tour goes through the selection, else from the middle outwards (contract)", () => {
  const positions = cloud(300);
  const scene = sceneOf(positions);
  const [camera, index] = [cameraOn(positions), new Grid(positions)];
  const away = (i) => Math.hypot(positions[2 * i] - camera.x, positions[2 * i + 1] - camera.y);
  const ids = stops(scene, camera, index);
  assert.equal(ids.length, 285);
  for (let k = 1; k < ids.length; k++) assert.ok(away(ids[k - 1]) <= away(ids[k]));
  scene.select([250, 7, 10]);
  assert.deepEqual(stops(scene, camera, index), [10, 250]); // 7 has no place
  const many = new Float32Array(2 * 9000).map((_, k) => Math.floor(k / (k % 2 ? 180 : 2)) % 90);
  assert.ok(stops(sceneOf(many), cameraOn(many), new Grid(many)).length <= 2000);
  const ring = new Float32Array(2 * 9000).map((_, k) => (k % 2 ? Math.sin : Math.cos)(k >> 1));
  assert.equal(stops(sceneOf(ring), cameraOn(ring), new Grid(ring)).length, 2000);
});

test("finder: n and p go back and forth and around (contract)", () => {
  const positions = cloud(30);
  const scene = sceneOf(positions);
  const finder = new Finder(scene, cameraOn(positions));
  finder.renew(positions);
  scene.select([2, 5, 8]);
  finder.restart();
  const first = finder.next(-1, 1);
  assert.deepEqual([first, finder.next(2, 1), finder.next(5, 1), finder.next(8, 1)], [2, 5, 8, 2]);
  assert.equal(finder.next(2, -1), 8);
  assert.equal(finder.next(-1, -1), 8);
  const [x, y] = finder.camera.toScreen(positions[10], positions[11]);
  assert.equal(finder.at(x + 1, y), 5);
  assert.equal(finder.at(-500, -500), -1);
  assert.ok(finder.inside([x - 2, y - 2, x + 2, y - 2, x + 2, y + 2, x - 2, y + 2]).includes(5));
});

test("trails: grouped by colour, paler where they come from, up to `until` (contract)", () => {
  const trails = {
    lines: new Float32Array(3 * 5 * 2),
    places: 5,
    colors: Uint32Array.of(0xff0000ff, 0xff00ff00, 0xff0000ff),
    until: 0.6,
  };
  assert.deepEqual(byColor(trails), [["#ff0000", [0, 2]], ["#00ff00", [1]]]);
  const found = steps(trails);
  assert.deepEqual(found.map((step) => step.place), [0, 1, 2]);
  close(found[2].share, 0.4);
  assert.ok(found[0].alpha < found[1].alpha && found[1].alpha < found[2].alpha);
  assert.deepEqual(steps({ ...trails, until: 0 }), []);
  assert.equal(steps({ ...trails, until: 1 }).length, 4);
});

test("keyboard: known keys are taken, others handed on, shortcuts left alone (contract)", () => {
  const calls = [];
  const keys = new Proxy({}, { get: (_, name) => (...args) => calls.push([name, ...args]) });
  const listen = listener(keys);
  const press = (key, more = {}) => {
    let prevented = false;
    listen({ key, preventDefault: () => (prevented = true), ...more });
    return prevented;
  };
  assert.ok(press("n") && press("p") && press("0") && press("ArrowUp"));
  assert.ok(!press("n", { ctrlKey: true }) && !press("q") && !press("toString"));
  assert.deepEqual(calls.slice(0, 4), [["step", 1], ["step", -1], ["fit"], ["pan", 0, 60]]);
  assert.deepEqual(calls.slice(4).map(([name, event]) => [name, event.key]), [
    ["other", "q"],
    ["other", "toString"],
  ]);
});
