// What the views count, sort and write, against plain loops. Run by `node --test tests/studio/js/`.
import assert from "node:assert/strict";
import { test } from "node:test";

const home = new URL("../../../src/layerwise/studio/static/", import.meta.url);
const load = (name) => import(new URL(name, home));
const { mask, where } = await load("data/arrays.js");
const { byClass, confused, confusions, wrongFirst } = await load("facts/counts.js");
const { csv, field } = await load("facts/csv.js");
const { activeShare, extremes, histogram, means, position, strongest } = await load("facts/profile.js");
const { extent, linear, ticks } = await load("widgets/chart.js");
const { ordered } = await load("widgets/table.js");
const { along, lookup, measures } = await load("facts/measures.js");
const { possible, powerFor, neuronColors } = await load("looks/neurons.js");
const { follow, latest } = await load("state/latest.js");
const { Jobs } = await load("state/jobs.js");
const { START, Store } = await load("state/store.js");
const { Model } = await load("data/model.js");

/** Numbers in [0, 1), the same in every run. */
function generator(seed) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

const MISSING = 255;
const K = 5;

/** Classes and predictions, some missing, and a selection. */
function made(n, seed) {
  const random = generator(seed);
  const code = () => (random() < 0.1 ? MISSING : Math.floor(random() * K));
  const truth = Uint8Array.from({ length: n }, code);
  const said = Uint8Array.from(truth, (one) => (random() < 0.7 ? one : code()));
  const selection = Uint32Array.from({ length: n }, (_, i) => i).filter(() => random() < 0.3);
  return { truth, said, selection };
}

/** A text of comma-separated values taken apart, as RFC 4180 says. */
function parsed(text) {
  const rows = [[]];
  let [cell, quoted] = ["", false];
  for (let i = 0; i < text.length; i++) {
    if (quoted && text[i] === '"' && text[i + 1] === '"') ((cell += '"'), i++);
    else if (text[i] === '"') quoted = !quoted;
    else if (!quoted && text[i] === ",") (rows.at(-1).push(cell), (cell = ""));
    else if (!quoted && text.startsWith("\r\n", i))
      (rows.at(-1).push(cell), rows.push([]), (cell = ""), i++);
    else cell += text[i];
  }
  return rows.slice(0, -1);
}

test("statistics by class are those of plain filters, with and without a selection", () => {
  for (const seed of [1, 2, 3]) {
    const { truth, said, selection } = made(400, seed);
    const everyone = [...truth.keys()];
    for (const chosen of [selection, new Uint32Array(0)]) {
      const found = byClass(truth, said, K, chosen);
      const among = chosen.length ? [...chosen] : everyone;
      for (let k = 0; k < K; k++) {
        const judged = among.filter((i) => truth[i] === k && said[i] < K);
        assert.equal(found.n[k], everyone.filter((i) => truth[i] === k).length);
        assert.equal(found.selected[k], [...chosen].filter((i) => truth[i] === k).length);
        assert.equal(found.judged[k], judged.length);
        assert.equal(found.wrong[k], judged.filter((i) => said[i] !== k).length);
      }
      assert.equal(found.n[K], everyone.filter((i) => truth[i] >= K).length);
      assert.equal(found.wrong[K], 0);
    }
  }
});

test("without predictions nobody is judged", () => {
  const { truth } = made(50, 4);
  const { judged, wrong } = byClass(truth, null, K, new Uint32Array(0));
  assert.deepEqual([...judged, ...wrong], new Array(2 * K + 2).fill(0));
});

test("confusions are those of a loop, and the largest come first", () => {
  const { truth, said, selection } = made(500, 5);
  const counts = confusions(truth, said, K, selection);
  for (let a = 0; a < K; a++) {
    for (let b = 0; b < K; b++) {
      const expected = [...selection].filter((i) => truth[i] === a && said[i] === b).length;
      assert.equal(counts[a * K + b], expected);
    }
  }
  const most = confused(counts, K, 4);
  assert.equal(most.length, 4);
  const off = [];
  for (let a = 0; a < K; a++) for (let b = 0; b < K; b++) if (a !== b) off.push(counts[a * K + b]);
  assert.deepEqual(
    most.map(({ count }) => count),
    off.sort((x, y) => y - x).slice(0, 4),
  );
  const [{ truth: a, said: b, count, share }] = most;
  assert.equal(count, counts[a * K + b]);
  assert.equal(share, count / counts.subarray(a * K, (a + 1) * K).reduce((x, y) => x + y));
});

