import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Site, TidemarkConfig } from "@tidemark/collector/config";
import type { BatchResponse, ErrorResponse, VectorResponse } from "@tidemark/schema";
import { featuresOf } from "@tidemark/schema/entities";
import type { LocalCollector } from "../local-stack/local-collector.ts";
import { createSampleSession, type SampleSession } from "./sample-session.ts";

/** Longest wait for a vector, in milliseconds. The collector promises those of users and pages within a second. */
const VECTOR_TIMEOUT_MS = 10_000;

/** One check of a running collector. */
export interface Check {
  /** The statement that the check confirms. */
  name: string;
  /** @throws Error with the answer that was received instead. */
  run(): Promise<void>;
}

const expect = (holds: boolean, given: string): void => {
  if (!holds) throw new Error(given);
};

/** A page's origin that a pattern of a site's `origins` allows. */
const originLike = (pattern: string): string => pattern.replace(/:\*$/, ":8080").replaceAll("*", "test");

const post = async (collector: string, { batch }: SampleSession, key: string, origin: string): Promise<Response> =>
  fetch(`${collector}/v1/events`, { method: "POST", headers: { origin }, body: JSON.stringify({ ...batch, key }) });

const read = (collector: string, entity: string, id: string, key: string): Promise<Response> =>
  fetch(`${collector}/v1/features/${entity}/${encodeURIComponent(id)}`, {
    headers: { authorization: `Bearer ${key}` },
  });

/** Reads a vector until it exists, or for {@link VECTOR_TIMEOUT_MS}. */
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

const acceptsBatch = ({ origin: collector }: LocalCollector, site: Site, visit: SampleSession): Check => ({
  name: `site ${site.id}: a batch with the site's key is accepted, each of its ${visit.batch.events.length} events`,
  async run() {
    const response = await post(collector, visit, site.key, originLike(site.origins[0] ?? ""));
    expect(response.ok, await errorOf(response.clone()));
    const { accepted, rejected } = (await response.json()) as BatchResponse;
    const reasons = rejected.map(({ index, message }) => `${visit.batch.events[index]?.type}: ${message}`).join("; ");
    expect(accepted === visit.batch.events.length, `${accepted} accepted; ${reasons}`);
  },
});

const hasVector = (
  collector: LocalCollector,
  site: Site,
  entity: keyof SampleSession["ids"],
  visit: SampleSession,
  names: string[],
): Check => ({
  name: `site ${site.id}: the vector of the ${entity} has its ${names.length} features`,
  async run() {
    const response = await readUntilFound(
      collector.origin,
      entity,
      visit.ids[entity],
      collector.keys[site.readKeySecret] ?? "",
    );
    expect(response.ok, await errorOf(response.clone()));
    const { features } = (await response.json()) as VectorResponse;
    const missing = names.filter((name) => !(name in features));
    expect(missing.length === 0, `without ${missing.join(", ")}`);
  },
});

const rejectsWrongKey = ({ origin: collector }: LocalCollector, site: Site, visit: SampleSession): Check => ({
  name: `site ${site.id}: a wrong key is refused, for events and for features`,
  async run() {
    const sent = await post(collector, visit, `${site.key}0`, originLike(site.origins[0] ?? ""));
    expect(sent.status === 401, `events: ${sent.status}`);
    const asked = await read(collector, "session", visit.ids.session, "wrong");
    expect(asked.status === 401, `features: ${asked.status}`);
  },
});

const servesScriptTag = ({ origin: collector }: LocalCollector): Check => ({
  name: "/tidemark.js and every file in /tidemark.json are served, with the integrity that it names",
  async run() {
    const fetchText = async (path: string): Promise<string> => {
      const response = await fetch(`${collector}/${path}`);
      expect(response.ok, `/${path}: ${response.status}`);
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
      expect(given === expected, `/${path} has ${given}, and /tidemark.json says ${expected}`);
    }
  },
});

/** The checks of a deployment's collector, in the order in which they are to run: a site's vectors follow from its batch. */
export const checksOf = ({ sites, features: defaults }: TidemarkConfig, collector: LocalCollector): Check[] => [
  servesScriptTag(collector),
  ...sites.flatMap((site) => {
    const { features = defaults } = site;
    const visit = createSampleSession(site);
    const vectors = (["session", "user", "page"] as const).flatMap((entity) => {
      const names = featuresOf(features, entity).map(({ name }) => name);
      return names.length ? [hasVector(collector, site, entity, visit, names)] : [];
    });
    return [acceptsBatch(collector, site, visit), ...vectors, rejectsWrongKey(collector, site, visit)];
  }),
];
