import { z } from "zod";
import { abbreviated } from "../../abbreviated.ts";
import { type Env, scheduleOf } from "../../env.ts";
import { HttpError } from "../../errors.ts";
import { alerts } from "../../monitor/alerts.ts";
import { readBody } from "../read-body.ts";
import type { RouteGroup } from "../route.ts";

/** Longest time of a silence, in milliseconds: 90 days. */
const LONGEST_MS = 90 * 86_400_000;

const silenceBody = z.strictObject({
  alert: z.string().optional(),
  labels: z.record(z.string().max(64), z.string().max(256)).default({}),
  until: z.iso.datetime({ offset: true }),
  comment: z.string().trim().min(1).max(500),
});

/** The routes of alerts. For operators only. */
export const alertRoutes: RouteGroup<
  "GET /v1/alerts" | "POST /v1/alerts/test" | "POST /v1/alerts/silences" | "DELETE /v1/alerts/silences/:id"
> = ({ config }) => {
  /** The object that evaluates the alerts. @throws HttpError in a deployment without alerts. */
  const evaluatorOf = (env: Env) => {
    if (config.alerts) return scheduleOf(env);
    throw new HttpError(
      "not_found",
      "This deployment has no alerts: add alerts: { to: [pagerDuty({ … })] } to tidemark.config.ts.",
    );
  };
  return {
    async "GET /v1/alerts"(c) {
      c.header("cache-control", "no-store");
      return c.json(await evaluatorOf(c.env).alertStatus());
    },

    async "POST /v1/alerts/test"(c) {
      return c.json(await evaluatorOf(c.env).testAlerts());
    },

    async "POST /v1/alerts/silences"(c) {
      const evaluator = evaluatorOf(c.env);
      const { alert, labels, until, comment } = await readBody(c.req.raw, silenceBody);
      const fail = (message: string): never => {
        throw new HttpError("invalid_body", message);
      };
      if (alert !== undefined && !alerts.some(({ name }) => name === alert))
        fail(
          `alert: there is no alert ${JSON.stringify(abbreviated(alert))}; expected one of ${alerts.map(({ name }) => name).join(", ")}.`,
        );
      if (alert === undefined && Object.keys(labels).length === 0)
        fail("alert: expected the name of an alert, or labels; given neither.");
      const end = Date.parse(until);
      if (end <= Date.now() || end > Date.now() + LONGEST_MS)
        fail(`until: expected a time in the next 90 days; given ${JSON.stringify(abbreviated(until))}.`);
      const silence = { ...(alert !== undefined && { alert }), labels, until: end, comment };
      return c.json(await evaluator.silenceAlerts(silence));
    },

    async "DELETE /v1/alerts/silences/:id"(c) {
      const id = c.req.param("id");
      return c.json({ id, removed: await evaluatorOf(c.env).unsilenceAlerts(id) });
    },
  };
};
