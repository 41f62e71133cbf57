import {
  MAX_DROPPED_PROPERTIES,
  MAX_PROPERTIES_BYTES,
  MAX_PROPERTIES_DEPTH,
  MAX_PROPERTY_NAME,
} from "@tidemark/schema/limits";
import { bytesOf } from "../delivery/bytes.ts";
import { cut } from "../measures/bounds.ts";
import { Array, JSON, Number, Object } from "../platform.ts";
import { warnOnce } from "../warn-once.ts";

/** The fields of an event that {@link copyJson} sets. */
export interface PropertyFields {
  properties?: object;
  traits?: object;
  dropped_properties?: string[];
}

/** The kind of a value, as `Object.prototype.toString` names it: "[object Map]". */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value);

/** Kinds that JSON shows as they are. Of others, such as a Map or an ArrayBuffer, it shows nothing, or no list. */
const JSON_KIND = /^\[object (Object|Array|String|Number|Boolean|Null|Undefined)\]$/;

/** A replacer for JSON.stringify. @throws if a value is not JSON. */
function checkJson(this: Record<string, unknown>, key: string, value: unknown): unknown {
  // Some old libraries give arrays a `toJSON`, which returns text.
  const json = Array.isArray(this[key]) ? this[key] : value;
  if (!JSON_KIND.test(kindOf(json)) || (typeof json === "number" && !Number.isFinite(json))) throw json;
  return json;
}

/** Whether a value has more than so many levels of objects and arrays. */
const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1)));

/**
 * Copies the properties that a caller adds to an event, as JSON, so that one bad property does not cost the event.
 *
 * Each property that the contract does not allow is left out by itself. Its value is not JSON in any part or has too
 * many levels, its name is too long, or there is no space for it. A date becomes text, and `undefined` counts as
 * absent. Properties that are no object are left out together, under the field's name. So is the rest after
 * {@link MAX_DROPPED_PROPERTIES} bad ones, which bounds the work. The first case of each reason causes a warning.
 *
 * @param alreadyDropped Names of the properties that were left out before. `beforeSend` may have made it anything.
 * @returns The fields of the event: `field`, and the names of all that was left out. Each is absent without content.
 */
export const copyJson = (field: "properties" | "traits", value: unknown, alreadyDropped?: unknown): PropertyFields => {
  const dropped: string[] = [];
  const names = Array.isArray(alreadyDropped) ? alreadyDropped.filter((name) => typeof name === "string") : [];
  // Both braces, without the comma that the first property does not have.
  let size = 1;

  const drop = (name: string, reason: string) => {
    const short = cut(name, MAX_PROPERTY_NAME);
    dropped.push(short);
    warnOnce(`${field}: left out, because of ${reason}:`, short);
  };

  /** Whether a property fits, beside those before it. */
  const fits = (name: string, json: string, value: unknown): boolean => {
    const bytes = bytesOf(JSON.stringify(name) + json).length + 2;
    if (name.length > MAX_PROPERTY_NAME) drop(name, `a name of more than ${MAX_PROPERTY_NAME} characters`);
    else if (isDeeper(value, MAX_PROPERTIES_DEPTH - 1)) drop(name, `more than ${MAX_PROPERTIES_DEPTH} levels`);
    else if (size + bytes > MAX_PROPERTIES_BYTES) drop(name, `more than ${MAX_PROPERTIES_BYTES} bytes`);
    else {
      size += bytes;
      return true;
    }
    return false;
  };

  const copyAll = (given: Record<string, unknown>) => {
    const copies: [name: string, value: unknown][] = [];
    for (const name of Object.keys(given)) {
      if (dropped.length === MAX_DROPPED_PROPERTIES) break;
      try {
        const json = JSON.stringify(given[name], checkJson);
        const copy: unknown = json && JSON.parse(json);
        if (json && fits(name, json, copy)) copies.push([name, copy]);
      } catch {
        drop(name, "a value without JSON");
      }
    }
    return Object.fromEntries(copies);
  };

  let copy: object | undefined;
  try {
    const given = (value as { toJSON?: (key: string) => unknown } | undefined)?.toJSON?.(field) ?? value;
    if (kindOf(given) === "[object Object]") copy = copyAll(given as Record<string, unknown>);
  } catch {}
  if (value && !copy) drop(field, "a value that is no object");
  const dropped_properties = [...names.map((name) => cut(name, MAX_PROPERTY_NAME)), ...dropped].slice(
    0,
    MAX_DROPPED_PROPERTIES,
  );
  return {
    ...(copy && { [field]: copy }),
    ...(dropped_properties[0] !== undefined && { dropped_properties }),
  };
};
