import { pageFeatures } from "./page.ts";
import { sessionFeatures } from "./session.ts";
import { userFeatures } from "./user.ts";

/** All features that Tidemark computes by default. */
export const defaultFeatures = [...sessionFeatures, ...userFeatures, ...pageFeatures] as const;
