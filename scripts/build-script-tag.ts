import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

/** Bundles the script tag, and what it loads on demand, into the folder that the Worker serves as static assets. */
const sdk = (path: string) => fileURLToPath(new URL(`../packages/sdk/${path}`, import.meta.url));

mkdirSync(sdk("dist/script-tag"), { recursive: true });
copyFileSync(sdk("script-tag-headers.txt"), sdk("dist/script-tag/_headers"));
writeFileSync(sdk("dist/script-tag/tidemark.js"), await bundle(sdk("src/script-tag.ts"), "iife"));
writeFileSync(sdk("dist/script-tag/tidemark-debug.js"), await bundle(sdk("src/debug.ts"), "esm"));
writeFileSync(sdk("dist/script-tag/tidemark-inspector.js"), await bundle(sdk("src/inspector/inspect.ts"), "esm"));
