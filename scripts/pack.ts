/** The published packages, by the name after `@tidemark/`. */
export const PUBLISHED = ["schema", "engine", "sdk", "collector", "cli"] as const;

/**
 * The command that packs the published packages into a folder as `pnpm publish` would (built, with the exports of
 * `publishConfig`, with versions in place of `workspace:`), each as `tidemark-<name>.tgz`.
 */
export const packInto = (folder: string): [command: string, ...args: string[]] => [
  ...(["npx", "--yes", "pnpm@12.21.0"] as const),
  ...["--filter", `./packages/{${PUBLISHED}}`, "pack", "--out", `${folder}/%s.tgz`],
];
