import { hashRoutes, keepParameters, type PageUrl, pathOnly } from "../sensors/page-definition.ts";

/** The definitions of pages that a tag names. */
const NAMED: Record<string, PageUrl> = { path: pathOnly, hash: hashRoutes };

/** The texts that name a definition of pages. */
export const PAGE_URL = /^(path|hash|parameters:.*[^\s,].*)$/;

/** Returns the definition of pages that a text names. A function is one already. */
export const pageUrlOf = (setting: string | PageUrl): PageUrl =>
  typeof setting === "string" ? (NAMED[setting] ?? keepParameters(...setting.split(/[:\s,]+/).slice(1))) : setting;
