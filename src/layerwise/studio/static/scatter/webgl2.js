/**
 * Draws point sprites on a graphics card, with the same marks as the stamps. Not used for densities,
 * nor on a software renderer, which is several times slower than stamping.
 */

import { CROSS, SHAPES_GLSL } from "./shapes.js";

const SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render|software/i;

const VERTEX = `#version 300 es
in vec2 place;
in vec4 paint;
in float radius;
in uint mark;
uniform vec4 affine;
uniform vec2 ratioAndEdge;
flat out vec4 color;
flat out int shape;
flat out vec3 sizes;
${SHAPES_GLSL}
void main() {
  vec2 at = place * affine.xy + affine.zw;
  bool drawn = abs(at.x) < 1e4 && abs(at.y) < 1e4 && paint.a > 0.0;
  gl_Position = drawn ? vec4(at, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  float r = max(0.25, radius * ratioAndEdge.x);
  bool set_off = mark == ${CROSS}u || ratioAndEdge.y > 0.0;
  float grow = set_off ? halo(r) : -1.0;
  float side = 2.0 * ceil(reach(r) + max(0.0, grow));
  gl_PointSize = side;
  color = paint;
  shape = int(mark);
  sizes = vec3(r, grow, side);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 color;
flat in int shape;
flat in vec3 sizes;
uniform vec3 paper;
out vec4 result;
${SHAPES_GLSL}
void main() {
  float edge = distanceTo(shape, (gl_PointCoord - 0.5) * sizes.z, sizes.x);
  float inside = clamp(0.5 - edge, 0.0, 1.0) * color.a;
  float around = sizes.y < 0.0 ? 0.0 : clamp(0.5 - edge + sizes.y, 0.0, 1.0) * 0.8 * color.a;
  float alpha = inside + around * (1.0 - inside);
  if (alpha == 0.0) discard;
  result = vec4(color.rgb * inside + paper * around * (1.0 - inside), alpha);
}`;

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./camera.js").Camera} Camera */

export class WebGL2 {
  /**
   * A renderer on this canvas, or null where it would not work or be slow.
   * @param {HTMLCanvasElement} canvas @param {boolean} forced take a software renderer too
   * @param {() => void} onLost called when the browser takes the context away
   */
  static on(canvas, forced, onLost) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!gl) return null;
    const info = gl.getExtension("WEBGL_debug_renderer_info");
    const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    if (SOFTWARE.test(name) && !forced) {
      gl.getExtension("WEBGL_lose_context")?.loseContext();
      return null;
    }
    canvas.addEventListener("webglcontextlost", onLost, { once: true });
    return new WebGL2(canvas, gl);
  }

  /** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} gl */
  constructor(canvas, gl) {
    this.canvas = canvas;
    this.gl = gl;
    this.program = link(gl);
    gl.useProgram(this.program);
    this.buffers = {
      place: gl.createBuffer(),
      paint: gl.createBuffer(),
      radius: gl.createBuffer(),
      mark: gl.createBuffer(),
      order: gl.createBuffer(),
    };
    /** Versions of the scene that are on the card. */
    this.held = { moved: -1, sized: -1, painted: -1, ordered: -1 };
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** @param {Scene} scene settled @param {Camera} camera @param {number} ratio */
  draw(scene, camera, ratio) {
    const { gl, program, canvas } = this;
    this.#upload(scene);
    const [r, g, b] = [0, 8, 16].map((shift) => ((scene.paper >>> shift) & 255) / 255);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(r, g, b, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const at = (/** @type {string} */ name) => gl.getUniformLocation(program, name);
    const { mx, my, ax, ay } = camera.affine(ratio);
    const [w, h] = [canvas.width / 2, canvas.height / 2];
    gl.uniform4f(at("affine"), mx / w, -my / h, ax / w - 1, 1 - ay / h);
    gl.uniform2f(at("ratioAndEdge"), ratio, scene.edged ? 1 : 0);
    gl.uniform3f(at("paper"), r, g, b);
    gl.drawElements(gl.POINTS, scene.n, gl.UNSIGNED_INT, 0);
  }

  destroy() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  /** Sends what has changed since the last frame. @param {Scene} scene */
  #upload(scene) {
    const { gl, buffers, held } = this;
    if (held.moved !== scene.moved) {
      this.#send(buffers.place, scene.at, gl.DYNAMIC_DRAW);
      gl.vertexAttribPointer(this.#attribute("place"), 2, gl.FLOAT, false, 0, 0);
    }
    if (held.painted !== scene.painted) {
      this.#send(buffers.paint, scene.paint, gl.DYNAMIC_DRAW);
      gl.vertexAttribPointer(this.#attribute("paint"), 4, gl.UNSIGNED_BYTE, true, 0, 0);
    }
    if (held.sized !== scene.sized) {
      const location = this.#attribute("radius");
      if (typeof scene.radius === "number") {
        gl.disableVertexAttribArray(location);
        gl.vertexAttrib1f(location, scene.radius);
      } else {
        this.#send(buffers.radius, scene.radius, gl.STATIC_DRAW);
        gl.vertexAttribPointer(location, 1, gl.FLOAT, false, 0, 0);
      }
    }
    if (held.ordered !== scene.ordered) {
      this.#send(buffers.mark, scene.shapes, gl.STATIC_DRAW);
      gl.vertexAttribIPointer(this.#attribute("mark"), 1, gl.UNSIGNED_BYTE, 0, 0);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.order);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, scene.order, gl.STATIC_DRAW);
    }
    const { moved, sized, painted, ordered } = scene;
    this.held = { moved, sized, painted, ordered };
  }

  /** @param {WebGLBuffer | null} buffer @param {ArrayBufferView} data @param {number} usage */
  #send(buffer, data, usage) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, data, usage);
  }

  /** @param {string} name */
  #attribute(name) {
    const location = this.gl.getAttribLocation(this.program, name);
    this.gl.enableVertexAttribArray(location);
    return location;
  }
}

/** @param {WebGL2RenderingContext} gl */
function link(gl) {
  const program = /** @type {WebGLProgram} */ (gl.createProgram());
  for (const [kind, text] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const logs = (gl.getAttachedShaders(program) || []).map((s) => gl.getShaderInfoLog(s));
    throw new Error(`webgl2: the shaders do not link: ${[...logs, gl.getProgramInfoLog(program)]}`);
  }
  return program;
}
