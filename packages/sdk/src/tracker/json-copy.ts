import { MAX_PROPERTIES_BYTES } from "@tidemark/schema/limits";
import { bytesOf } from "../delivery/bytes.ts";

/** A copy of a value that a caller adds to an event, as a field of it. Empty when there is no value, or none that can be sent. */
export interface JsonCopy {
  added?: object;
  /** Bytes of its JSON. */
  propertyBytes?: number;
}

/**
 * Copies what a caller adds to an event, as JSON: `{[field]: value}`. A value that is not JSON or is too large is left out with
 * a warning, so that it cannot take a batch with it.
 */
export const copyJson = (field: string, value: unknown): JsonCopy => {
  if (value)
    try {
      const json = JSON.stringify(value);
      const propertyBytes = bytesOf(json).length;
      if (propertyBytes > MAX_PROPERTIES_BYTES) throw `${propertyBytes} bytes > ${MAX_PROPERTIES_BYTES}`;
      return { added: { [field]: JSON.parse(json) }, propertyBytes };
    } catch (error) {
      console.warn("[tidemark]", field, "dropped:", error);
    }
  return {};
};
