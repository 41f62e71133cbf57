import { writeFileSync } from "node:fs";
import { boundWebVitals } from "./bundle/web-vitals.ts";

/* Gives the web-vitals in the built package names that no page can replace. Packing the SDK runs it. */
writeFileSync(new URL("../packages/sdk/dist/web-vitals/library.js", import.meta.url), boundWebVitals("./names.js"));
