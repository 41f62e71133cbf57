import { readQuery } from "../query.ts";
import { readText } from "../read-body.ts";
import type { RouteGroup } from "../route.ts";

/** The tools for agents, by the Model Context Protocol. */
export const mcpRoutes: RouteGroup<"POST /mcp"> = ({ records, meter }) => ({
  async "POST /mcp"(c, tenant) {
    readQuery(c, []);
    const text = await readText(c.req.raw);
    // Its modules take more time to start than all others together, and no page needs them.
    const { respondToAgent } = await import("../../agents/respond.ts");
    const response = await respondToAgent(c.req.raw, text, {
      ...{ env: c.env, tenant, records, meter, caller: "server" },
      waitUntil: (work) => c.executionCtx.waitUntil(work),
    });
    return c.newResponse(response.body, response);
  },
});
