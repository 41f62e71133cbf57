import { globSync, readFileSync, writeFileSync } from "node:fs";
import { render } from "./docs/render.ts";

/** `pnpm docs`: writes the generated parts of the documentation. */
for (const path of globSync("docs/*.md")) writeFileSync(path, render(readFileSync(path, "utf8")));
