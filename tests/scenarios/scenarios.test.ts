import { afterAll, beforeAll, describe, it } from "vitest";
import { browserNames } from "../browsers/browser.ts";
import { type DeliveryRig, startDeliveryRig } from "./delivery-rig.ts";
import { scenariosFor } from "./scenarios-for.ts";

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await startDeliveryRig();
});
afterAll(() => rig?.stop());

// The browsers run at the same time, because scenarios mostly wait.
describe.concurrent.each(browserNames)("delivery in %s", (browser) => {
  it.for(scenariosFor(browser).filter(({ isLong }) => browser === "chromium" || !isLong))(
    "stores every event once: $name",
    { concurrent: false },
    async (scenario, { expect }) => {
      const { tracked, stored, duplicates } = await rig.run(browser, scenario);
      expect(stored).toBe(tracked);
      expect(duplicates).toBeLessThanOrEqual(scenario.duplicatesAtMost ?? Number.POSITIVE_INFINITY);
    },
  );
});
