import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { openLog } from "@tidemark/cli/log";
import type { BatchResponse } from "@tidemark/schema";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Receiver, startReceiver } from "../../packages/collector/test/webhooks/receiver.ts";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import config from "../../tidemark.config.ts";

/** Number of times that the collector is killed, and largest number of batches that it acknowledges between two kills. */
const KILLS = 8;
const MAX_BATCHES = 60;

const VISITORS = 8;

/** Number of events in a batch. */
const EVENTS = 3;

/** Number of reactions that fire once, together. A response has eight of them. */
const ONCE = 12;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KEY = config.sites[0]?.key ?? "";
const SECRET = "1111111111-2222222222-3333333333-4444444444";

const atLeast = (right: number) => ({ op: "gte", left: { feature: "custom_event_count" }, right });

const reactions = [
  ...Array.from({ length: ONCE }, (_, index) => ({
    ...{ name: `once_${index}`, entity: "session", when: atLeast(2 * EVENTS), once: true, expiresMs: 86_400_000 },
    ...{ payload: { index }, to: ["page"], holdout: 0 },
  })),
  {
    ...{ name: "again", entity: "session", when: atLeast(EVENTS), cooldownMs: 1_000, expiresMs: 3_600_000 },
    ...{ to: ["page"], holdout: 0 },
  },
  {
    ...{ name: "both", entity: "session", when: atLeast(EVENTS), cooldownMs: 5_000, expiresMs: 3_600_000 },
    ...{ to: ["page", "webhook"], holdout: 0 },
  },
  {
    ...{ name: "held", entity: "session", when: atLeast(1), cooldownMs: 1_000, expiresMs: 3_600_000 },
    ...{ to: ["page", "webhook"], holdout: 0.999999999 },
  },
];

let receiver: Receiver;
let stack: LocalStack;
let folder: string;
beforeAll(async () => {
  receiver = await startReceiver();
  mkdirSync(join(ROOT, ".wrangler"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".wrangler/reactions-"));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write(
    "tidemark.config.ts",
    `import { defineConfig } from "@tidemark/collector/config";
import config from "../../tidemark.config.ts";

export default defineConfig({
  ...config,
  models: [],
  reactions: ${JSON.stringify(reactions)} as never,
  webhook: { url: ${JSON.stringify(receiver.url)}, secrets: ["HOOK_SECRET"] },
});
`,
  );
  write("worker.ts", readFileSync(join(ROOT, "worker.ts"), "utf8"));
  write("wrangler.toml", readFileSync(join(ROOT, "tests/e2e/projects/kills/wrangler.toml"), "utf8"));
  stack = await startLocalStack({ deployment: folder, site: EXAMPLE_SITE });
});
afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A visitor with the ids that the page has received, by the reaction's name, and those that the collector knows it has. */
class Visitor {
  readonly id = crypto.randomUUID().slice(0, 13);
  readonly session = `demo.${this.id}`;
  readonly received = new Map<string, Set<string>>();
  readonly #acknowledged = new Set<string>();
  #pending: string[] = [];
  #sent = 0;

