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
 * @property {(kind: string, body: object, signal?: AbortSignal) => Promise<any>} ask `signal` says that
 *   nobody waits any more
 * @property {string} [withNetwork] how to start the host so that it can ask the network, if it cannot
 * @property {() => Promise<Job[]>} jobs
 * @property {(body: object) => Promise<number>} start
 * @property {(id: number) => Promise<void>} cancel
 * @property {() => void} close give back what the browser keeps for it
 */

const TYPES = { webp: "image/webp", wav: "audio/wav" };

/** A source whose host answers over HTTP, from where the page came. @implements {Source} */
export class HttpSource {
  live = true;
  withNetwork = "layerwise view RUN --model mymodel.py:Net";

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

  /** @param {string} kind @param {object} body @param {AbortSignal} [signal] */
  async ask(kind, body, signal) {
    return (await this.posted(`ask/${kind}`, body, signal)).json();
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

  close() {}

  /** @param {string} address @param {object} body @param {AbortSignal} [signal] */
  posted(address, body, signal) {
    const headers = { "Content-Type": "application/json" };
    return this.fetched(address, { method: "POST", headers, body: JSON.stringify(body), signal });
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

/** A source whose bytes get addresses of their own, which hold them until it is closed. */
export class HeldSource {
  /** @type {string[]} */
  addresses = [];

  /** @param {string} _name @returns {Promise<ArrayBuffer>} */
  async bytes(_name) {
    throw new Error("A source says itself where its bytes are.");
  }

  /** @param {string} name @param {string} type */
  async url(name, type) {
    const blob = new Blob([await this.bytes(name)], { type: TYPES[type] });
    this.addresses.push(URL.createObjectURL(blob));
    return this.addresses.at(-1);
  }

  close() {
    this.addresses.forEach((address) => URL.revokeObjectURL(address));
    this.addresses = [];
  }
}

/** A source that lies in the page: one packed block and an index into it. @implements {Source} */
export class InlineSource extends HeldSource {
  live = false;

  /**
   * @param {any} manifest
   * @param {Object<string, [number, number]>} index name to first byte and length
   * @param {Promise<ArrayBuffer>} block
   */
  constructor(manifest, index, block) {
    super();
    this.known = manifest;
    this.index = index;
    this.block = block;
  }

  async manifest() {
    await this.block; // a page that cannot be unpacked says so at once
    return this.known;
  }

  /** @param {string} name */
  async bytes(name) {
    const [start, length] = this.index[name] ?? [];
    if (start === undefined) throw new Error(`This page does not hold ${name}.`);
    return (await this.block).slice(start, start + length);
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

/**
 * Return the bytes behind a base64 text of gzip.
 *
 * @param {string} text
 * @returns {Promise<ArrayBuffer>}
 */
export async function unpacked(text) {
  if (!globalThis.DecompressionStream) {
    throw new Error(
      "This browser is too old to explore the maps here. Chrome 80, Firefox 113, Safari 16.4 and " +
        "all later ones can; the figures below say the same.",
    );
  }
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
