import { createHash } from "node:crypto";
import type { FeatureValue } from "@tidemark/schema";

/** A text that is equal for equal values of the same features, in the same order. */
export const digestOf = (features: Record<string, FeatureValue>): string =>
  createHash("sha256").update(JSON.stringify(features)).digest("base64url").slice(0, 22);
