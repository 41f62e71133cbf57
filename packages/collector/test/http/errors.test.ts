import { errorCodes } from "@tidemark/schema";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HttpError, invalidJson } from "../../src/errors.ts";
import { respondToError } from "../../src/http/errors.ts";

/** The response to a request whose handler throws an error. */
const responseTo = async (error: Error) => {
  const app = new Hono().get("/", () => {
    throw error;
  });
  app.onError(respondToError);
  const response = await app.request("/");
  return { status: response.status, headers: response.headers, body: await response.json() };
};

const logged = vi.spyOn(console, "error");
beforeEach(() => {
  logged.mockImplementation(() => undefined);
});
afterEach(() => {
  logged.mockReset();
});

describe("a request that failed", () => {
  it.each(Object.entries(errorCodes))("gets the error %s with the status of its code", async (code, { status }) => {
    const response = await responseTo(new HttpError(code as keyof typeof errorCodes, "What to do."));
    expect(response.status).toBe(status);
    expect(response.body).toEqual({ error: { code, message: "What to do." } });
    expect(logged).not.toHaveBeenCalled();
  });

  it("gets the error internal for an unexpected error, which is logged and not exposed", async () => {
    const error = new Error("SQLITE_CORRUPT at /secret/path");
    const { status, body } = await responseTo(error);
    expect(status).toBe(500);
    expect(body).toEqual({
      error: { code: "internal", message: "The collector failed. Nothing was stored; send the request again." },
    });
    expect(logged).toHaveBeenCalledWith("a request failed", error);
  });

  it.each(["overloaded", "retryable", "durableObjectReset"])(
    "gets the error unavailable with Retry-After if the runtime marks its error %s",
    async (mark) => {
      const { status, headers, body } = await responseTo(Object.assign(new Error("away"), { [mark]: true }));
      expect(status).toBe(503);
      expect(body).toMatchObject({ error: { code: "unavailable" } });
      expect(headers.get("retry-after")).toBe("1");
      expect(headers.get("access-control-expose-headers")).toBe("Retry-After");
    },
  );

  it("gets the error internal if the mark is false", async () => {
    expect((await responseTo(Object.assign(new Error("away"), { overloaded: false }))).status).toBe(500);
  });

  it("gets Retry-After for unavailable only", async () => {
    expect((await responseTo(new HttpError("unknown_key", "No."))).headers.get("retry-after")).toBeNull();
  });
});

describe("invalidJson", () => {
  it("contains the parser's message", () => {
    let error: unknown;
    try {
      JSON.parse('{"a":');
    } catch (thrown) {
      error = thrown;
    }
    expect(invalidJson(error)).toMatchObject({ code: "invalid_json", status: 400 });
    expect(invalidJson(error).message).toBe(`The body is not JSON: ${(error as Error).message}`);
  });
});
