import type { Site } from "./tidemark-config.ts";

/** The names of a site's secrets. */
export const secretNamesOf = ({ readKeySecret, userTokenSecret }: Site): string[] =>
  userTokenSecret === undefined ? [readKeySecret] : [readKeySecret, userTokenSecret];
