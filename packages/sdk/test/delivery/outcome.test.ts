import { errorCodes } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { outcomeOf } from "../../src/delivery/outcome.ts";

const outcome = (status: number, body: unknown, headers: HeadersInit = {}) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  // A response may not have the status of an opaque one.
  return outcomeOf({ status, ok: status >= 200 && status < 300, headers: new Headers(headers) } as Response, text);
};

const STORED = { accepted: 1, duplicates: 0, rejected: [] };
const rejection = { index: 0, code: "invalid_field", path: "name", message: "name: expected less" };

describe("the outcome of a request", () => {
  it.each([
    ["without other keys", STORED],
    ["with unknown keys", { ...STORED, tab: { acknowledged: [[0, 3]] }, later: true }],
    ["with a rejection of a later collector", { ...STORED, rejected: [{ ...rejection, code: "added_later" }] }],
  ])("is a success for a response in the form of the contract, %s", (_, body) => {
    const { response, retryAfterMs } = outcome(200, body);
    expect(response).toEqual(body);
    expect(retryAfterMs).toBeUndefined();
  });

  it.each([
    [200, {}],
    [200, null],
    [200, []],
    [200, "{"],
    [200, ""],
    [200, { ok: true }],
    [200, { accepted: 1 }],
    [200, { accepted: "1", duplicates: 0, rejected: [] }],
    [200, { ...STORED, rejected: {} }],
    [200, { ...STORED, rejected: [null] }],
    [200, { ...STORED, rejected: [{ index: 0 }] }],
    [200, "<html>Accept the terms of this network</html>"],
    [202, { queued: true }],
    [204, ""],
    [0, ""],
    [302, ""],
    [400, "Bad Request"],
    [401, { error: "unauthorized" }],
    [403, "<html>Forbidden</html>"],
    [403, { error: { message: "no" } }],
    [403, { error: { code: "forbidden" } }],
    [403, { error: { code: "forbidden", message: 5 } }],
    [404, "<h1>This domain is for sale</h1>"],
    [404, { error: { code: 404, message: "Not found" } }],
    [404, { error: { code: "ResourceNotFound", message: "The resource does not exist." } }],
    [404, { error: { code: "not_found", message: "There is no POST /t/v1/events." } }],
    [410, { error: null }],
    [413, "<html>Request Entity Too Large</html>"],
  ])("is a failure that is worth a retry, and may show a wrong endpoint, for %d %j", (status, body) => {
    const { response, retryAfterMs, isForeign, problem } = outcome(status, body);
    expect([response, retryAfterMs, isForeign]).toEqual([undefined, 0, true]);
    expect(problem).toContain(`not a response of a collector: ${status}`);
  });

  it.each([408, 425, 429, 500, 502, 503, 504])("is a failure that is worth a retry for %d of any server", (status) => {
    for (const body of ["", "<html>", { error: { code: "unavailable", message: "no" } }])
      expect(outcome(status, body, { "retry-after": "7" })).toMatchObject({ retryAfterMs: 7_000, isForeign: false });
  });

  it("is final for an error of the collector", () => {
    for (const [code, { status }] of Object.entries(errorCodes)) {
      const { retryAfterMs, error } = outcome(status, { error: { code, message: "no", later: 1 } });
      const isRetried = [404, 429].includes(status) || status >= 500;
      expect([code, error?.code, retryAfterMs]).toEqual([code, code, isRetried ? 0 : undefined]);
    }
    expect(outcome(422, { error: { code: "added_later", message: "no" } }).retryAfterMs).toBeUndefined();
  });
});
