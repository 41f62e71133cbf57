import { pageFeatures } from "./page.ts";
import { sessionFeatures } from "./session.ts";
import { userFeatures } from "./user.ts";

/** All default features. */
export const defaultFeatures = [...sessionFeatures, ...userFeatures, ...pageFeatures] as const;
