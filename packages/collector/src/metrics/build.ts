import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { VERSION } from "../version.ts";
import { type Samples, sampleKey } from "./families.ts";

/** The sample with the release of this collector. */
export const buildSamples = (): Samples => ({
  [sampleKey("tidemark_build_info", { version: VERSION, contract: CONTRACT_VERSION })]: 1,
});
