import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Site, TidemarkConfig } from "@tidemark/collector/config";
import type { BatchResponse, ErrorResponse, VectorResponse } from "@tidemark/schema";
import { featuresOf } from "@tidemark/schema/entities";
import type { LocalCollector } from "../local-stack/local-collector.ts";
import { createSampleSession, type SampleSession } from "./sample-session.ts";

/** Longest wait for a vector, in milliseconds. The vectors of users and pages are up to date within a second. */
const VECTOR_TIMEOUT_MS = 10_000;

/** A check of a running collector. */
export interface Check {
  /** The statement that the check verifies. */
  name: string;
  /** @throws Error with the unexpected response. */
  run(): Promise<void>;
}

const expect = (isMet: boolean, message: string): void => {
  if (!isMet) throw new Error(message);
};

/** Returns an origin that matches a pattern of a site's `origins`. */
const originMatching = (pattern: string): string => pattern.replace(/:\*$/, ":8080").replaceAll("*", "test");

const post = async (collector: string, { batch }: SampleSession, key: string, origin: string): Promise<Response> =>
  fetch(`${collector}/v1/events`, { method: "POST", headers: { origin }, body: JSON.stringify({ ...batch, key }) });

const read = (collector: string, entity: string, id: string, key: string): Promise<Response> =>
  fetch(`${collector}/v1/features/${entity}/${encodeURIComponent(id)}`, {
    headers: { authorization: `Bearer ${key}` },
  });

/** Reads a vector repeatedly until it exists, for at most {@link VECTOR_TIMEOUT_MS}. */
const readUntilFound = async (...args: Parameters<typeof read>): Promise<Response> => {
  const deadline = Date.now() + VECTOR_TIMEOUT_MS;
  for (;;) {
    const response = await read(...args);
    if (response.ok || Date.now() > deadline) return response;
    await sleep(100);
  }
};

const errorOf = async (response: Response): Promise<string> => {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as ErrorResponse;
    return `${response.status} ${error.code}: ${error.message}`;
  } catch {
    return `${response.status} ${text.slice(0, 200)}`;
  }
};

const acceptsBatch = ({ origin: collector }: LocalCollector, site: Site, session: SampleSession): Check => ({
  name: `site ${site.id}: the collector accepts all ${session.batch.events.length} events of a batch with the site's public key`,
  async run() {
    const response = await post(collector, session, site.key, originMatching(site.origins[0] ?? ""));
    expect(response.ok, await errorOf(response.clone()));
    const { accepted, rejected } = (await response.json()) as BatchResponse;
    const reasons = rejected.map(({ index, message }) => `${session.batch.events[index]?.type}: ${message}`).join("; ");
    expect(accepted === session.batch.events.length, `${accepted} accepted; ${reasons}`);
  },
});

const hasVector = (
  collector: LocalCollector,
  site: Site,
  entity: keyof SampleSession["ids"],
  session: SampleSession,
  names: string[],
): Check => ({
  name: `site ${site.id}: the vector of the ${entity} has all ${names.length} features`,
  async run() {
    const response = await readUntilFound(
      collector.origin,
      entity,
      session.ids[entity],
      collector.keys[site.readKeySecret] ?? "",
    );
    expect(response.ok, await errorOf(response.clone()));
    const { features } = (await response.json()) as VectorResponse;
    const missing = names.filter((name) => !(name in features));
    expect(missing.length === 0, `missing features: ${missing.join(", ")}`);
  },
});

const rejectsWrongKey = ({ origin: collector }: LocalCollector, site: Site, session: SampleSession): Check => ({
  name: `site ${site.id}: the collector rejects a wrong key, for events and for features`,
  async run() {
    const sent = await post(collector, session, `${site.key}0`, originMatching(site.origins[0] ?? ""));
    expect(sent.status === 401, `events: expected status 401; given ${sent.status}`);
    const vector = await read(collector, "session", session.ids.session, "wrong");
    expect(vector.status === 401, `features: expected status 401; given ${vector.status}`);
  },
});

const servesScriptTag = ({ origin: collector }: LocalCollector): Check => ({
  name: "the collector serves /tidemark.js and every file of /tidemark.json with the listed integrity",
  async run() {
    const fetchText = async (path: string): Promise<string> => {
      const response = await fetch(`${collector}/${path}`);
      expect(response.ok, `/${path}: expected status 200; given ${response.status}`);
      return response.text();
    };
    const { tag, integrity } = JSON.parse(await fetchText("tidemark.json")) as {
      tag: string;
      integrity: Record<string, string>;
    };
    for (const [path, expected] of [["tidemark.js", integrity[tag]], ...Object.entries(integrity)] as const) {
      const given = `sha384-${createHash("sha384")
        .update(await fetchText(path ?? ""))
        .digest("base64")}`;
      expect(given === expected, `/${path}: expected integrity ${expected} from /tidemark.json; given ${given}`);
    }
  },
});

/** Returns the checks of a deployment's collector, in order: a site's batch must precede the checks of its vectors. */
export const checksOf = ({ sites, features: defaults }: TidemarkConfig, collector: LocalCollector): Check[] => [
  servesScriptTag(collector),
  ...sites.flatMap((site) => {
    const { features = defaults } = site;
    const session = createSampleSession(site);
    const vectors = (["session", "user", "page"] as const).flatMap((entity) => {
      const names = featuresOf(features, entity).map(({ name }) => name);
      return names.length ? [hasVector(collector, site, entity, session, names)] : [];
    });
    return [acceptsBatch(collector, site, session), ...vectors, rejectsWrongKey(collector, site, session)];
  }),
];
