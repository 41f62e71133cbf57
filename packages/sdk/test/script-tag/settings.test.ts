import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as sdk from "../../src/index.ts";
import { DEFAULTS, NAMES } from "../../src/script-tag/parts.ts";
import { readSettings } from "../../src/script-tag/settings.ts";

const ORIGIN = "https://collector.example";
const KEY = "tm_shop_3f9c1e7ab2d84056";

beforeAll(() => {
  vi.stubGlobal("location", { origin: "https://shop.example" });
  vi.stubGlobal("origin", "https://shop.example");
});
afterAll(() => vi.unstubAllGlobals());

describe("the settings of a script tag", () => {
  it("default to the tag's origin and the default signals", () => {
    expect(readSettings({ key: KEY }, undefined, ORIGIN)).toEqual({
      settings: { key: KEY, endpoint: ORIGIN, signals: DEFAULTS, options: {} },
      problems: [],
    });
  });

  it("split lists at spaces and commas", () => {
    const { settings } = readSettings(
      { key: KEY, signals: " clicks,\n hovers  dwell ", queryParameters: "q" },
      {},
      ORIGIN,
    );
    const { signals, queryParameters } = settings;
    expect([signals, queryParameters]).toEqual([["clicks", "hovers", "dwell"], ["q"]]);
  });

  it("take the kind of traffic from an attribute, and count another text as a test", () => {
    const read = (traffic: string) => readSettings({ key: KEY, traffic }, {}, ORIGIN);
    expect(read("internal").settings.traffic).toBe("internal");
    const { settings, problems } = read("Internal");
    expect([settings.traffic, problems]).toEqual(["test", ['data-traffic: "Internal" is not test or internal']]);
  });

  it("take the longest wait of an event from an attribute, in milliseconds", () => {
    const read = (sendWithin: string) => readSettings({ key: KEY, sendWithin }, {}, ORIGIN);
    expect(read("2000").settings.sendWithin).toBe(2_000);
    for (const wrong of ["", "2 s", "-1", "1e9", "600001"]) {
      const { settings, problems } = read(wrong);
      expect([settings.sendWithin, problems]).toEqual([
        undefined,
        [`data-send-within: "${wrong}" is not a number of milliseconds from 0 to 600000`],
      ]);
    }
  });

  it.each([
    ...[
      "https://collector.example",
      "http://localhost:8787",
      "http://[::1]:8787",
      "https://a.example/path",
      "/same-site",
      "/",
      "./same-site",
      "//collector.example",
    ],
  ])("accept %s as an endpoint", (endpoint) => {
    const { settings, problems } = readSettings({ key: KEY, endpoint }, {}, ORIGIN);
    expect([settings.endpoint, problems]).toEqual([endpoint, []]);
  });

  it.each([
    ...["", "collector.example", "ftp://collector.example", "https://", "https://a b", "/t?a"],
    "https://collector.example/v1/events",
  ])("have no endpoint if it is %j", (endpoint) => {
    const { settings, problems } = readSettings({ key: KEY, endpoint }, {}, ORIGIN);
    expect(settings.endpoint).toBeFalsy();
    expect(problems).toEqual([expect.stringMatching(/^data-endpoint: .* like https:\/\/collector\.example or a path/)]);
  });

  it("accept the name of every signal and enrichment of the package", () => {
    const others = [
      ...[
        "acrossSubdomains",
        "batchTraces",
        "createTracker",
        "debug",
        "gzip",
        "hold",
        "reportMedia",
        "sessionPerCampaign",
      ],
      ...["hashRoutes", "keepParameters", "overWebSocket", "pathOnly", "reactions"],
    ];
    expect(NAMES.toSorted()).toEqual(
      Object.keys(sdk)
        .filter((name) => !others.includes(name))
        .toSorted(),
    );
  });

  it("take the definition of a page by name, from an attribute or the config, or as a function from the config", () => {
    const define = ({ pathname }: URL) => pathname;
    for (const pageUrl of ["path", "hash", "parameters:id", "parameters: id, page"])
      expect(readSettings({ key: KEY, pageUrl }, {}, ORIGIN)).toMatchObject({ settings: { pageUrl }, problems: [] });
    for (const pageUrl of ["path", define])
      expect(readSettings({ key: KEY }, { pageUrl }, ORIGIN)).toMatchObject({ settings: { pageUrl }, problems: [] });
    for (const pageUrl of ["", "paths", "parameters", "parameters:", "parameters: ,"]) {
      const { settings, problems } = readSettings({ key: KEY, pageUrl }, {}, ORIGIN);
      expect([settings.pageUrl, problems]).toEqual([
        undefined,
        [expect.stringMatching(/^data-page-url: ".*" is not path/)],
      ]);
    }
  });

  it("replace wrong privacy options by the most private value", () => {
    const { settings, problems } = readSettings(
      { key: KEY, consent: "no", doNotTrack: "yes", cookieless: "please" },
      { beforeSend: "mask" },
      ORIGIN,
    );
    expect(settings).toMatchObject({ consent: "pending", doNotTrack: true, cookieless: true });
    expect(settings.beforeSend?.({} as never)).toBeUndefined();
    expect(problems).toHaveLength(4);
    const typo = { consent: { measurment: "denied" } };
    expect(readSettings({ key: KEY }, typo, ORIGIN).settings.consent).toBe("pending");
  });

  it("report every wrong option once, and keep the others", () => {
    const wrong = fc.oneof(fc.integer(), fc.constant(null), fc.object(), fc.constant(Symbol("odd")));
    fc.assert(
      fc.property(
        fc.record(
          { endpoint: wrong, signals: wrong, queryParameters: wrong, sessionId: wrong, surprise: fc.anything() },
          { requiredKeys: [] },
        ),
        (config) => {
          const { settings, problems } = readSettings({ key: KEY }, config, ORIGIN);
          expect(problems.map((problem) => /^tidemark\.config\.(\w+): /.exec(problem)?.[1]).toSorted()).toEqual(
            Object.keys(config).toSorted(),
          );
          expect(settings).toMatchObject({ key: KEY, signals: DEFAULTS, options: {} });
        },
      ),
    );
  });

  it("never throw for any attributes and config", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.string()),
        fc.object({ withBigInt: true, withDate: true }),
        (tag, config) => {
          const { settings, problems } = readSettings(tag, config, ORIGIN);
          expect(settings.signals.length >= 0 && problems.every((each) => each.includes(": "))).toBe(true);
        },
      ),
    );
  });
});
