import type { SinkCreation } from "../../define-sink.ts";
import type { Attempt, Cut, Sink, SinkContext, SinkOutcome, SinkRecord } from "../sink.ts";
import { TargetError } from "../target-error.ts";
import { warehouseRows } from "../warehouse-row.ts";
import { SnowflakeAccount } from "./account.ts";
import { isReopenable, SnowpipeChannel } from "./channel.ts";
import { includes, type OffsetToken } from "./offset-token.ts";
import { requestsOf, rowText } from "./rows.ts";
import type { SnowpipeSettings } from "./settings.ts";

/** Largest cut. A channel takes about 1 MB in a second. */
const LIMITS = { records: 2_000, bytes: 2_000_000 };

/** The sink's memory, which the caller commits. */
export interface SnowpipeState {
  version: 1;
  /** The cut for which the state is: its id and time. A replay can have cuts with the ids of earlier ones. */
  cut: string;
  at: number;
  /** The pass in which the cut is: see {@link OffsetToken}. */
  pass: number;
  /** The largest offset of the cut. */
  last: number;
  /** The channel, and the number of rows that it had rejected before the cut; absent until it is open. */
  rejected?: { channel: string; count: number };
}

/** Times that tests change. */
export interface SnowpipeTiming {
  /** Time from the first question about the commit to the second one, in milliseconds. It doubles, up to `longestPollMs`. */
  pollMs: number;
  longestPollMs: number;
  /** Time for which an attempt waits for the commit, in milliseconds. */
  commitMs: number;
  /** Time without a commit after which the channel is opened again, in milliseconds. */
  reopenMs: number;
}

const TIMING: SnowpipeTiming = { pollMs: 250, longestPollMs: 2_000, commitMs: 20_000, reopenMs: 120_000 };

/** Time to the next question about a commit that takes longer than an attempt, in milliseconds. */
const NEXT_POLL_MS = 2_000;

const offsetsIn = ({ records }: Cut): { first: number; last: number } => ({
  first: records[0]?.record.offset ?? 0,
  last: records.at(-1)?.record.offset ?? 0,
});

/**
 * The state of a new cut. Its pass is that of the cut before it, unless a replay has begun. It depends on the cut and the
 * committed state only.
 */
const stateFor = (cut: Cut, previous: SnowpipeState | undefined): SnowpipeState => {
  if (previous?.cut === cut.id && previous.at === cut.at) return previous;
  const { first, last } = offsetsIn(cut);
  const isNext = previous !== undefined && first > previous.last;
  const pass = isNext ? previous.pass : Math.max(cut.at, (previous?.pass ?? 0) + 1);
  return {
    version: 1,
    cut: cut.id,
    at: cut.at,
    pass,
    last,
    ...(previous?.rejected && { rejected: previous.rejected }),
  };
};

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
  });

const retry = (reason: string, afterMs: number | undefined): SinkOutcome => ({
  ...{ type: "retry", reason },
  ...(afterMs === undefined ? {} : { afterMs }),
});

/**
 * A sink that streams rows into a table of Snowflake, by the REST API of Snowpipe Streaming.
 *
 * Snowflake commits an offset token together with the rows up to it. Each record has one, and is delivered when a committed
 * token includes it: a response to appended rows is not enough. After a lost response or a restart, the channel is opened
 * again. That discards all rows that are not committed, so that exactly the others are appended again.
 */
