import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { type Env, egressOf, partitionOf, sessionOf as sessionIn } from "../../src/env.ts";
import type { Attempt, SinkOutcome } from "../../src/sinks/sink.ts";
import { accept, batch, custom, newSession } from "../workers/client.ts";
import { feedSites, gatheringSites, type SinkAttempt, tenant, traffic } from "../workers/worker.ts";

const bindings = env as unknown as Env;

/** The object of a session. */
export const sessionObject = (site: string, session: string) => sessionIn(bindings, tenant(site), session);

let sites = 0;

/** Takes a site that no other test of the file has. */
export const nextSite = (): string => {
  sites += 1;
  return `feed${sites - 1}`;
};

export const egress = (site: string, sink: string, partition = 0) => egressOf(bindings, tenant(site), sink, partition);

export const partition = (site: string, number = 0) => partitionOf(bindings, tenant(site), number);

/** Sends a batch of custom events of a session. Returns their ids. */
export const send = async (site: string, session_id: string, seqs: number[], more = {}): Promise<string[]> => {
  const { key } = [...feedSites, ...gatheringSites].find(({ id }) => id === site) ?? { key: `tm_${site}_66666666` };
  const events = seqs.map((seq) => custom(seq));
  await accept(batch(events, { key, session_id, ...more }));
  return seqs.map((seq) => `${session_id}/tab0000001/${seq}`);
};

export const sessionOf = (site: string) => newSession(site);

export const eventually = (assertion: () => void | Promise<void>) =>
  vi.waitFor(assertion, { timeout: 20_000, interval: 20 });

/** The outcome of each record of a sink's attempt; `undefined` for delivered. */
type Rule = (id: string, attempt: SinkAttempt) => SinkOutcome | undefined;

/** Records what sinks deliver, as a target that stores each attempt. */
export const recordDeliveries = (rule: Rule = () => undefined) => {
  const delivered: Record<string, string[]> = {};
  const attempts: SinkAttempt[] = [];
  traffic.attempt = async (attempt): Promise<Attempt<unknown>> => {
    const { sink, cut, context } = attempt;
    attempts.push({ ...attempt, cut: { ...cut, pending: [...cut.pending] } });
    const outcomes = cut.pending.map((index): SinkOutcome => {
      const id = cut.records[index]?.id ?? "";
      const outcome = rule(id, attempt) ?? { type: "delivered" };
      if (outcome.type === "delivered") {
        const list = delivered[`${context.site} ${sink}`] ?? [];
        list.push(id);
        delivered[`${context.site} ${sink}`] = list;
      }
      return outcome;
    });
    return { outcomes };
  };
  return { attempts, to: (site: string, sink = "all"): string[] => delivered[`${site} ${sink}`] ?? [] };
};

export const alarmOf = (stub: DurableObjectStub) => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());

/** Time within which a partition announces each record to its sinks, in milliseconds. */
export const ANNOUNCED_MS = 10_000;

/** Waits for an assertion, while the partition of a site announces its records without the pause between two calls. */
export const eventuallySent = (site: string, assertion: () => void | Promise<void>) =>
  eventually(async () => {
    if (Number(await alarmOf(partition(site))) <= Date.now() + ANNOUNCED_MS) await runAlarm(partition(site));
    await assertion();
  });

/** Moves the clock to an object's alarm, and runs it. */
export const runAlarm = async (stub: DurableObjectStub): Promise<boolean> => {
  const at = await alarmOf(stub);
  if (at !== null) vi.setSystemTime(Math.max(Date.now(), at));
  return runDurableObjectAlarm(stub);
};

/** Stops an object as a crash does. */
export const stop = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_, state) => state.abort("the object stops")).catch(() => {});