test("wrong ones come first, each kind in order, nobody lost; the unknown are not wrong", () => {
  const correct = Uint8Array.from([1, 0, 2, 0, 1, 2, 0]);
  const all = wrongFirst(7, new Uint32Array(0), correct);
  assert.deepEqual([...all.order], [1, 3, 6, 0, 2, 4, 5]);
  assert.equal(all.wrong, 3);
  const some = wrongFirst(7, Uint32Array.of(0, 2, 3, 6), correct);
  assert.deepEqual([...some.order], [3, 6, 0, 2]);
  assert.deepEqual([...wrongFirst(3, new Uint32Array(0), null).order], [0, 1, 2]);
});

test("where finds among all or among some; a mask says the same", () => {
  assert.deepEqual([...where(6, (i) => i % 2 === 0)], [0, 2, 4]);
  assert.deepEqual([...where(6, (i) => i % 2 === 0, Uint32Array.of(1, 2, 5))], [2]);
  assert.deepEqual([...mask(Uint32Array.of(1, 3), 5)], [0, 1, 0, 1, 0]);
  assert.equal(mask(new Uint32Array(0), 5), null);
});

test("means by class leave out what is missing", () => {
  const activation = Float32Array.of(1, 3, NaN, 5, 100);
  const found = means(activation, Uint8Array.of(0, 0, 0, 1, MISSING), 3);
  assert.deepEqual([...found], [2, 5, NaN]);
});

test("extremes are the ends of a sort, ties as they come", () => {
  const random = generator(6);
  for (const most of [1, 3, 50]) {
    const values = Float32Array.from({ length: 40 }, () =>
      random() < 0.1 ? NaN : Math.floor(random() * 9),
    );
    const ids = [...values.keys()].filter((i) => !Number.isNaN(values[i]));
    const down = [...ids].sort((a, b) => values[b] - values[a] || a - b).slice(0, most);
    const up = [...ids].sort((a, b) => values[a] - values[b] || a - b).slice(0, most);
    assert.deepEqual(extremes(values, most), down);
    assert.deepEqual(extremes(values, most, -1), up);
  }
});

test("the strongest are a share of all, with ties, but never the silent", () => {
  assert.deepEqual(
    [
      ...strongest(
        Float32Array.from({ length: 100 }, (_, i) => i),
        0.05,
      ),
    ],
    [95, 96, 97, 98, 99],
  );
  assert.deepEqual([...strongest(Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 7), 0.5)], [9]);
  assert.deepEqual([...strongest(Float32Array.of(1, 5, 5, 5, 2), 0.2)], [1, 2, 3]);
  assert.deepEqual([...strongest(Float32Array.of(0, 0), 0.5)], []);
  assert.deepEqual([...strongest(Float32Array.of(NaN), 0.5)], []);
});

test("a histogram holds all values once", () => {
  assert.deepEqual([...histogram(Float32Array.of(0, 0.1, 0.5, 1, NaN), 0, 1, 2)], [2, 2]);
  assert.equal(activeShare(Float32Array.of(0, 2, -1, 3, NaN)), 0.5);
});

test("a unit of a convolution has a channel, a row and a column, in C order", () => {
  assert.equal(position([8, 4, 5], 0), "channel 0, row 0, column 0");
  assert.equal(position([8, 4, 5], 2 * 20 + 3 * 5 + 4), "channel 2, row 3, column 4");
  assert.equal(position([3, 7], 9), "row 1, column 2");
  assert.equal(position([1000], 9), "");
});

test("a cell is quoted where it must be, and read back as it was", () => {
  const hard = ['a "b"', "c,d", "e\r\nf", "g\nh", "", "plain"];
  const text = csv(
    [
      ["name", (i) => hard[i]],
      ['x,"y"', (i) => i / 3],
    ],
    Uint32Array.from(hard.keys()),
  );
  const rows = parsed(text);
  assert.deepEqual(rows[0], ["name", 'x,"y"']);
  assert.deepEqual(
    rows.slice(1).map(([cell]) => cell),
    hard,
  );
  rows.slice(1).forEach(([, number], i) => assert.ok(Math.abs(Number(number) - i / 3) < 1e-6));
  assert.ok(text.endsWith("\r\n"));
});

test("a text that a spreadsheet would run is kept from it; numbers are left alone", () => {
  for (const text of ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", '=HYPERLINK("a")']) {
    assert.equal(parsed(`${field(text)}\r\n`)[0][0], `'${text}`);
  }
  for (const text of ["-1", "+4.5", "-1e3", "a=b", "1-2"]) assert.equal(field(text), text);
  assert.equal(field(-0.25), "-0.25");
  for (const nothing of [NaN, null, undefined]) assert.equal(field(nothing), "");
});