export const createSnowpipeSink = (
  settings: SnowpipeSettings,
  { sink, features }: SinkCreation,
  timing: SnowpipeTiming = TIMING,
): Sink<SnowpipeState> => {
  const account = new SnowflakeAccount(settings);
  const rowOf = warehouseRows(features);
  /** The open channel. Only this object has its continuation token: a restart opens the channel again. */
  let open: { name: string; channel: SnowpipeChannel } | undefined;

  const channelOf = async (context: SinkContext): Promise<SnowpipeChannel> => {
    const name = `tidemark-${context.site}-${sink}-${context.partition}`;
    if (open?.name !== name) open = { name, channel: await SnowpipeChannel.open(account, settings, name, context) };
    return open.channel;
  };

  /** Waits until the token is committed, or the time of the attempt is over. */
  const committed = async (channel: SnowpipeChannel, token: OffsetToken, context: SinkContext): Promise<boolean> => {
    const endsAt = Date.now() + timing.commitMs;
    for (let pause = timing.pollMs; ; pause = Math.min(pause * 2, timing.longestPollMs)) {
      await channel.refresh(context);
      if (includes(channel.status.committed, token)) return true;
      if (Date.now() + pause > endsAt || context.signal.aborted) return false;
      await wait(pause, context.signal);
    }
  };

  const deliver = async (cut: Cut, state: SnowpipeState, context: SinkContext): Promise<Attempt<SnowpipeState>> => {
    const channel = await channelOf(context);
    if (state.rejected?.channel !== channel.id) {
      // The number is committed before rows can change it.
      const rejected = { channel: channel.id, count: channel.status.errors };
      return { outcomes: cut.pending.map(() => retry("the channel is open", 0)), state: { ...state, rejected } };
    }
    const tokenOf = (index: number): OffsetToken => ({
      ...{ pass: state.pass, offset: (cut.records[index] as SinkRecord).record.offset },
    });
    const outcomes = new Map<number, SinkOutcome>();
    const rows: { index: number; text: string }[] = [];
    for (const index of cut.pending) {
      const row = rowText(cut.records[index] as SinkRecord, rowOf);
      if ("refused" in row) outcomes.set(index, { type: "refused", reason: row.refused });
      else rows.push({ index, text: row.text });
    }
    const finish = (more: Partial<SnowpipeState> = {}): Attempt<SnowpipeState> => ({
      outcomes: cut.pending.map((index) => outcomes.get(index) as SinkOutcome),
      state: { ...state, ...more },
    });
    const last = rows.at(-1);
    if (!last) return finish();
    const isAppended = ({ index }: { index: number }): boolean =>
      includes(channel.status.committed, tokenOf(index)) || includes(channel.appended?.token, tokenOf(index));
    const left = rows.filter((row) => !isAppended(row));
    for (const { text, first, last: end } of requestsOf(cut.records, left))
      await channel.append(text, { pass: state.pass, offset: first }, { pass: state.pass, offset: end }, context);
    const target = tokenOf(last.index);
    if (!includes(channel.status.committed, target) && !(await committed(channel, target, context))) {
      if (channel.appended && Date.now() - channel.appended.at > timing.reopenMs) open = undefined;
      for (const { index } of rows)
        outcomes.set(index, retry("Snowflake has not committed the rows yet", NEXT_POLL_MS));
      return finish();
    }
    const { errors, lastErrorAt, lastError } = channel.status;
    const count = Math.max(0, Math.min(rows.length, errors - state.rejected.count));
    // Snowflake reports only how many rows it has rejected, and the end of the request with the latest one.
    const upToError = rows.filter(({ index }) => !lastErrorAt || includes(lastErrorAt, tokenOf(index)));
    const possible = upToError.length >= count ? upToError : rows;
    const rejected = new Set(possible.slice(possible.length - count));
    const reason = `Snowflake rejected ${count} of ${rows.length} rows, this one or earlier ones: ${lastError}`;
    for (const row of rows)
      outcomes.set(row.index, rejected.has(row) ? { type: "refused", reason } : { type: "delivered" });
    return finish({ rejected: { channel: channel.id, count: errors } });
  };

  const attempt = async (
    cut: Cut,
    state: SnowpipeState,
    context: SinkContext,
    isAgain = false,
  ): Promise<Attempt<SnowpipeState>> => {
    try {
      return await deliver(cut, state, context);
    } catch (error) {
      // Rows may have been appended.
      open = undefined;
      if (isReopenable(error) && !isAgain && !context.signal.aborted) return attempt(cut, state, context, true);
      const { message } = error as Error;
      const afterMs = error instanceof TargetError ? error.afterMs : undefined;
      return { outcomes: cut.pending.map(() => retry(message, afterMs)), state };
    }
  };

  return {
    limits: LIMITS,
    async plan(cut, previous, context) {
      const state = stateFor(cut, previous);
      const channel = await channelOf(context).catch(() => undefined);
      if (!channel || state.rejected?.channel === channel.id) return state;
      return { ...state, rejected: { channel: channel.id, count: channel.status.errors } };
    },
    attempt: (cut, previous, context) => attempt(cut, stateFor(cut, previous), context),
  };
};
