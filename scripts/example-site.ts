import { fileURLToPath } from "node:url";

/** The folder of the example site for the script tag. */
export const EXAMPLE_SITE = fileURLToPath(new URL("../examples/script-tag", import.meta.url));
