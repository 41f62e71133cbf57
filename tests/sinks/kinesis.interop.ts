import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodePackages } from "../interop/install.ts";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";
import { ANY_KEYS, callKinesis, type Keys, type Moto, REGION, startMoto } from "./aws.ts";
import { type LocalServer, startLocalServer } from "./local-server.ts";
import type { Sending, Sent, SentEvent } from "./sending.ts";

const KINESALITE = "kinesalite@3.3.3";

let kinesalite: { origin: string; server: LocalServer };
let moto: Moto;
let folder: string;
let worker: Workerd;

/** Creates a stream with three shards, and waits until it is active. */
const createStream = async (origin: string, keys: Keys, name: string) => {
  await callKinesis(origin, keys, "CreateStream", { StreamName: name, ShardCount: 3 });
  for (;;) {
    const { StreamDescription } = (await callKinesis(origin, keys, "DescribeStream", { StreamName: name })) as {
      StreamDescription: { StreamStatus: string };
    };
    if (StreamDescription.StreamStatus === "ACTIVE") return;
    await sleep(50);
  }
};

/**
 * @shows a Worker writes to kinesalite, and to moto, which checks the signatures; records of a session keep their order in one shard, and a killed server loses none
 * @needs Python 3.10 or later with pip, and npm; installs kinesalite 3.3.3 and moto 5.2.5 (100 MB) once
 */
beforeAll(async () => {
  const packages = await nodePackages(KINESALITE);
  folder = await mkdtemp(join(tmpdir(), "tidemark-kinesis-"));
  const port = await getPort();
  const origin = `http://127.0.0.1:${port}`;
  const program = join(packages, "node_modules/kinesalite/cli.js");
  const args = [program, "--port", `${port}`, "--path", join(folder, "streams"), "--createStreamMs", "10"];
  kinesalite = { origin, server: await startLocalServer(origin, process.execPath, args) };
  await createStream(origin, ANY_KEYS, "events");
  moto = await startMoto("kinesis", (address) => createStream(address, ANY_KEYS, "events"));
  const secrets = { KEY_ID: moto.keys.accessKeyId, KEY: moto.keys.secretAccessKey, WRONG_KEY: "wrong" };
  worker = await startWorkerd(
    new URL("workers/sending.ts", import.meta.url),
    secrets,
    {},
    { objects: [], authorities: [] },
  );
  console.log(`${KINESALITE}, moto 5.2.5`);
}, 600_000);
afterAll(async () => {
  await worker?.remove();
  await kinesalite?.server.kill();
  await moto?.server.kill();
  await rm(folder, { recursive: true, force: true });
});

const SETTINGS = { stream: "events", region: REGION, accessKeyIdSecret: "KEY_ID", secretAccessKeySecret: "KEY" };

