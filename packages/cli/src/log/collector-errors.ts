import type { ErrorResponse } from "@tidemark/schema";
import { CommandError } from "../command-line/command-error.ts";

/** The error in a response. One that no collector has sent has no `code`, and its text as the message. */
export const errorOf = async (response: Response): Promise<{ code?: string; message: string }> => {
  const text = await response.text();
  const own = { message: text.slice(0, 200) };
  try {
    return (JSON.parse(text) as Partial<ErrorResponse> | null)?.error ?? own;
  } catch {
    return own;
  }
};

/** The reason of a failed connection, such as `connect ECONNREFUSED 127.0.0.1:8787`. */
export const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error;
  if (cause instanceof AggregateError) return cause.errors.map((each: Error) => each.message).join(", ");
  return cause instanceof Error ? cause.message : message;
};

/** The error of a server that is no collector. */
export const noCollector = (url: string, status: number, message: string): CommandError =>
  new CommandError(
    `${url} does not respond as a collector: ${status} ${JSON.stringify(message)}. Check --url or TIDEMARK_URL.`,
  );

/** Turns a failed connection into an error that says what to do. */
export const noResponse =
  (url: string) =>
  (error: unknown): never => {
    throw new CommandError(
      `No collector responds at ${url}: ${reasonOf(error)}. Start one with tidemark dev, or name another with --url <url> or TIDEMARK_URL.`,
    );
  };
