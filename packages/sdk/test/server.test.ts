import * as sdk from "@tidemark/sdk";
import { describe, expect, it } from "vitest";

/** Uses every part of the package on a server. */
const useEverything = async () => {
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
  const received: unknown[] = [];
  const stopListening = tracker.on("event", (event) => received.push(event));
  const stopDebugging = sdk.debug(tracker);
  tracker.consent("granted");
  tracker.page();
  tracker.track("rendered");
  tracker.identify("user-17");
  tracker.reset();
  await tracker.flush();
  const features = await tracker.features();
  stopDebugging();
  stopListening();
  tracker.stop();
  return { received, features, session: tracker.sessionId };
};

describe("the package on a server", () => {
  it("has a tracker that captures nothing and reads nothing", async () => {
    expect(await useEverything()).toEqual({ received: [], features: {}, session: "" });
  });

  it("has every export of the browser entry", async () => {
    const browser = await import("../src/index.ts");
    expect(Object.keys(sdk).toSorted()).toEqual(Object.keys(browser).toSorted());
  });
});
