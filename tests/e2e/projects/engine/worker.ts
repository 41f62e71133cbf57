import { results } from "./results.ts";

export default { fetch: (): Response => Response.json(results()) };
