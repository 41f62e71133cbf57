import { abbreviated } from "../../abbreviated.ts";
import type { EgressObject } from "../../egress/egress.ts";
import { sinkStatuses } from "../../egress/sink-statuses.ts";
import { egressOf } from "../../env.ts";
import { HttpError } from "../../errors.ts";
import { partitionsOf } from "../../partition/partitions.ts";
import type { Tenant, Tenants } from "../../tenants.ts";
import type { RouteContext, RouteGroup } from "../route.ts";
import { tenantOfLog, timeIn } from "./log.ts";

/** A sink of a site. */
interface SinkOfSite {
  tenant: Tenant;
  sink: string;
}

/** The sink in the path and the site in the query. @throws HttpError that lists the site's sinks. */
const sinkIn = (c: RouteContext, tenants: Tenants): SinkOfSite => {
  const tenant = tenantOfLog(c, tenants);
  const sink = `${c.req.param("sink")}`;
  if (tenant.sinks.some(({ name }) => name === sink)) return { tenant, sink };
  const names = tenant.sinks.map(({ name }) => name).join(", ") || "a sink in tidemark.config.ts, which has none";
  throw new HttpError(
    "not_found",
    `Site ${tenant.site.id} has no sink ${JSON.stringify(abbreviated(sink))}; expected ${names}.`,
  );
};

/** Calls the object of each partition. */
const callAll = async <T>(
  c: RouteContext,
  { tenant, sink }: SinkOfSite,
  call: (stub: DurableObjectStub<EgressObject>, site: string, sink: string, partition: number) => Promise<T>,
): Promise<T[]> => {
  const partitions = await partitionsOf(c.env, tenant);
  return Promise.all(
    partitions.map((partition) => call(egressOf(c.env, tenant, sink, partition), tenant.site.id, sink, partition)),
  );
};

/** The routes of sinks. For operators only. */
export const sinkRoutes: RouteGroup<
  | "GET /v1/sinks"
  | "GET /v1/sinks/:sink/dead-letters"
  | "POST /v1/sinks/:sink/pause"
  | "POST /v1/sinks/:sink/resume"
  | "POST /v1/sinks/:sink/replay"
> = ({ tenants }) => ({
  async "GET /v1/sinks"(c) {
    const tenant = tenantOfLog(c, tenants);
    c.header("cache-control", "no-store");
    return c.json({ sinks: await sinkStatuses(c.env, tenant) });
  },

  async "GET /v1/sinks/:sink/dead-letters"(c) {
    const lists = await callAll(c, sinkIn(c, tenants), async (stub, ...given) => stub.deadLetters(...given));
    c.header("cache-control", "no-store");
    return c.json({ dead_letters: lists.flat().sort((one, other) => other.at - one.at) });
  },

  async "POST /v1/sinks/:sink/pause"(c) {
    const given = sinkIn(c, tenants);
    const paused = await callAll(c, given, async (stub, ...names) => stub.pause(...names));
    return c.json({ sink: given.sink, partitions: paused.length });
  },

  async "POST /v1/sinks/:sink/resume"(c) {
    const given = sinkIn(c, tenants);
    const resumed = await callAll(c, given, async (stub, ...names) => stub.resume(...names));
    return c.json({ sink: given.sink, partitions: resumed.length });
  },

  async "POST /v1/sinks/:sink/replay"(c) {
    const given = sinkIn(c, tenants);
    if (c.req.query("from") === undefined)
      throw new HttpError("invalid_query", "from: expected a time such as 2026-11-29T09:00:00Z; given none.");
    const from = timeIn(c, "from", 0);
    const replayed = await callAll(c, given, async (stub, ...names) => stub.replay(...names, from));
    return c.json({ sink: given.sink, partitions: replayed.filter(Boolean).length });
  },
});
