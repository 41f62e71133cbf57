import { defineSink, type SinkDefinition } from "../define-sink.ts";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { checkAt } from "./expect.ts";

/** Largest number of sinks of a site: each one is an object for each partition. */
const MAX_SITE_SINKS = 8;

/** Checks the sinks of a site or of a deployment. */
export const checkSinks = (
  sinks: readonly SinkDefinition[] | undefined,
  hasLog: boolean,
  place: string,
  expect: ExpectSetting,
): void => {
  if (sinks === undefined) return;
  const isList = Array.isArray(sinks) && sinks.length <= MAX_SITE_SINKS;
  expect(isList, "sinks", `an array of at most ${MAX_SITE_SINKS} sinks`, Array.isArray(sinks) ? sinks.length : sinks);
  for (const sink of sinks) checkAt(place, () => defineSink(sink));
  const names = sinks.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  expect(twice === undefined, "sinks", "each name once", twice);
  // A sink reads records that the partition no longer keeps from the files of the log.
  expect(sinks.length === 0 || hasLog, "log", "a log, such as { days: 30 }, because there are sinks", undefined);
};