test("ticks are round, even, and take in both ends", () => {
  for (const [low, high] of [
    [0, 1],
    [0.13, 0.97],
    [-3, 12],
    [0.9825, 0.9932],
    [5, 5],
    [0, 1e-6],
    [1e5, 3e6],
  ]) {
    const found = ticks(low, high, 5);
    const step = found[1] - found[0];
    assert.ok(
      found[0] <= low + step * 1e-6 && found.at(-1) >= high - step * 1e-6,
      `${low} ${high}: ${found}`,
    );
    assert.ok(found.length >= 2 && found.length <= 8, `${found}`);
    found.forEach((tick, i) => assert.ok(Math.abs(tick - found[0] - i * step) < step * 1e-6));
    const digits = step / 10 ** Math.floor(Math.log10(step * 1.0001));
    assert.ok(
      [1, 2, 2.5, 5].some((round) => Math.abs(digits - round) < 1e-6),
      `${step}`,
    );
  }
});

test("a scale maps ends to ends; the extent leaves NaN out", () => {
  const y = linear(0, 10, 200, 0);
  assert.deepEqual([y(0), y(5), y(10)], [200, 100, 0]);
  assert.deepEqual(extent([{ values: [NaN, 3] }, { values: [1, NaN] }]), [1, 3]);
  assert.deepEqual(extent([]), [0, 1]);
});

test("a table sorts numbers and names; equal ones keep their order, missing come last", () => {
  const rows = [
    { a: 2, b: "x10" },
    { a: NaN, b: "x9" },
    { a: 1, b: "x1" },
    { a: 2, b: "x2" },
  ];
  const names = (sorted) => sorted.map(({ b }) => b);
  assert.deepEqual(names(ordered(rows, ({ a }) => a, true)), ["x10", "x2", "x1", "x9"]);
  assert.deepEqual(names(ordered(rows, ({ a }) => a, false)), ["x1", "x10", "x2", "x9"]);
  assert.deepEqual(names(ordered(rows, ({ b }) => b, false)), ["x1", "x2", "x9", "x10"]);
  assert.equal(ordered(rows, undefined, true), rows);
});

test("measures are found, ordered and looked up; several are their mean", () => {
  const entry = (layer, checkpoint, score, value, floor = null) => ({
    layer,
    checkpoint,
    score,
    method: "",
    value,
    floor,
  });
  const [hit, all, rank] = measures([
    entry(0, 0, "rank", -0.5),
    entry(null, 1, "accuracy", 0.9),
    entry(0, 0, "neighborhood hit 2-D", 0.4, 0.1),
    entry(1, 1, "neighborhood hit 2-D", 0.8),
    entry(1, 1, "neighborhood hit 2-D", 0.6),
    entry(null, null, "whole", 1),
  ]).sort((a, b) => b.entries.length - a.entries.length || a.key.localeCompare(b.key));
  assert.deepEqual([hit.title, hit.share], ["neighborhood hit 2-D", true]);
  assert.equal(all.title, "accuracy");
  assert.deepEqual([rank.title, rank.share], ["rank", false]);
  assert.equal(lookup(hit, "value")(1, 1), 0.7);
  assert.equal(lookup(hit, "floor")(0, 0), 0.1);
  assert.ok(Number.isNaN(lookup(hit, "value")(0, 1)));
  assert.equal(lookup(hit, "value", (layer) => layer === 0)(0, 1), 0.4);
  assert.deepEqual(along(hit, "layer"), [0, 1]);
  assert.deepEqual(along(all, "layer"), [null]);
});

test("what tells most is offered first", () => {
  const entry = (layer, score) => ({ layer, checkpoint: 0, score, method: "tsne", value: 0.5 });
  const found = measures([
    entry(0, "continuity"),
    entry(null, "accuracy"),
    entry(0, "neighborhood hit n-D"),
    entry(0, "neighborhood hit 2-D"),
  ]);
  assert.deepEqual(
    found.map(({ title }) => title),
    [
      "neighborhood hit 2-D, t-SNE",
      "neighborhood hit n-D, t-SNE",
      "continuity, t-SNE",
      "accuracy, t-SNE",
    ],
  );
});

test("who has no class, or no known prediction, is neither right nor wrong", async () => {
  const files = { truth: Uint8Array.of(0, 1, 255, 1), said: Uint8Array.of(0, 0, 0, 255) };
  const manifest = {
    format: "layerwise studio",
    version: 1,
    runs: [
      {
        n: 4,
        label: "digit",
        labels: [{ name: "digit", kind: "class", names: ["a", "b"], file: "truth" }],
        checkpoints: [{ predicted: "said" }],
      },
    ],
    files: Object.fromEntries(
      Object.keys(files).map((name) => [name, { dtype: "u1", shape: [4], stamp: "1" }]),
    ),
  };
  const model = new Model({ bytes: async (name) => files[name].buffer }, manifest);
  assert.deepEqual([...(await model.runs[0].correct(0))], [1, 0, 2, 2]);
});

