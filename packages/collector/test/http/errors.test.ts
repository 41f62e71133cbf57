import { errorCodes } from "@tidemark/schema";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HttpError, invalidJson } from "../../src/errors.ts";
import { respondToError } from "../../src/http/errors.ts";

/** The answer to a request on whose path an error is thrown. */
const answerTo = async (error: Error) => {
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
  it.each(Object.entries(errorCodes))("is answered %s with the status of its code", async (code, { status }) => {
    const answer = await answerTo(new HttpError(code as keyof typeof errorCodes, "What to do."));
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error: { code, message: "What to do." } });
    expect(logged).not.toHaveBeenCalled();
  });

  it("is answered internal for an error that is no refusal: it is logged, and nothing of it is told", async () => {
    const error = new Error("SQLITE_CORRUPT at /secret/path");
    const { status, body } = await answerTo(error);
    expect(status).toBe(500);
    expect(body).toEqual({
      error: { code: "internal", message: "The collector failed. Nothing was stored; send the request again." },
    });
    expect(logged).toHaveBeenCalledWith("a request failed", error);
  });

  it.each(["overloaded", "retryable", "durableObjectReset"])(
    "is answered unavailable, with a time to wait, when the runtime marks its error %s",
    async (mark) => {
      const { status, headers, body } = await answerTo(Object.assign(new Error("away"), { [mark]: true }));
      expect(status).toBe(503);
      expect(body).toMatchObject({ error: { code: "unavailable" } });
      expect(headers.get("retry-after")).toBe("1");
      expect(headers.get("access-control-expose-headers")).toBe("Retry-After");
    },
  );

  it("is not unavailable when a mark is not set", async () => {
    expect((await answerTo(Object.assign(new Error("away"), { overloaded: false }))).status).toBe(500);
  });

  it("is asked to wait only when it is unavailable", async () => {
    expect((await answerTo(new HttpError("unknown_key", "No."))).headers.get("retry-after")).toBeNull();
  });
});

describe("invalidJson", () => {
  it("says where the JSON ends to be JSON", () => {
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
