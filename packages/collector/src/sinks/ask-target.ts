import { retryAfterOf } from "../webhooks/retry.ts";
import { TargetError } from "./target-error.ts";

/** The response of a target. */
export interface TargetResponse {
  status: number;
  text: string;
  /** The time of `Retry-After` in milliseconds; `undefined` without one. */
  afterMs: number | undefined;
}

/**
 * Sends a request to a target, and reads the response.
 *
 * @param name The target, for errors.
 * @throws TargetError without a response.
 */
export const askTarget = async (name: string, url: string, init: RequestInit): Promise<TargetResponse> => {
  try {
    const response = await fetch(url, { ...init, redirect: "manual" });
    const text = await response.text();
    const afterMs = retryAfterOf(response.headers.get("retry-after"), Date.now()) || undefined;
    return { status: response.status, text, afterMs };
  } catch {
    throw new TargetError(init.signal?.aborted ? `${name} did not respond in time` : `${name} could not be reached`);
  }
};

/** Reads JSON. Returns `undefined` for any other text. */
export const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
