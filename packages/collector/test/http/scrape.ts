import { afterEach, beforeEach, expect, vi } from "vitest";
import { parseExposition } from "../metrics/parse-exposition.ts";
import { request } from "../workers/client.ts";

/** Reads the metrics as Prometheus does. */
export const scrape = (key = "admin-key") => request("/metrics", { headers: { authorization: `Bearer ${key}` } });

/** Parses an exposition: the values of its samples by their keys, as the collector writes them. */
const samplesOf = (text: string): Map<string, number> => {
  const samples = parseExposition(text, "text").flatMap((family) => family.samples);
  return new Map(
    samples.map(({ name, labels, value }) => [
      `${name}{${Object.entries(labels).map(([label, text]) => `${label}="${text}"`)}}`,
      value,
    ]),
  );
};

/** Reads all samples that were flushed so far. */
export const samples = async () => samplesOf(await (await scrape()).text());

/** Waits although flushes do not. */
export let wait: (ms: number) => Promise<void>;

/** Shortens the time after which counts are flushed, which is none of the rules of these tests. */
export const flushAtOnce = (): void => {
  beforeEach(() => {
    const real = scheduler.wait.bind(scheduler);
    wait = (ms) => real(ms) as Promise<void>;
    vi.spyOn(scheduler, "wait").mockImplementation((ms) => real(Math.min(ms, 5)));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
};

/** Successive reads without a change after which no earlier count is about to be flushed. */
const QUIET_READS = 4;

/** Reads all samples once the counts of earlier requests have been flushed. */
const settledSamples = async () => {
  let latest = await samples();
  for (let quiet = 0; quiet < QUIET_READS; ) {
    await wait(40);
    const next = await samples();
    // Each read is counted itself, and ages grow by themselves.
    const text = (some: typeof next) => JSON.stringify([...some].filter(([key]) => !/\/metrics|_seconds\{/.test(key)));
    quiet = text(next) === text(latest) ? quiet + 1 : 0;
    latest = next;
  }
  return latest;
};

/** Performs an action, and waits until samples have changed by the expected amounts. */
export const changes = async (act: () => Promise<unknown>, expected: Record<string, unknown>) => {
  const before = await settledSamples();
  await act();
  await expect
    .poll(
      async () => {
        const after = await samples();
        return Object.fromEntries(
          Object.keys(expected).map((key) => [key, (after.get(key) ?? 0) - (before.get(key) ?? 0)]),
        );
      },
      { timeout: 20_000, interval: 20 },
    )
    .toEqual(expected);
};
