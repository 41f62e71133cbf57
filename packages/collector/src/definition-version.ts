import { createHash } from "node:crypto";
import type { Feature } from "@tidemark/schema";

/** Returns the version of feature definitions: the first 12 hex digits of the SHA-256 of their JSON. */
export const versionOf = (features: readonly Feature[]): string =>
  createHash("sha256").update(JSON.stringify(features)).digest("hex").slice(0, 12);
