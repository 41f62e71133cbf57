#!/usr/bin/env node
/** The first Node that runs TypeScript, in which a deployment's configuration is written. */
const MINIMUM = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  console.error(
    `tidemark needs Node ${MINIMUM.join(".")} or later, which runs TypeScript; this is Node ${process.versions.node}. See https://nodejs.org/en/download.`,
  );
  process.exitCode = 1;
} else {
  // Not imported above: an older Node does not load what the commands import.
  const { tidemark } = await import("./tidemark.ts");
  await tidemark(process.argv.slice(2));
}
