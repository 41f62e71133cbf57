#!/usr/bin/env node
/** The first version of Node that runs TypeScript, the language of a deployment's configuration. */
const MINIMUM = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  console.error(
    `tidemark needs Node ${MINIMUM.join(".")} or later, which runs TypeScript. This is Node ${process.versions.node}. See https://nodejs.org/en/download.`,
  );
  process.exitCode = 1;
} else {
  // A dynamic import: an older Node cannot load the modules of the commands.
  const { tidemark } = await import("./tidemark.ts");
  await tidemark(process.argv.slice(2));
}
