import { z } from "zod";

export const events = { saved: z.object({ sku: z.string(), count: z.int().default(1) }) };
