import { describe, expect, it } from "vitest";
import { formatFor } from "../../src/metrics/negotiate.ts";

const PROMETHEUS_2 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

describe("formatFor", () => {
  it.each([
    [PROMETHEUS_2, "openmetrics"],
    [PROMETHEUS_3, "openmetrics"],
    ["application/openmetrics-text", "openmetrics"],
    ['APPLICATION/OpenMetrics-Text ; VERSION="1.0.0"', "openmetrics"],
    ["text/plain, application/openmetrics-text", "openmetrics"],
    ["application/openmetrics-text;q=0.4, */*;q=0.5", "text"],
    ["application/openmetrics-text;version=1.0.0;q=0.3, text/plain;version=0.0.4;q=0.5", "text"],
    ["application/openmetrics-text;version=0.0.1, text/plain;version=0.0.4;q=0.5", "text"],
    ["application/openmetrics-text;q=0, text/plain;q=0.1", "text"],
    ["application/openmetrics-text;q=0", "text"],
    ["text/plain;version=0.0.4", "text"],
    ["application/*, text/plain;q=0.9", "openmetrics"],
    ["text/html, */*;q=0.8", "text"],
    ["*/*", "text"],
    ["image/png", "text"],
    ["application/openmetrics-text;q=high", "text"],
    ["", "text"],
    [undefined, "text"],
  ])("of %j is %s", (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});
