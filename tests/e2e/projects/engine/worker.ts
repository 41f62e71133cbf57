import { answer } from "./answer.ts";

export default { fetch: (): Response => Response.json(answer()) };
