/**
 * The page that `layerwise view` serves.
 */

import { mount } from "./app.js";
import { HttpSource } from "./data/source.js";

mount(document.getElementById("studio"), new HttpSource());
