import type { SinkDeadLettersResponse, SinksResponse } from "@tidemark/schema";
import { CommandError } from "../command-line/command-error.ts";
import type { CollectorAddress } from "../log/collector-address.ts";
import { errorOf, noCollector, noResponse } from "../log/collector-errors.ts";

/** The result of a change of a sink. */
interface ChangedSink {
  sink: string;
  /** Number of partitions in which it has changed. */
  partitions: number;
}

/** The sinks of one site. Each method throws a CommandError that says what to do. */
export interface SinkClient {
  status(): Promise<SinksResponse["sinks"]>;
  deadLetters(sink: string): Promise<SinkDeadLettersResponse["dead_letters"]>;
  pause(sink: string): Promise<ChangedSink>;
  resume(sink: string): Promise<ChangedSink>;
  /** Begins again at the first record that was received at a time in UTC milliseconds. */
  replay(sink: string, from: number): Promise<ChangedSink>;
}

/** Creates a client for the sinks of a site. */
export const sinkClient = ({ url, adminKey }: CollectorAddress, site: string): SinkClient => {
  const call = async <Body>(method: string, path: string, query = {}): Promise<Body> => {
    const headers = { authorization: `Bearer ${adminKey}` };
    const address = `${url}/v1/sinks${path}?${new URLSearchParams({ site, ...query })}`;
    const response = await fetch(address, { method, headers }).catch(noResponse(url));
    if (response.ok) return (await response.json()) as Body;
    const { code, message } = await errorOf(response);
    if (response.status === 401)
      throw new CommandError(
        `The collector at ${url} rejected the operator's key. Set TIDEMARK_ADMIN_KEY to the value of the secret that adminKeySecret names in its tidemark.config.ts.`,
      );
    if (code === undefined) throw noCollector(url, response.status, message);
    throw new CommandError(`The collector at ${url} responded ${response.status} ${code}: ${message}`);
  };
  const of = (sink: string, action: string) => `/${encodeURIComponent(sink)}/${action}`;
  return {
    status: async () => (await call<SinksResponse>("GET", "")).sinks,
    deadLetters: async (sink) => (await call<SinkDeadLettersResponse>("GET", of(sink, "dead-letters"))).dead_letters,
    pause: (sink) => call("POST", of(sink, "pause")),
    resume: (sink) => call("POST", of(sink, "resume")),
    replay: (sink, from) => call("POST", of(sink, "replay"), { from: new Date(from).toISOString() }),
  };
};
