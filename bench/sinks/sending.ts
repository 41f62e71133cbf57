import type { Workerd } from "../../tests/workerd/workerd.ts";

/** The effort of some records. */
export interface Effort {
  /** Records per second. */
  rate: number;
  /** Processor time of the sending process, in microseconds a record. */
  cpuUs: number;
}

/** Sends a request to a Worker. @throws Error with its response unless it succeeds. */
export const callWorker = async ({ origin }: Workerd, path: string, body?: unknown): Promise<Response> => {
  const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${origin}${path}`, request);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response;
};

/** Measures the effort of records. @param cpuMs Processor time of the sending process, in milliseconds. */
export const measureEffort = async (
  records: number,
  cpuMs: () => Promise<number>,
  send: () => Promise<unknown>,
): Promise<Effort> => {
  const [cpuBefore, startedAt] = [await cpuMs(), performance.now()];
  await send();
  const seconds = (performance.now() - startedAt) / 1_000;
  return { rate: records / seconds, cpuUs: ((await cpuMs()) - cpuBefore) * (1_000 / records) };
};
