import { gunzipSync } from "node:zlib";
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";
import { ANY_KEYS, type Keys, type Moto, REGION, startMoto } from "./aws.ts";
import type { Sending, Sent, SentEvent } from "./sending.ts";

const BUCKET = "shop-events";

let moto: Moto;
let worker: Workerd;

/** Calls the storage, as another client does. @throws Error with its response. */
const call = async (origin: string, keys: Keys, method: string, path: string): Promise<Buffer> => {
  const client = new AwsClient({ ...keys, service: "s3", region: REGION });
  const constraint = `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`;
  const response = await client.fetch(`${origin}/${path}`, {
    method,
    ...(method === "PUT" ? { body: constraint } : {}),
  });
  const body = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(body.toString());
  return body;
};

/**
 * @shows a Worker writes objects to the S3 of moto, which checks the signatures; a repeated cut changes nothing, and another client reads each record once
 * @needs Python 3.10 or later with pip; installs moto 5.2.5 (100 MB) once
 */
beforeAll(async () => {
  moto = await startMoto("s3", (origin) => call(origin, ANY_KEYS, "PUT", BUCKET));
  const secrets = { KEY_ID: moto.keys.accessKeyId, KEY: moto.keys.secretAccessKey, WRONG_KEY: "wrong" };
  worker = await startWorkerd(
    new URL("workers/sending.ts", import.meta.url),
    secrets,
    {},
    { objects: [], authorities: [] },
  );
  console.log("moto 5.2.5");
}, 600_000);
afterAll(async () => {
  await worker?.remove();
  await moto?.server.kill();
});

const SETTINGS = { bucket: BUCKET, region: REGION, accessKeyIdSecret: "KEY_ID", secretAccessKeySecret: "KEY" };

const send = async (id: string, events: readonly SentEvent[], more: object = {}, attempts = 5): Promise<Sent> => {
  const body: Sending = { to: "s3", settings: { ...SETTINGS, endpoint: moto.origin, ...more }, id, events, attempts };
  const response = await fetch(worker.origin, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Sent;
};

const eventsOf = (count: number, from: number): SentEvent[] =>
  Array.from({ length: count }, (_, index) => ({ session: `session ${index % 20}`, seq: from + index }));

/** The names of the objects with a prefix, and the ids of their records. */
const read = async (prefix: string): Promise<{ names: string[]; ids: string[] }> => {
  const list = (
    await call(moto.origin, moto.keys, "GET", `${BUCKET}?list-type=2&prefix=${encodeURIComponent(prefix)}`)
  ).toString();
  const names = [...list.matchAll(/<Key>([^<]+)<\/Key>/g)].flatMap(([, name]) => name ?? []);
  const ids: string[] = [];
  for (const name of names) {
    const object = await call(
      moto.origin,
      moto.keys,
      "GET",
      `${BUCKET}/${name.split("/").map(encodeURIComponent).join("/")}`,
    );
    const lines = gunzipSync(object).toString().trimEnd().split("\n");
    ids.push(...lines.map((line) => (JSON.parse(line) as { id: string }).id));
  }
  return { names, ids };
};

const idOf = ({ session, seq }: SentEvent) => `${session}/tab1/${seq}`;

const SENT: Sent = { attempts: 1, pending: 0, refused: [], reasons: [] };

describe("a sink of S3-compatible storage", { timeout: 120_000 }, () => {
  it("writes each record once, however often its cut is repeated", async () => {
    const cuts = [eventsOf(2_000, 1), eventsOf(500, 2_001)];
    for (const [index, events] of cuts.entries())
      for (let times = 0; times < 3; times++)
        expect(await send(`shop/0/${index + 1}-${index + 9}`, events, { prefix: "once" })).toEqual(SENT);
    const { names, ids } = await read("once/");
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/^once\/site=shop\/dt=2026-11-20\/0-1-9-\d{13}\.ndjson\.gz$/);
    expect(ids.toSorted()).toEqual(cuts.flat().map(idOf).toSorted());
  });

  it("signs its requests", async () => {
    const more = { prefix: "signed", secretAccessKeySecret: "WRONG_KEY" };
    const reason = "the storage responded with status 403: SignatureDoesNotMatch";
    expect(await send("shop/0/1-3", eventsOf(3, 1), more, 1)).toMatchObject({ pending: 3, reasons: [reason] });
    expect((await read("signed/")).names).toEqual([]);
    expect(await send("shop/0/1-3", eventsOf(3, 1), { prefix: "signed" })).toEqual(SENT);
  });

  it("waits for a bucket that does not exist", async () => {
    const { pending, reasons } = await send("shop/0/1-3", eventsOf(3, 1), { bucket: "no-bucket" }, 2);
    expect(pending).toBe(3);
    expect(reasons).toEqual(["the storage responded with status 404: NoSuchBucket"]);
  });
});
