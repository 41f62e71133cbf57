import { MAX_PROPERTIES_BYTES } from "@tidemark/schema/limits";
import { bytesOf } from "../delivery/bytes.ts";

/** A copy of a value that a caller adds to an event, as a field of the event. Empty if there is no value, or it cannot be sent. */
export interface JsonCopy {
  added?: object;
  /** The size of the JSON, in bytes. */
  propertyBytes?: number;
}

/**
 * Copies a value that a caller adds to an event, as JSON: `{[field]: value}`. A value that is not JSON or too large is dropped with
 * a warning, so that one value cannot block a whole batch.
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
