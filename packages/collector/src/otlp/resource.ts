import { VERSION } from "../version.ts";

/** An attribute of OpenTelemetry. A whole number is a text, because JSON has no 64-bit integers. */
export interface Attribute {
  key: string;
  value: { stringValue: string } | { intValue: string };
}

/** An attribute with a text or a whole number. */
export const attribute = (key: string, value: string | number): Attribute => ({
  key,
  value: typeof value === "number" ? { intValue: `${value}` } : { stringValue: value },
});

/** A time as nanoseconds since 1970: a text, because JSON has no 64-bit integers. @param ms UTC milliseconds. */
export const nanoseconds = (ms: number): string => `${Math.round(ms)}000000`;

/** The deployment, as the sender of metrics and spans. */
export const resource = {
  attributes: [attribute("service.name", "tidemark"), attribute("service.version", VERSION)],
};

/** The part of the deployment that measures. */
export const scope = { name: "tidemark", version: VERSION };