  get batch() {
    const now = Date.now();
    const event = (index: number) => ({ type: "custom", seq: this.#sent + index, time: now, name: "x" });
    return {
      ...{ v: 1, key: KEY, sent_at: now, session_id: this.session, session_secret: SECRET },
      ...{ anonymous_id: this.id, tab_id: this.id, sdk: "test/1", reactions_received: [...this.#pending] },
      ...{ views: [], events: Array.from({ length: EVENTS }, (_, index) => event(index)) },
    };
  }

  take({ accepted, duplicates, reactions = [] }: BatchResponse, acknowledged: readonly string[]): void {
    expect(accepted + duplicates).toBe(EVENTS);
    this.#sent += EVENTS;
    for (const id of acknowledged) this.#acknowledged.add(id);
    this.#pending = [];
    expect(reactions.length).toBeLessThanOrEqual(8);
    for (const { id, name } of reactions) {
      expect(this.#acknowledged, `${name} ${id} of ${this.session}, which was acknowledged`).not.toContain(id);
      this.received.set(name, (this.received.get(name) ?? new Set()).add(id));
      this.#pending.push(id);
    }
  }
}

/** The payload of a record. */
interface Step {
  reaction: string;
  reaction_id: string;
  step: string;
  arm: string;
  id: string;
  time: number;
}

const stepsInLog = async (): Promise<Step[]> => {
  const authorization = `Bearer ${stack.adminKey}`;
  await fetch(`${stack.collector.origin}/v1/log/cut?site=demo`, { method: "POST", headers: { authorization } });
  const address = { url: stack.collector.origin, adminKey: stack.adminKey };
  const log = await openLog({ folder: join(folder, "log") }, address, { id: "demo", features: config.features });
  try {
    const rows = await log.database.all("SELECT payload::VARCHAR AS payload FROM log_records WHERE kind = 'reaction'");
    return rows.map(({ payload }) => JSON.parse(String(payload)) as Step);
  } finally {
    log.close();
    rmSync(join(folder, "log"), { recursive: true, force: true });
  }
};

it(`delivers each reaction until it is acknowledged, and each message, when the collector is killed ${KILLS} times`, async () => {
  const confirmed = new Set<string>();
  /** The number of attempts by message. */
  const attempts = new Map<string, number>();
  receiver.respond = ({ headers }, response) => {
    const id = String(headers["webhook-id"]);
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, attempt);
    // Of the first attempts one in four fails, and one in four gets no response.
    if (attempt === 1 && id < "4") response.writeHead(503).end();
    else if (attempt === 1 && id < "8") response.destroy();
    else {
      confirmed.add(id);
      response.writeHead(204).end();
    }
  };
  let hasEnded = false;
  let up = Promise.resolve();
  let onAcknowledged = () => {};
  const deliver = async (batch: object): Promise<BatchResponse> => {
    for (;;) {
      await up;
      const options = { method: "POST", body: JSON.stringify(batch) };
      const response = await fetch(`${stack.collector.origin}/v1/events`, options).catch(() => undefined);
      const body = response?.ok ? await response.json().catch(() => undefined) : undefined;
      if (body) return body as BatchResponse;
    }
  };
  const visitors = Array.from({ length: VISITORS }, () => new Visitor());
  const sendOnce = async (visitor: Visitor) => {
    const { batch } = visitor;
    visitor.take(await deliver(batch), batch.reactions_received);
    onAcknowledged();
  };
  const sendUntilEnd = async (visitor: Visitor) => {
    while (!hasEnded) await sendOnce(visitor);
  };
  const killRepeatedly = async () => {
    for (let kill = 1; kill <= KILLS && !hasEnded; kill += 1) {
      const wanted = Math.ceil(Math.random() * MAX_BATCHES);
      await new Promise<void>((resolve) => {
        let batches = 0;
        onAcknowledged = () => {
          batches += 1;
          if (batches === wanted || hasEnded) resolve();
        };
      });
      let resume = () => {};
      up = new Promise((resolve) => {
        resume = resolve;
      });
      try {
        await stack.collector.kill();
        await stack.collector.restart();
      } finally {
        resume();
      }
    }
    hasEnded = true;
  };
  try {
    // A visitor who receives something wrong ends the test.
    await Promise.all([killRepeatedly(), ...visitors.map(sendUntilEnd)]);
  } finally {
    hasEnded = true;
    await up;
  }
  // The acknowledgement of what the latest response had.
  for (let batch = 0; batch < 2; batch += 1) await Promise.all(visitors.map(sendOnce));

  for (const { received } of visitors) {
    expect(received.has("held")).toBe(false);
    for (let index = 0; index < ONCE; index += 1) expect(received.get(`once_${index}`)?.size).toBe(1);
    expect(received.get("again")?.size).toBeGreaterThan(KILLS / 2);
  }
  expect(receiver.received.filter(({ body }) => !body.includes('"reaction":"both"'))).toEqual([]);
  const messages = visitors.flatMap(({ received }) => [...(received.get("both") ?? [])]);
  expect(messages.length).toBeGreaterThan(VISITORS);
  // A message whose outcome is unknown is sent again after a minute, and the second time after another one.
  const timeout = { timeout: 150_000, interval: 500 };
  const missing = () => messages.filter((id) => !confirmed.has(id)).map((id) => [id, attempts.get(id) ?? 0]);
  await vi.waitFor(() => expect(missing()).toEqual([]), timeout);

  const ownIds = new Set(visitors.flatMap(({ received }) => [...received.values()].flatMap((ids) => [...ids])));
  const ownSteps = await vi.waitFor(async () => {
    const steps = await stepsInLog();
    const fired = new Set(steps.filter(({ step }) => step === "fired").map(({ reaction_id }) => reaction_id));
    expect([...ownIds].filter((id) => !fired.has(id))).toEqual([]);
    return steps;
  }, timeout);
  const keys = ownSteps.map(({ reaction_id, step }) => `${reaction_id} ${step}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(ownSteps.filter(({ step }) => step !== "fired" && step !== "received")).toEqual([]);
  const held = ownSteps.filter(({ reaction }) => reaction === "held");
  expect(held.length).toBeGreaterThan(VISITORS);
  expect(held.filter(({ arm, step }) => arm !== "holdout" || step !== "fired")).toEqual([]);
  // At most one firing in its cooldown.
  for (const { session } of visitors) {
    const times = ownSteps
      .filter(({ id, reaction, step }) => id === session && reaction === "again" && step === "fired")
      .map(({ time }) => time)
      .sort((a, b) => a - b);
    for (const [index, time] of times.slice(1).entries())
      expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(1_000);
  }
});
