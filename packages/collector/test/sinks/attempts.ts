import type { Env } from "../../src/env.ts";
import type { Cut, Sink, SinkContext, SinkOutcome } from "../../src/sinks/sink.ts";

/** The surroundings of an attempt. */
export const contextOf = (env: object, signal = new AbortController().signal): SinkContext => ({
  ...{ env: env as Env, signal, site: "shop", partition: 0 },
});

/** Sends a cut until no record is pending. Returns the outcomes of each attempt, by the index of the record. */
export const sendAll = async (sink: Sink, cut: Cut, env: object): Promise<Record<number, SinkOutcome>[]> => {
  const attempts: Record<number, SinkOutcome>[] = [];
  let { pending } = cut;
  while (pending.length > 0) {
    if (attempts.length === 20) throw new Error(`the cut was not sent: ${JSON.stringify(attempts.at(-1))}`);
    const { outcomes } = await sink.attempt({ ...cut, pending }, undefined, contextOf(env));
    if (outcomes.length !== pending.length)
      throw new Error(`${outcomes.length} outcomes for ${pending.length} records`);
    attempts.push(Object.fromEntries(pending.map((index, place) => [index, outcomes[place] as SinkOutcome])));
    pending = pending.filter((_, place) => outcomes[place]?.type === "retry");
  }
  return attempts;
};

/** The error of settings as `field: expected, given`; `undefined` for none. */
export const settingsError = <S>(
  check: (settings: S, expect: (condition: boolean, field: string, expected: string, given: unknown) => void) => void,
  settings: object,
): string | undefined => {
  try {
    check(settings as S, (condition, field, expected, given) => {
      if (!condition) throw new Error(`${field}: ${expected}, given ${JSON.stringify(given)}`);
    });
  } catch (error) {
    return (error as Error).message;
  }
};
