import { secretOf } from "../access/keys.ts";
import type { OtlpSettings } from "../config.ts";
import type { Failure } from "./post.ts";

/**
 * The headers in a secret: `name=value`, separated by commas, with escapes of URLs, as OpenTelemetry's variable
 * `OTEL_EXPORTER_OTLP_HEADERS` has them. `undefined` for any other text.
 */
export const headersIn = (text: string): Record<string, string> | undefined => {
  try {
    const pairs = text.split(",").map((pair) => {
      const [, name = "", value = ""] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      const decoded = decodeURIComponent(value);
      if (name === "" || !/^[ -~]+$/.test(decoded)) throw new Error("no header");
      return [name.toLowerCase(), decoded] as const;
    });
    return Object.fromEntries(pairs);
  } catch {
    return undefined;
  }
};

/** The headers of a receiver's secret, or the reason why it has none. */
export const headersOf = ({ headersSecret }: OtlpSettings, env: object): Record<string, string> | Failure => {
  if (headersSecret === undefined) return {};
  const secret = secretOf(env, headersSecret);
  if (secret === undefined) return { reason: `the secret ${headersSecret} is not set`, isRepeatable: false };
  const reason = `the secret ${headersSecret} does not have the form name=value,…`;
  return headersIn(secret) ?? { reason, isRepeatable: false };
};
