/**
 * The runs that a source holds. Each file is read once and kept.
 */

import { Run } from "./run.js";

const VERSION = 1;

/** All runs of a source. */
export class Model {
  /** @param {import("./source.js").Source} source @param {any} manifest */
  constructor(source, manifest) {
    if (manifest.format !== "layerwise studio" || manifest.version !== VERSION) {
      throw new Error(
        `This page reads version ${VERSION} of the studio's data; got ${manifest.version}. ` +
          "Reload it, or update layerwise.",
      );
    }
    this.source = source;
    this.manifest = manifest;
    this.kept = new Map();
    this.runs = manifest.runs.map((about) => new Run(this, about));
  }

  /** @param {import("./source.js").Source} source @returns {Promise<Model>} */
  static async open(source) {
    return new Model(source, await source.manifest());
  }

  /**
   * Return the model as the source holds it now, with the files that did not change.
   *
   * @returns {Promise<Model>}
   */
  async refreshed() {
    const model = new Model(this.source, await this.source.manifest());
    model.kept = this.kept;
    return model;
  }

  /** @param {string} name @returns {any} */
  file(name) {
    const file = this.manifest.files[name];
    if (!file) throw new Error(`There is no file ${name}.`);
    return file;
  }

  /**
   * Return what `read` makes of the bytes of a file, or of a part of it; made once.
   *
   * @template T
   * @param {string} name
   * @param {(file: any, bytes: ArrayBuffer) => T} read
   * @param {string} [part]
   * @returns {Promise<T>}
   */
  read(name, read, part = "") {
    const file = this.file(name);
    const key = `${name}${part} ${file.stamp}`;
    return this.keep(key, async () => read(file, await this.source.bytes(name + part)));
  }

  /** @param {string} name @param {string} [part] @returns {Promise<string>} */
  url(name, part = "") {
    const { dtype, stamp } = this.file(name);
    return this.keep(`url ${name}${part} ${stamp}`, () => this.source.url(name + part, dtype));
  }

  /**
   * Return what `make` gave for this key when it was first asked for; failures are not kept.
   *
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} make
   * @returns {Promise<T>}
   */
  keep(key, make) {
    if (!this.kept.has(key)) {
      const made = make();
      this.kept.set(key, made);
      made.catch(() => this.kept.delete(key));
    }
    return this.kept.get(key);
  }
}
