import type { Feature } from "./feature.ts";

/**
 * Types a list of definitions and returns it unchanged. Compile errors: an unknown field or key, an aggregate on a
 * field of the wrong type, and a window that the aggregate or the entity does not support. The type of the resulting
 * vector is `VectorOf<typeof list>`.
 *
 *     const features = defineFeatures([
 *       {
 *         name: "copies_today",
 *         description: "Number of times that the user copied text today (UTC).",
 *         unit: "count",
 *         entity: "user",
 *         source: "selection",
 *         where: [{ field: "action", is: "eq", value: "copy" }],
 *         aggregate: { type: "count" },
 *         window: tumbling(86_400_000),
 *       },
 *     ]);
 */
export const defineFeatures = <const F extends readonly Feature[]>(
  features: F & { [I in keyof F]: NoOtherKeys<F[I]> },
): F => features;

type NoOtherKeys<F> = { [K in Exclude<keyof F, KeyOf<Feature>>]: never };

type KeyOf<T> = T extends unknown ? keyof T : never;