const send = async (origin: string, events: readonly SentEvent[], more: object = {}, attempts = 400): Promise<Sent> => {
  const settings = { ...SETTINGS, endpoint: origin, ...more };
  const body: Sending = { to: "kinesis", settings, id: "shop/0/1-9", events, attempts };
  const response = await fetch(worker.origin, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Sent;
};

const eventsOf = (prefix: string, count: number, text = ""): SentEvent[] =>
  Array.from({ length: count }, (_, index) => ({ session: `${prefix} ${index % 20}`, seq: index + 1, text }));

interface ReadRecord {
  shard: string;
  key: string;
  value: { id: string; event: { session_id: string; seq: number } };
}

/** Reads the records of sessions whose ids have a prefix, shard by shard. */
const read = async (origin: string, keys: Keys, prefix: string): Promise<ReadRecord[]> => {
  const call = async <T>(operation: string, body: object) => (await callKinesis(origin, keys, operation, body)) as T;
  const { StreamDescription } = await call<{ StreamDescription: { Shards: { ShardId: string }[] } }>("DescribeStream", {
    StreamName: "events",
  });
  const records: ReadRecord[] = [];
  for (const { ShardId: shard } of StreamDescription.Shards) {
    const place = { StreamName: "events", ShardId: shard, ShardIteratorType: "TRIM_HORIZON" };
    let { ShardIterator } = await call<{ ShardIterator: string }>("GetShardIterator", place);
    for (;;) {
      const page = await call<{ Records: { Data: string; PartitionKey: string }[]; NextShardIterator: string }>(
        "GetRecords",
        { ShardIterator },
      );
      if (page.Records.length === 0) break;
      for (const { Data, PartitionKey: key } of page.Records)
        records.push({ shard, key, value: JSON.parse(Buffer.from(Data, "base64").toString()) });
      ShardIterator = page.NextShardIterator;
    }
  }
  return records.filter(({ key }) => key.startsWith(prefix));
};

const idOf = ({ session, seq }: SentEvent) => `${session}/tab1/${seq}`;

const SENT: Sent = { attempts: 1, pending: 0, refused: [], reasons: [] };

describe.each(["kinesalite", "moto"])("a sink of Kinesis with %s", { timeout: 180_000 }, (name) => {
  const server = () => (name === "moto" ? moto : { ...kinesalite, keys: ANY_KEYS });

  it("writes each record once, and those of a session into one shard in order", async () => {
    const { origin, keys } = server();
    const events = eventsOf("once", 1_200);
    expect(await send(origin, events)).toEqual(SENT);
    const records = await read(origin, keys, "once");
    expect(records.map(({ value }) => value.id).toSorted()).toEqual(events.map(idOf).toSorted());
    expect(new Set(records.map(({ shard }) => shard)).size).toBe(3);
    const latest = new Map<string, { shard: string; seq: number }>();
    for (const { shard, key, value } of records) {
      expect(value.event.session_id).toBe(key);
      const before = latest.get(key) ?? { shard, seq: 0 };
      expect(before.shard).toBe(shard);
      expect(value.event.seq).toBeGreaterThan(before.seq);
      latest.set(key, { shard, seq: value.event.seq });
    }
  });

  it("refuses a record that the stream does not accept for its size, and writes the others", async () => {
    const { origin, keys } = server();
    const [first, large, last] = eventsOf("size", 3);
    const events = [first, { session: "size 1", seq: 2, ...large, text: "x".repeat(1_100_000) }, last].flatMap(
      (each) => each ?? [],
    );
    const { refused, ...sent } = await send(origin, events);
    expect(sent).toEqual({ attempts: 1, pending: 0, reasons: [] });
    expect(refused).toEqual([
      expect.stringMatching(/^size 1\/tab1\/2: Kinesis responded with status 400: \w+Exception: /),
    ]);
    const ids = (await read(origin, keys, "size")).map(({ value }) => value.id);
    expect(ids.toSorted()).toEqual(["size 0/tab1/1", "size 2/tab1/3"]);
  });

  it("waits for a stream that does not exist", async () => {
    const { pending, reasons } = await send(server().origin, eventsOf("none", 3), { stream: "none" }, 2);
    expect(pending).toBe(3);
    expect(reasons).toEqual([
      expect.stringMatching(/^Kinesis responded with status 400: ResourceNotFoundException: .*none/),
    ]);
  });
});

describe("a sink of Kinesis", { timeout: 180_000 }, () => {
  it("signs its requests", async () => {
    const { origin, keys } = moto;
    const wrong = await send(origin, eventsOf("signed", 3), { secretAccessKeySecret: "WRONG_KEY" }, 1);
    expect(wrong).toMatchObject({ pending: 3, refused: [], reasons: ["Kinesis responded with status 403"] });
    expect(await read(origin, keys, "signed")).toEqual([]);
    expect(await send(origin, eventsOf("signed", 3))).toEqual(SENT);
  });

  it("writes to a stream by its ARN", async () => {
    const streamArn = `arn:aws:kinesis:${REGION}:123456789012:stream/events`;
    expect(await send(moto.origin, eventsOf("arn", 3), { stream: undefined, streamArn })).toEqual(SENT);
    expect(await read(moto.origin, moto.keys, "arn")).toHaveLength(3);
  });

  it("loses no record when the server is killed again and again", async () => {
    const { origin, server } = kinesalite;
    const events = eventsOf("kill", 6_000, "x".repeat(2_000));
    const sending = send(origin, events);
    for (let kills = 0; kills < 5; kills++) {
      await sleep(150);
      await server.kill();
      await sleep(300);
      await server.restart();
    }
    const sent = await sending;
    expect(sent).toMatchObject({ pending: 0, refused: [] });
    expect(sent.reasons).toContain("the target could not be reached");
    const ids = (await read(origin, ANY_KEYS, "kill")).map(({ value }) => value.id);
    expect(new Set(ids)).toEqual(new Set(events.map(idOf)));
    console.log(`${sent.attempts} attempts; ${ids.length - events.length} of ${events.length} records twice`);
  });
});
