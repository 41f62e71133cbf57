import type { SignalName } from "@tidemark/schema";
import { Object } from "../platform.ts";

/** Gives an enrichment the name by which page views list it. */
export const named = <E extends object>(name: SignalName, enrichment: E): E & { signal: SignalName } =>
  Object.assign(enrichment, { signal: name });
