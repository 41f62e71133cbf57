import type { ActiveEntitiesResponse } from "@tidemark/schema";
import { SESSION_ID } from "@tidemark/schema/keys";
import { ACTIVE_PAGE, type ActiveList, isPosition } from "../entities/active-entities.ts";
import { hasExpired } from "../entities/expiry.ts";
import { SHARDS } from "../entities/shards.ts";
import { type Env, entityShardOf, partitionOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { knownDepth, learnDepth } from "../partition/binding.ts";
import { partitionsOf } from "../partition/partitions.ts";
import type { Tenant } from "../tenants.ts";
import { expectEntity } from "./expect-entity.ts";

/** The objects that have the entities of a list, and the read of one of them. */
interface Source {
  /** `p` for partitions, `s` for shards. */
  kind: "p" | "s";
  numbers: readonly number[];
  read(number: number, after: string, limit: number): Promise<ActiveList>;
}

/** A place in a list: the object, and the position in it. */
interface Cursor {
  kind: string;
  number: number;
  after: string;
}

const wrongCursor = () =>
  new HttpError("invalid_query", "cursor: expected the cursor of the previous page of the same list, unchanged.");

const cursorIn = (entity: string, text: string | undefined): Cursor => {
  if (text === undefined) return { kind: "", number: 0, after: "" };
  const [, kind = "", number, after = ""] = /^([ps])(\d{1,2})\.(.*)$/s.exec(text) ?? [];
  if (number === undefined || !isPosition(entity, after)) throw wrongCursor();
  return { kind, number: Number(number), after };
};

const beingSplit = () =>
  new HttpError("unavailable", "The site is being split, and its index is not complete. Send the request again.");

const sessionSource = async (env: Env, tenant: Tenant, since: number): Promise<Source> => ({
  kind: "p",
  numbers: await partitionsOf(env, tenant),
  async read(number, after, limit) {
    const partition = partitionOf(env, tenant, number);
    const { list } = await partition.activeSince(tenant.site.id, number, "session", since, after, limit);
    return list ?? { active: [] };
  },
});

const entitySource = async (env: Env, tenant: Tenant, entity: string, since: number): Promise<Source> => {
  const { id } = tenant.site;
  if (knownDepth(id) === 0) learnDepth(id, await partitionOf(env, tenant, 0).depth(id, 0));
  if (knownDepth(id) === 0)
    return {
      kind: "p",
      numbers: [0],
      async read(_, after, limit) {
        const { list } = await partitionOf(env, tenant, 0).activeSince(id, 0, entity, since, after, limit);
        if (list) return list;
        throw beingSplit();
      },
    };
  return {
    kind: "s",
    numbers: Array.from({ length: SHARDS }, (_, shard) => shard),
    async read(shard, after, limit) {
      const list = await entityShardOf(env, tenant, shard).activeSince(id, entity, since, after, limit);
      if (list) return list;
      throw beingSplit();
    },
  };
};

/**
 * Lists the entities with an event since a time, one page at a time. A page ends where the list of an object is
 * interrupted.
 *
 * @param since UTC milliseconds.
 * @param cursor The cursor of the previous page. Default: the first page.
 * @param limit Largest number of entities of a page. Default: the largest of all pages.
 * @throws HttpError `not_found` for an entity without features; `invalid_query` for a wrong cursor; or `unavailable`.
 */
export const listActive = async (
  env: Env,
  tenant: Tenant,
  entity: string,
  since: number,
  cursor?: string,
  limit = ACTIVE_PAGE,
): Promise<ActiveEntitiesResponse> => {
  expectEntity(tenant, entity);
  const isSession = entity === "session";
  const from = cursorIn(entity, cursor);
  const { kind, numbers, read } = await (isSession
    ? sessionSource(env, tenant, since)
    : entitySource(env, tenant, entity, since));
  // After a split the list begins again, at the shards.
  const start = from.kind === kind ? from : { number: 0, after: "" };
  if (!numbers.includes(start.number)) throw wrongCursor();
  const now = Date.now();
  const isListed = (id: string, at: number): boolean =>
    isSession ? SESSION_ID.test(id) : !hasExpired(tenant.daysToLive, entity, at, now);

  const entities: ActiveEntitiesResponse["entities"] = [];
  for (const number of numbers.filter((each) => each >= start.number)) {
    const after = number === start.number ? start.after : "";
    const { active, next } = await read(number, after, limit - entities.length);
    for (const { id, at } of active)
      if (isListed(id, at)) entities.push({ id, event_time: at, age_ms: Math.max(0, now - at) });
    if (next !== undefined) return { entities, cursor: `${kind}${number}.${next}` };
  }
  return { entities };
};
