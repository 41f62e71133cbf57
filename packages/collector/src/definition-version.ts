import { createHash } from "node:crypto";
import type { Feature } from "@tidemark/schema";

/** Names a set of definitions by what it says: 12 hex digits of the SHA-256 of its JSON. */
export const definitionVersionOf = (features: readonly Feature[]): string =>
  createHash("sha256").update(JSON.stringify(features)).digest("hex").slice(0, 12);
