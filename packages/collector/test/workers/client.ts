import { exports } from "cloudflare:workers";
import {
  type BatchResponse,
  defaultFeatures,
  type ErrorResponse,
  type RollupVectorResponse,
  type SessionVectorResponse,
} from "@tidemark/schema";
import { expect, vi } from "vitest";
import type { StoredSession } from "../../src/session/row.ts";
import { decode, encode } from "../../src/session/row-codec.ts";

/** Time of the tests' events, in UTC milliseconds. */
export const NOW = 1_700_000_000_000;

export const view = { view_id: "view000001", started_at: NOW, url: "https://shop.example/a", path: "/a" };

export const page = (seq: number) => ({
  type: "page_view",
  seq,
  time: NOW + seq,
  view_id: view.view_id,
  cause: "load",
});

export const custom = (seq: number, name = "x") => ({ type: "custom", seq, time: NOW + seq, name });

let sessions = 0;

/** Creates a session id that no other test uses. */
export const newSession = (site = "shop") => {
  sessions += 1;
  return `${site}.session-${sessions}-${crypto.randomUUID().slice(0, 8)}`;
};

export const batch = (events: unknown[], more: Record<string, unknown> = {}) => ({
  v: 1,
  key: "tm_shop_aaaaaaaa",
  sent_at: NOW + 1000,
  session_id: newSession(),
  anonymous_id: "anonymous1",
  tab_id: "tab0000001",
  sdk: "test/1",
  views: [view],
  events,
  ...more,
});

const KEYS = {
  shop: "tm_shop_aaaaaaaa",
  blog: "tm_blog_bbbbbbbb",
  club: "tm_club_cccccccc",
  bank: "tm_bank_dddddddd",
  news: "tm_news_eeeeeeee",
  gate: "tm_gate_99999999",
  labs: "tm_labs_11111111",
  lake: "tm_lake_22222222",
  hook: "tm_hook_33333333",
  hall: "tm_hall_33333333",
  wait: "tm_wait_44444444",
  desk: "tm_desk_77777777",
};

/** A batch for a site of the tests' deployment. */
export const batchFor = (site: keyof typeof KEYS, events: unknown[], more = {}) => {
  return batch(events, { key: KEYS[site], session_id: newSession(site), ...more });
};

const worker = (exports as unknown as { default: Fetcher }).default;

export const request = (path: string, init?: RequestInit) => worker.fetch(`https://collector.example${path}`, init);

export const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  request("/v1/events", { method: "POST", body, headers });

export const accept = async (body: unknown): Promise<BatchResponse> => {
  const response = await post(JSON.stringify(body));
  if (response.status !== 200) throw new Error(`expected 200, got ${response.status}: ${await response.text()}`);
  return response.json();
};

export const errorOf = async (response: Response): Promise<[status: number, code: string, message: string]> => {
  const { error } = await response.json<ErrorResponse>();
  return [response.status, error.code, error.message];
};

export const read = (session: string, readKey = "shop-read-key") =>
  request(`/v1/features/session/${session}`, { headers: { authorization: `Bearer ${readKey}` } });

/** A secret of a session, as a browser generates it. */
export const SECRET = "1111111111-2222222222-3333333333-4444444444";

/** Reads a session as a page does. */
export const readByPage = (
  session: string,
  headers: Record<string, string> = {},
  { key = "tm_shop_aaaaaaaa", session_secret = SECRET }: { key?: unknown; session_secret?: unknown } = {},
) =>
  request(`/v1/features/session/${session}`, {
    method: "POST",
    headers: { origin: "https://shop.example", ...headers },
    body: JSON.stringify({ key, session_secret }),
  });

export const readRollup = (entity: string, id: string, readKey = "shop-read-key") =>
  request(`/v1/features/${entity}/${encodeURIComponent(id)}`, { headers: { authorization: `Bearer ${readKey}` } });

/** The vector of a user, page or product; `undefined` if not found. */
export const rollupVectorOf = async (
  entity: string,
  id: string,
  readKey?: string,
): Promise<RollupVectorResponse | undefined> => {
  const response = await readRollup(entity, id, readKey);
  return response.status === 404 ? undefined : response.json();
};

/** Sends a session of a user of the site `shop`, and waits until its entities are merged. Returns the session's id. */
export const visitBy = async (user_id: string): Promise<string> => {
  const body = batch([page(0), custom(1)], { user_id });
  await accept(body);
  await vi.waitFor(async () => expect(await rollupVectorOf("user", user_id)).toBeDefined(), 20_000);
  return body.session_id;
};

export const vectorOf = async (session: string, readKey?: string): Promise<SessionVectorResponse> =>
  (await read(session, readKey)).json();

/** All keys and rows that an object stores. */
export const rowsOf = ({ kv, sql }: DurableObjectStorage): unknown[] => {
  const tables = sql.exec<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'",
  );
  const rows = [...tables].flatMap(({ name }) => sql.exec(`SELECT * FROM ${name}`).toArray());
  const readable = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, column]) => [
        name,
        column instanceof ArrayBuffer && column.byteLength > 0 ? decode(column) : column,
      ]),
    ),
  );
  return [...kv.list(), ...readable];
};

/** Changes the stored state of a session, as if another deployment had written it. */
export const rewriteSession = ({ sql }: DurableObjectStorage, change: (stored: StoredSession) => void): void => {
  const { name } = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name GLOB 'session*'").one();
  const stored = decode(sql.exec<{ state: ArrayBuffer }>(`SELECT state FROM ${name}`).one().state) as StoredSession;
  change(stored);
  sql.exec(`UPDATE ${name} SET state = ?`, encode(stored, 0));
};

/** Names of the features that depend on the time of the read. */
const timeDependent = new Set(
  defaultFeatures
    .filter(
      (feature) =>
        "aggregate" in feature &&
        (["decayed_count", "time_since_last"].includes(feature.aggregate.type) ||
          ["tumbling", "hopping", "cumulative"].includes(feature.window.type)),
    )
    .map(({ name }): string => name),
);

/** The part of a vector that does not depend on the time of the read. */
export const stablePart = ({ features, age_ms, ...rest }: SessionVectorResponse) => ({
  ...rest,
  features: Object.fromEntries(Object.entries(features).filter(([name]) => !timeDependent.has(name))),
});
