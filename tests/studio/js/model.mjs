// A model of two small runs of the same data, without any file behind it.
import { Model } from "../../../src/layerwise/studio/static/data/model.js";

const LAYERS = [
  { name: "input", units: 9, hidden: false },
  { name: "relu1", units: 8, hidden: true },
  { name: "output", units: 3, hidden: false },
];

export function manifest() {
  const stop = (layer, checkpoint) => ({ layer, checkpoint, file: "map", quality: {} });
  const run = (name) => ({
    name,
    title: name,
    facts: [],
    data: "same",
    n: 6,
    of: 6,
    noun: "image",
    label: "digit",
    labels: [{ name: "digit", kind: "class", names: ["0", "1", "2"], colors: ["#000000", "#111111", "#222222"], file: "digit" }],
    layers: LAYERS,
    checkpoints: ["epoch-000", "epoch-001", "epoch-002"].map((one) => ({
      name: one, recorded: 6, complete: true, predicted: "said", probable: null,
    })),
    activations: [],
    series: [
      { id: "tsne", title: "t-SNE", over: "", stops: [stop(0, 0), stop(1, 0), stop(1, 1)], trails: null },
      { id: "pca", title: "PCA", over: "", stops: [stop(0, 1)], trails: null },
      { id: "pca-0123abcd", title: "PCA", over: "", stops: [stop(2, 2)], trails: null },
    ],
    neurons: [],
    neighbors: [],
    scores: [],
    images: [],
    methods: ["tsne", "pca", "mds"],
  });
  return { format: "layerwise studio", version: 1, runs: [run("first"), run("second")], files: {} };
}

export function model(about = manifest()) {
  return new Model({ live: true }, about);
}
