import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as development from "../../src/development.ts";
import * as sdk from "../../src/index.ts";
import { SIGNAL_RULES } from "../../src/options/signal-problems.ts";

const { clickEvidence, clickNames, deviceDetails, pathOnly, readingDetails } = sdk;

/** The options of each signal and enrichment that has some. */
interface SignalOptions {
  clicks: sdk.ClickOptions;
  dwell: sdk.DwellOptions;
  hovers: sdk.HoverOptions;
  media: sdk.MediaOptions;
  pageViews: sdk.PageViewOptions;
  readingDetails: sdk.ReadingDetailsOptions;
  scrollDepth: sdk.ScrollDepthOptions;
}

/** A valid call of each signal and enrichment that has options, with all of them. */
const valid = {
  clicks: { enrichments: [clickNames], evidence: clickEvidence() },
  dwell: { idleAfter: 10_000, reportEvery: 1_000 },
  hovers: { intentAfter: 500 },
  media: { hold: false },
  pageViews: { enrichments: [deviceDetails], url: pathOnly },
  readingDetails: { milestones: [10, 50] },
  scrollDepth: { enrichment: readingDetails(), reportEvery: 500 },
} satisfies { [S in keyof SignalOptions]: Required<SignalOptions[S]> };

/** Calls a signal or an enrichment of the entry for development, as a program without types does. */
const call = (name: string, ...given: unknown[]) =>
  (development as unknown as Record<string, (...given: unknown[]) => unknown>)[name]?.(...given);

describe("the options of signals in development", () => {
  const warn = vi.fn();
  const warned = () => warn.mock.calls.map((words) => words.join(" "));
  beforeEach(() => {
    vi.spyOn(console, "warn").mockImplementation(warn);
    warn.mockClear();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(Object.entries(valid))("of %s cause no warning when they are valid or omitted", (name, options) => {
    expect(Object.keys(options).toSorted()).toEqual(Object.keys(SIGNAL_RULES[name as keyof typeof valid]).toSorted());
    for (const given of [[], [undefined], [{}], [options]]) expect(call(name, ...given)).toBeTypeOf("function");
    expect(call(name, Object.fromEntries(Object.keys(options).map((option) => [option, undefined])))).toBeDefined();
    expect(warned()).toEqual([]);
  });

  it.each(Object.entries(valid))("of %s cause a warning for each one of a wrong type", (name, options) => {
    for (const option of Object.keys(options)) {
      warn.mockClear();
      call(name, { [option]: "5" });
      expect(warned()).toEqual([expect.stringContaining(`[tidemark] ${name}(): ${option}: "5" is not `)]);
    }
  });

  it.each<[name: string, options: unknown, problem: string]>([
    ["dwell", { idleAfter: -1 }, 'dwell(): idleAfter: "-1" is not a number of milliseconds from 0 to 600000'],
    ["dwell", { idle: 1 }, "dwell(): idle: unknown name. Use one of idleAfter, reportEvery"],
    ["dwell", 5000, 'dwell(): options: "5000" is not an object with idleAfter, reportEvery'],
    ["clicks", { enrichments: ["clickNames"] }, 'clicks(): enrichments: "object" is not an array of enrichments'],
    ["readingDetails", { milestones: [150] }, 'readingDetails(): milestones: "object" is not an array of numbers'],
  ])("of %s name the option, its value and the expected value: %j", (name, options, problem) => {
    call(name, options);
    expect(warned()).toEqual([expect.stringContaining(problem)]);
  });

  it("are checked for each export that takes options", () => {
    // The other functions take no options, or a required argument that TypeScript and `createTracker` check.
    const unchanged = new Set<unknown>(Object.values(sdk));
    const changed = Object.entries(development).flatMap(([name, each]) => (unchanged.has(each) ? [] : name));
    expect(changed.toSorted()).toEqual([...Object.keys(valid), "createTracker"].toSorted());
  });
});
