/**
 * The command that packs the published packages into a folder as `pnpm publish` would (built, with the exports of
 * `publishConfig`, with versions in place of `workspace:`): as `tidemark-<name>.tgz`.
 */
export const packInto = (folder: string): [command: string, ...args: string[]] => [
  ...(["npx", "--yes", "pnpm@12.21.0"] as const),
  ...["--filter", "./packages/{schema,engine,sdk,collector}", "pack", "--out", `${folder}/%s.tgz`],
];