test("neurons are coloured by what is known of them", () => {
  const importance = Float32Array.of(0, 2, 1, 0, 3, 1.5);
  const neurons = {
    importance,
    state: new Uint8Array(3),
    active: Float32Array.of(0, 0.5, 1),
    role: Uint16Array.of(65535, 1, 1),
    power: Float32Array.of(0, 1, 0.5),
  };
  assert.deepEqual([...powerFor(neurons, 0)], [0, 1, 0.5]);
  assert.equal(possible("selection", neurons, null), "role");
  assert.equal(possible("role", { ...neurons, importance: null }, null), "active");
  assert.equal(possible("active", neurons, null), "active");
  const how = { role: 0, contrast: null, colors: ["#000000", "#ff0000"], dark: false };
  const { rgba, scale } = neuronColors(neurons, { ...how, way: "role" });
  assert.equal(scale, null);
  assert.equal(rgba[1], 0xff0000ff);
  const contrast = Float32Array.of(-1, 0, 4);
  const shown = neuronColors(neurons, { ...how, way: "selection", contrast });
  assert.deepEqual([shown.scale.low, shown.scale.high], [-4, 4]);
});

test("only the newest answer paints, and errors are said", async () => {
  const painted = [];
  const failed = [];
  const show = latest((sentence) => failed.push(sentence));
  const slow = Promise.withResolvers?.() ?? later();
  const first = show(
    () => slow.promise,
    (found) => painted.push(found),
  );
  await show(
    () => "second",
    (found) => painted.push(found),
  );
  slow.resolve("first");
  await first;
  assert.deepEqual(painted, ["second"]);
  await show(
    () => Promise.reject(new Error("gone")),
    () => {},
  );
  assert.deepEqual(failed, ["gone"]);
  const stopped = show(
    () => "late",
    (found) => painted.push(found),
  );
  show.stop();
  await stopped;
  assert.deepEqual(painted, ["second"]);
});

test("what a view shows follows its keys, recovers from an error and ends", async () => {
  const store = new Store();
  const [painted, failed] = [[], []];
  let broken = false;
  const read = ({ layer }) => (broken ? Promise.reject(new Error("gone")) : layer);
  const fail = (sentence, again) => failed.push([sentence, again]);
  const { stop } = follow(store, ["layer"], read, (found) => painted.push(found), fail);
  const settled = () => new Promise((done) => setTimeout(done));
  await settled();
  store.set({ unit: 3 });
  broken = true;
  store.set({ layer: 1 });
  await settled();
  assert.deepEqual([painted, failed.map(([sentence]) => sentence)], [[0], ["gone"]]);
  broken = false;
  failed[0][1]();
  await settled();
  assert.deepEqual(painted, [0, 1]);
  store.set({ layer: 2 });
  stop();
  await settled();
  assert.deepEqual(painted, [0, 1]);
});

test("that more of a run is recorded changes no view; that it is complete changes all", async () => {
  const checkpoint = { name: "epoch-001", recorded: 1, complete: false };
  const manifest = () => ({
    ...{ format: "layerwise studio", version: 1, files: {} },
    runs: [{ n: 4, of: 4, checkpoints: [{ ...checkpoint }] }],
  });
  const source = { live: false, manifest: async () => manifest() };
  const model = new Model(source, manifest());
  const store = new Store({ ...START, model });
  const jobs = new Jobs(store, () => {});
  checkpoint.recorded = 3;
  await jobs.refresh();
  assert.equal(store.state.model, model);
  assert.deepEqual(store.state.recording, { checkpoint: "epoch-001", share: 0.75 });
  checkpoint.complete = true;
  await jobs.refresh();
  assert.notEqual(store.state.model, model);
  assert.equal(store.state.recording, null);
});

test("a lost host is announced once, and again only after it was back", async () => {
  const said = [];
  let lost = true;
  const source = {
    live: false,
    jobs: async () => {
      if (lost) throw new Error("no answer");
      return [];
    },
  };
  const model = { source, runs: [] };
  const jobs = new Jobs(new Store({ ...START, model }), (text) => said.push(text));
  for (const state of [true, true, false, true]) {
    lost = state;
    await jobs.look();
  }
  jobs.destroy();
  assert.deepEqual(said, ["no answer", "no answer"]);
});

/** A promise and what settles it. */
function later() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
