import * as sdk from "@tidemark/sdk";
import { describe, expect, it } from "vitest";

/** Whatever a page may ask of a tracker, on a server. */
const use = async () => {
  const { createTracker, clicks, dwell, elementDwell, errors, forms, hovers, media, pageViews } = sdk;
  const { scrollDepth, selections, webVitals, clickEvidence, clickLinks, clickNames, clickTexts } = sdk;
  const { deviceDetails, gzip, readingDetails } = sdk;
  const tracker = createTracker({
    key: "tm_demo_12345678",
    endpoint: "https://collector.example",
    compress: gzip,
    consent: "pending",
    signals: [
      ...[
        pageViews({ enrichments: [deviceDetails] }),
        clicks({ enrichments: [clickLinks, clickNames, clickTexts], evidence: clickEvidence() }),
      ],
      ...[
        hovers(),
        scrollDepth({ enrichment: readingDetails() }),
        dwell(),
        elementDwell(),
        media(),
        forms(),
        selections(),
      ],
      ...[errors(), webVitals()],
    ],
  });
  const heard: unknown[] = [];
  const stopHearing = tracker.on("event", (event) => heard.push(event));
  const stopDebugging = sdk.debug(tracker);
  tracker.consent("granted");
  tracker.page();
  tracker.track("rendered");
  tracker.identify("user-17");
  tracker.reset();
  await tracker.flush();
  const features = await tracker.features();
  stopDebugging();
  stopHearing();
  tracker.stop();
  return { heard, features, session: tracker.sessionId };
};

describe("on a server", () => {
  it("a tracker measures nothing and knows nothing", async () => {
    expect(await use()).toEqual({ heard: [], features: {}, session: "" });
  });

  it("has every export that browsers have", async () => {
    const browser = await import("../src/index.ts");
    expect(Object.keys(sdk).toSorted()).toEqual(Object.keys(browser).toSorted());
  });
});
