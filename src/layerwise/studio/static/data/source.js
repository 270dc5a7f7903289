/**
 * Where the data come from: a local server, or the page itself.
 *
 * Both give the manifest and the bytes of the files that it names. A server also answers
 * questions and runs jobs (`live`). The contract is written in the Python module `studio.data`.
 *
 * @typedef {Object} Job
 * @property {number} id
 * @property {string} title
 * @property {"waiting"|"running"|"done"|"failed"|"cancelled"} state
 * @property {number|null} done share from 0 to 1
 * @property {string} step
 * @property {string} message
 *
 * @typedef {Object} Source
 * @property {boolean} live
 * @property {() => Promise<any>} manifest
 * @property {(name: string) => Promise<ArrayBuffer>} bytes
 * @property {(name: string, type: string) => Promise<string>} url address for an image or a sound
 * @property {(kind: string, body: object) => Promise<any>} ask
 * @property {() => Promise<Job[]>} jobs
 * @property {(body: object) => Promise<number>} start
 * @property {(id: number) => Promise<void>} cancel
 */

const TYPES = { webp: "image/webp", wav: "audio/wav" };

/** A source whose host answers over HTTP, from where the page came. @implements {Source} */
export class HttpSource {
  live = true;

  async manifest() {
    return (await this.fetched("manifest.json")).json();
  }

  /** @param {string} name */
  async bytes(name) {
    return (await this.fetched(`data/${name}`)).arrayBuffer();
  }

  /** @param {string} name @param {string} _type */
  async url(name, _type) {
    return `data/${name}`;
  }

  /** @param {string} kind @param {object} body */
  async ask(kind, body) {
    return (await this.posted(`ask/${kind}`, body)).json();
  }

  async jobs() {
    return (await this.fetched("jobs")).json();
  }

  /** @param {object} body */
  async start(body) {
    return (await (await this.posted("jobs", body)).json()).id;
  }

  /** @param {number} id */
  async cancel(id) {
    await this.posted(`jobs/${id}/cancel`, {});
  }

  /** @param {string} address @param {object} body */
  posted(address, body) {
    const headers = { "Content-Type": "application/json" };
    return this.fetched(address, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** @param {string} address @param {RequestInit} [how] @returns {Promise<Response>} */
  async fetched(address, how) {
    let answer;
    try {
      answer = await fetch(address, how);
    } catch {
      throw new Error("The studio does not answer. Is `layerwise view` still running?");
    }
    if (!answer.ok) throw new Error((await answer.text()) || `${answer.status} for ${address}`);
    return answer;
  }
}

/** A source that lies in the page: one packed block and an index into it. @implements {Source} */
export class InlineSource {
  live = false;

  /**
   * @param {any} manifest
   * @param {Object<string, [number, number]>} index name to first byte and length
   * @param {Promise<ArrayBuffer>} block
   */
  constructor(manifest, index, block) {
    this.known = manifest;
    this.index = index;
    this.block = block;
  }

  async manifest() {
    return this.known;
  }

  /** @param {string} name */
  async bytes(name) {
    const place = this.index[name];
    if (!place) throw new Error(`This page does not hold ${name}.`);
    return (await this.block).slice(place[0], place[0] + place[1]);
  }

  /** @param {string} name @param {string} type */
  async url(name, type) {
    return address(await this.bytes(name), type);
  }

  /** @returns {Promise<any>} */
  async ask() {
    throw new Error("This page is a file: `layerwise view RUN` answers such questions.");
  }

  async jobs() {
    return [];
  }

  /** @returns {Promise<number>} */
  start() {
    return this.ask();
  }

  async cancel() {}
}

/** @param {ArrayBuffer} bytes @param {string} type @returns {string} address for an image or a sound */
export function address(bytes, type) {
  return URL.createObjectURL(new Blob([bytes], { type: TYPES[type] }));
}

/**
 * Return the bytes behind a base64 text of gzip.
 *
 * @param {string} text
 * @returns {Promise<ArrayBuffer>}
 */
export function unpacked(text) {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
