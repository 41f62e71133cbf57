/** Names of the published packages, without `@tidemark/`. */
export const PUBLISHED = ["schema", "engine", "sdk", "collector", "cli"] as const;

/**
 * Returns the command that packs the published packages into a folder, each as `tidemark-<name>.tgz`. Like `pnpm
 * publish`, it builds them, uses the exports of `publishConfig`, and replaces `workspace:` by versions.
 */
export const packInto = (folder: string): [command: string, ...args: string[]] => [
  ...(["npx", "--yes", "pnpm@12.21.0"] as const),
  ...["--filter", `./packages/{${PUBLISHED}}`, "pack", "--out", `${folder}/%s.tgz`],
];
