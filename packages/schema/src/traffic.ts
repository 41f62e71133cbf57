import { z } from "zod";
import { TRAFFIC } from "./limits.ts";

/** The kind of traffic of a batch. */
export const traffic = z
  .enum(TRAFFIC)
  .describe(
    "Traffic that is not visitors': test for automated tests, internal for the site's own people. Absent for visitors.",
  );

/** The kind of traffic that is not visitors'. */
export type Traffic = z.infer<typeof traffic>;
