import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { scheduleSamples } from "../../src/monitor/schedule-samples.ts";
import { tenant } from "../workers/worker.ts";

const UNRESPONSIVE = 'tidemark_objects_unresponsive{object="Schedule"}';

const tenants = new Map([["shop", tenant("shop")]]);

afterEach(() => {
  vi.restoreAllMocks();
});

/** The environment with a schedule whose figures are read by a function. */
const withFigures = (figures: () => Promise<unknown>): Env =>
  ({ ...env, SCHEDULE: { getByName: () => ({ figures }) } }) as unknown as Env;

it("a schedule that responds is reported so", async () => {
  expect(await scheduleSamples(env as unknown as Env, tenants)).toMatchObject({ [UNRESPONSIVE]: 0 });
});

it("a schedule that fails or hangs has no ages, and is reported", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const wait = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((ms, options) => wait(ms === 5_000 ? 1 : ms, options));
  const broken = [() => Promise.reject(new Error("overloaded")), () => new Promise(() => {})];
  for (const figures of broken)
    expect(await scheduleSamples(withFigures(figures), tenants)).toEqual({ [UNRESPONSIVE]: 1 });
});
