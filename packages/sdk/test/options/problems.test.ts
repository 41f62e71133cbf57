import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import * as sdk from "../../src/index.ts";
import { problemsOf as problemsFor } from "../../src/options/problems.ts";

const { acrossSubdomains, clicks, dwell, gzip, pageViews, sessionPerCampaign } = sdk;

const REQUIRED = { key: "tm_shop_3f9c1e7ab2d84056", endpoint: "https://collector.example" };

const problemsOf = (options: object) => problemsFor(options, sdk);

describe("the problems of options", () => {
  it("are none for valid or omitted options", () => {
    const all: Required<sdk.TrackerOptions> = {
      ...REQUIRED,
      signals: [sessionPerCampaign, pageViews(), clicks(), dwell(), () => () => {}],
      queryParameters: ["q"],
      sessionId: "shop-12345678",
      compress: gzip,
      follow: sdk.overWebSocket,
      reactions: sdk.reactions,
      sendWithin: 2_000,
      traffic: "internal",
      consent: { measurement: "granted", personalisation: "pending" },
      doNotTrack: true,
      cookieless: false,
      identityStore: acrossSubdomains("shop.example"),
      cookie: false,
      beforeSend: (event: sdk.CapturedEvent) => event,
    };
    expect(problemsOf(all)).toEqual([]);
    expect(problemsOf(Object.fromEntries(Object.keys(all).map((name) => [name, undefined])))).toEqual([]);
    expect(problemsOf({})).toEqual([]);
  });

  it.each<[options: object, problem: string]>([
    [{ signals: "clicks" }, 'signals: "clicks" is not an array of signals, such as [pageViews(), clicks()]'],
    [{ signals: [clicks] }, "signals[0]: write clicks(), not clicks"],
    [{ signals: [pageViews(), "hovers"] }, 'signals[1]: "hovers" is not a signal, such as clicks()'],
    [{ signals: [null] }, 'signals[0]: "null" is not a signal, such as clicks()'],
    [{ queryParameters: "q" }, 'queryParameters: "q" is not a list of names'],
    [{ sessionId: "7" }, 'sessionId: "7" is not 8 to 64 letters, digits, _ or -'],
    [{ compress: "gzip" }, 'compress: "gzip" is not true, false or a function'],
    [{ sendWithin: "2000" }, 'sendWithin: "2000" is not a number of milliseconds from 0 to 600000'],
    [{ sendWithin: -1 }, 'sendWithin: "-1" is not a number of milliseconds from 0 to 600000'],
    [{ sendWithin: Number.NaN }, 'sendWithin: "NaN" is not a number of milliseconds from 0 to 600000'],
    [{ sendWithin: 3_600_000 }, 'sendWithin: "3600000" is not a number of milliseconds from 0 to 600000'],
    [{ traffic: "Internal" }, 'traffic: "Internal" is not test or internal'],
    [{ consent: "yes" }, 'consent: "yes" is not granted, pending or denied'],
    [{ consent: { advertising: "denied" } }, 'consent: "object" is not granted, pending or denied'],
    [{ doNotTrack: 1 }, 'doNotTrack: "1" is not true or false'],
    [{ cookieless: "no" }, 'cookieless: "no" is not true or false'],
    [
      { identityStore: "shop.example" },
      'identityStore: "shop.example" is not a function, such as acrossSubdomains("example.com")',
    ],
    [{ reactions: true }, 'reactions: "true" is not the function reactions'],
    [{ cookie: null }, 'cookie: "null" is not true or false'],
    [{ beforeSend: {} }, 'beforeSend: "object" is not a function'],
  ])("name the option, its value and the expected value: %j", (options, problem) => {
    expect(problemsOf({ ...REQUIRED, ...options })).toEqual([problem]);
  });

  it("include unknown names, with the known ones", () => {
    for (const name of ["signal", "constructor"]) {
      const [problem, ...others] = problemsOf({ ...REQUIRED, [name]: [clicks()] });
      expect(others).toEqual([]);
      expect(problem).toMatch(new RegExp(`^${name}: unknown name\\. Use one of key, endpoint, signals, `));
    }
  });

  it("are checked in development builds, and not contained in production builds", async () => {
    const bundled = async (condition: string) => {
      const { outputFiles } = await build({
        stdin: {
          contents:
            'import { createTracker } from "@tidemark/sdk"; createTracker({ key: "k", endpoint: "/", signals: ["clicks"] })',
          resolveDir: fileURLToPath(new URL(".", import.meta.url)),
        },
        conditions: [condition],
        bundle: true,
        write: false,
        platform: "browser",
      });
      return outputFiles[0]?.text ?? "";
    };
    expect(await bundled("development")).toContain("is not ");
    expect(await bundled("production")).not.toContain("is not ");
  });
});
