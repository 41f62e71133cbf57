import { TargetError } from "../target-error.ts";
import type { SnowflakeAccount } from "./account.ts";
import { type OffsetToken, readToken, writeToken } from "./offset-token.ts";
import type { SnowpipeSettings } from "./settings.ts";

/** The surroundings of a request. */
export interface ChannelContext {
  env: object;
  signal: AbortSignal;
}

/** The progress of a channel. */
export interface ChannelStatus {
  /** The token of the latest committed rows. */
  committed: OffsetToken | undefined;
  /** Number of rows that Snowflake has rejected since the channel exists. */
  errors: number;
  /** The rows with the latest error are at or before this one. */
  lastErrorAt: OffsetToken | undefined;
  lastError: string;
}

/** Statuses of a channel that takes rows. The documentation has both. */
const VALID: readonly unknown[] = ["ACTIVE", "SUCCESS"];

/** Codes after which a channel is opened again. So it is after each response with status 409. */
const REOPENABLE: readonly string[] = [
  "STALE_CONTINUATION_TOKEN_SEQUENCER",
  "STALE_PIPE_CACHE",
  "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED",
  "ERR_CHANNEL_HAS_INVALID_CLIENT_SEQUENCER",
  "ERR_CHANNEL_HAS_INVALID_ROW_SEQUENCER",
  "ERR_CHANNEL_MUST_BE_REOPENED",
  "ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP",
];

/** Whether a channel that is opened again can take the rows. */
export const isReopenable = (error: unknown): boolean =>
  error instanceof TargetError && (REOPENABLE.includes(error.code) || error.status === 409 || error.status === 401);

const numberIn = (...values: readonly unknown[]): number =>
  (values.find((value) => typeof value === "number") as number) ?? 0;

const statusIn = (value: unknown): ChannelStatus => {
  const status = (value ?? {}) as Record<string, unknown>;
  const code = status.channel_status_code;
  const message = typeof status.last_error_message === "string" ? status.last_error_message : "";
  if (!VALID.includes(code)) {
    const reason = [`Snowflake's channel has the status ${String(code)}`, message]
      .filter((part) => part !== "")
      .join(": ");
    throw new TargetError(reason, 409, String(code));
  }
  return {
    committed: readToken(status.last_committed_offset_token),
    errors: numberIn(status.rows_error_count, status.rows_errors),
    lastErrorAt: readToken(status.last_error_offset_upper_bound),
    lastError: message,
  };
};

/**
 * An open channel. To open a channel again invalidates its earlier continuation tokens, and discards the rows that are not
 * committed: what its status reports then is final.
 */
export class SnowpipeChannel {
  readonly #account: SnowflakeAccount;
  readonly #path: string;
  readonly #pipe: string;
  readonly #name: string;
  #continuation: string;
  /** Identity of the channel: one that was dropped counts its errors anew. */
  readonly id: string;
  status: ChannelStatus;
  /** The latest appended row, and the time of its request. */
  appended: { token: OffsetToken; at: number } | undefined;

  private constructor(
    account: SnowflakeAccount,
    { pipe, channel, name }: { pipe: string; channel: string; name: string },
    opened: Record<string, unknown>,
  ) {
    const { next_continuation_token: continuation, channel_status: status } = opened;
    if (typeof continuation !== "string") throw new TargetError("Snowflake's response has no continuation token");
    this.#account = account;
    this.#pipe = pipe;
    this.#path = channel;
    this.#name = name;
    this.#continuation = continuation;
    this.id = `${channel}@${String((status as Record<string, unknown> | undefined)?.created_on_ms ?? "")}`;
    this.status = statusIn(status);
  }

  /**
   * Opens a channel, which exists from then on.
   *
   * @throws TargetError when it cannot.
   */
  static async open(
    account: SnowflakeAccount,
    { database, schema, pipe }: SnowpipeSettings,
    name: string,
    { env, signal }: ChannelContext,
  ): Promise<SnowpipeChannel> {
    const [d, s, p, c] = [database, schema, pipe, name].map(encodeURIComponent);
    const ofPipe = `databases/${d}/schemas/${s}/pipes/${p}`;
    const channel = `${ofPipe}/channels/${c}`;
    const body = { signal, type: "application/json", body: "{}" };
    const opened = await account.ask("PUT", `/v2/streaming/${channel}`, env, body);
    return new SnowpipeChannel(account, { pipe: ofPipe, channel, name }, opened);
  }

  /**
   * Appends rows. They are not committed yet.
   *
   * @param rows NDJSON, of at most 4 MB.
   * @throws TargetError when Snowflake has not confirmed them. The channel must be opened again then.
   */
  async append(rows: string, first: OffsetToken, last: OffsetToken, { env, signal }: ChannelContext): Promise<void> {
    const query = new URLSearchParams({
      ...{
        continuationToken: this.#continuation,
        startOffsetToken: writeToken(first),
        endOffsetToken: writeToken(last),
      },
      requestId: crypto.randomUUID(),
    });
    const path = `/v2/streaming/data/${this.#path}/rows?${query}`;
    const body = await this.#account.ask("POST", path, env, { signal, type: "application/x-ndjson", body: rows });
    if (typeof body.next_continuation_token !== "string")
      throw new TargetError("Snowflake's response has no continuation token");
    this.#continuation = body.next_continuation_token;
    this.appended = { token: last, at: Date.now() };
  }

  /**
   * Asks for the progress.
   *
   * @throws TargetError when the channel takes no rows any more, or does not exist.
   */
  async refresh({ env, signal }: ChannelContext): Promise<void> {
    const body = JSON.stringify({ channel_names: [this.#name] });
    const path = `/v2/streaming/${this.#pipe}:bulk-channel-status`;
    const answer = await this.#account.ask("POST", path, env, { signal, type: "application/json", body });
    const statuses = Object.entries((answer.channel_statuses ?? {}) as Record<string, unknown>);
    const own = statuses.find(([name]) => name.toLowerCase() === this.#name.toLowerCase());
    if (!own) throw new TargetError("Snowflake does not have the channel any more", 409);
    this.status = statusIn(own[1]);
  }
}
