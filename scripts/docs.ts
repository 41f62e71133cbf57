import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fieldKindsModule } from "./docs/field-kinds.ts";
import { render } from "./docs/render.ts";

/** `pnpm docs`: writes the generated parts of the documentation, and the list of the contract's fields. */
writeFileSync("packages/schema/src/features/event-field-kinds.ts", fieldKindsModule());
for (const path of globSync("docs/*.md")) writeFileSync(path, render(readFileSync(path, "utf8")));
