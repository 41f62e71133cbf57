import type { LogColumn } from "@tidemark/schema/log";
import { type Fake, LostConnection, textOf } from "../serve-fake.ts";
import { bearerIn, type KeyPair, readSigned } from "../signed-claims.ts";

/** A row, by names in capitals. */
export type StoredRow = Record<string, unknown>;

interface AppendedRows {
  rows: unknown[];
  end: string | undefined;
}

interface Channel {
  name: string;
  createdAt: number;
  /** Counts openings. */
  client: number;
  /** Counts requests with rows since the opening. */
  row: number;
  status: string;
  committed: string | null;
  uncommitted: AppendedRows[];
  inserted: number;
  errors: number;
  lastError: { message: string; token: string } | undefined;
}

/** A request of the sink. */
export type Step = "hostname" | "token" | "open" | "append" | "status";

/** A fault of a request: it or its answer is lost, or it is answered without being processed. */
export type Fault = "lose request" | "lose answer" | { status: number; code: string; headers?: Record<string, string> };

const PATHS: Record<Exclude<Step, "hostname" | "token">, { method: string; path: RegExp }> = {
  open: {
    method: "PUT",
    path: /^\/v2\/streaming\/databases\/([^/]+)\/schemas\/([^/]+)\/pipes\/([^/:]+)\/channels\/([^/]+)$/,
  },
  append: {
    method: "POST",
    path: /^\/v2\/streaming\/data\/databases\/([^/]+)\/schemas\/([^/]+)\/pipes\/([^/:]+)\/channels\/([^/]+)\/rows$/,
  },
  status: {
    method: "POST",
    path: /^\/v2\/streaming\/databases\/([^/]+)\/schemas\/([^/]+)\/pipes\/([^/:]+):bulk-channel-status$/,
  },
};

const json = (body: object, status = 200, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers });

const failure = (status: number, code: string, message: string, headers = {}) =>
  json({ code, message }, status, headers);

const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** The error of a value in a column; `undefined` for none. */
const errorIn = ({ name, type, required }: LogColumn, value: unknown): string | undefined => {
  if (value === undefined || value === null)
    return required ? `NULL result in a non-nullable column: ${name}` : undefined;
  const isFit = {
    ...{ text: typeof value === "string", json: typeof value === "string", boolean: typeof value === "boolean" },
    ...{ number: typeof value === "number", int32: Number.isInteger(value), int64: Number.isInteger(value) },
    timestamp: typeof value === "string" && !Number.isNaN(Date.parse(value)),
  }[type];
  return isFit ? undefined : `the value is not recognized: column ${name}`;
};

/**
 * A strict fake of Snowpipe Streaming by REST, for one account with one pipe. It checks the rules of these pages of Snowflake's
 * documentation:
 *
 * - "Snowpipe Streaming REST API endpoints": paths, parameters, 4 MB of rows, NDJSON with a line break after each text,
 *   continuation tokens, and what the opening of a channel discards
 * - "Tutorial: Get started with Snowpipe Streaming REST API using cURL and a JWT": hosts, tokens, and their headers
 * - "Authenticating to the server" (SQL API): claims of the signed token
 * - "Error handling in high-performance Snowpipe Streaming": statuses of channels, and their codes
 * - "Limitations and considerations for Snowpipe Streaming with high-performance architecture": `ON_ERROR = CONTINUE`
 */
export class FakeSnowpipe implements Fake {
  url = "http://127.0.0.1:1";
  /** The committed rows of the table, in the order of their commits. */
  readonly table: StoredRow[] = [];
  readonly steps: Step[] = [];
  /** Violations of the documented interface. */
  readonly violations: string[] = [];
  /** Number of questions about the status before appended rows are committed. */
  commitAfter = 0;
  /** Decides what happens to a request. */
  fault: (step: Step) => Fault | undefined = () => undefined;
  /** Whether answers with one value are plain text, as the tutorial has them. */
  isPlain = false;
  readonly channels = new Map<string, Channel>();
  readonly #names = { database: "SHOP", schema: "TIDEMARK_SHOP", pipe: "EVENT_FILES-STREAMING" };
  readonly #tokens = new Map<string, number>();
  readonly #key: KeyPair;
  readonly #columns: readonly LogColumn[];
  #opened = 0;

  constructor(key: KeyPair, columns: readonly LogColumn[]) {
    this.#key = key;
    this.#columns = columns;
  }

  handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const step = this.#stepOf(request, url);
    if (!step) return this.#violation(404, "NOT_FOUND", `no endpoint for ${request.method} ${url.pathname}`);
    this.steps.push(step);
    const fault = this.fault(step);
    if (fault === "lose request") throw new LostConnection();
    if (typeof fault === "object") return failure(fault.status, fault.code, "a fault of the test", fault.headers);
    const answer = await this.#answer(step, request, url);
    if (fault === "lose answer") throw new LostConnection();
    return answer;
  };

  /** Forgets all scoped tokens. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** Commits the appended rows of all channels. */
  commit(): void {
    for (const channel of this.channels.values()) {
      for (const { rows, end } of channel.uncommitted) this.#commitRows(channel, rows, end);
      channel.uncommitted = [];
    }
  }

  #stepOf({ method }: Request, { pathname }: URL): Step | undefined {
    if (method === "GET" && pathname === "/v2/streaming/hostname") return "hostname";
    if (method === "POST" && pathname === "/oauth/token") return "token";
    const steps = Object.entries(PATHS) as [Step, { method: string; path: RegExp }][];
    return steps.find(([, each]) => each.method === method && each.path.test(pathname))?.[0];
  }

  #violation(status: number, code: string, message: string): Response {
    this.violations.push(message);
    return failure(status, code, message);
  }

  async #answer(step: Step, request: Request, url: URL): Promise<Response> {
    if (step === "hostname" || step === "token") {
      if (!(await this.#isSignedIn(request))) return failure(401, "390144", "JWT token is invalid.");
      return step === "hostname" ? this.#single("hostname", new URL(this.url).host) : this.#exchange(request);
    }
    if ((this.#tokens.get(bearerIn(request)) ?? 0) <= Date.now())
      return failure(401, "390303", "Invalid OAuth access token.");
    const type = request.headers.get("x-snowflake-authorization-token-type");
    if (type !== null && type !== "OAUTH") return this.#violation(401, "390303", `token type ${type}`);
    const [database, schema, pipe, name] = (PATHS[step].path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
    const own = this.#names;
    const isOwn = [database, schema, pipe].join("/").toUpperCase() === [own.database, own.schema, own.pipe].join("/");
    if (!isOwn)
      return failure(404, "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", "The pipe does not exist or is not authorized.");
    if (step === "status") return this.#status(request);
    return step === "open" ? this.#open(request, name as string) : this.#append(request, url, name as string);
  }

  #single(field: string, value: string): Response {
    return this.isPlain ? new Response(value) : json({ [field]: value });
  }

  /** "Authenticating to the server": issuer, subject and times of a token, by key-pair authentication. */
  async #isSignedIn(request: Request): Promise<boolean> {
    const signed = await readSigned(bearerIn(request), this.#key.publicKey);
    if (!signed) return false;
    const { iss, sub, iat, exp } = signed.claims as Record<string, number | string>;
    const now = Date.now() / 1_000;
    const isTimely = Number(iat) <= now + 60 && Number(exp) > now && Number(exp) - Number(iat) <= 3_600;
    const subject = "MYORG-ACCOUNT1.TIDEMARK";
    const isOwn = sub === subject && iss === `${subject}.SHA256:${this.#key.fingerprint}`;
    return signed.header.alg === "RS256" && isTimely && isOwn;
  }

  async #exchange(request: Request): Promise<Response> {
    if (request.headers.get("content-type") !== "application/x-www-form-urlencoded")
      return this.#violation(400, "INVALID", "content type of a token request");
    const form = new URLSearchParams(await textOf(request));
    if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer")
      return this.#violation(400, "INVALID", "grant_type");
    const { host } = new URL(this.url);
    if (![host, `session:role:TIDEMARK_WRITER ${host}`].includes(form.get("scope") ?? ""))
      return this.#violation(400, "INVALID", `scope ${form.get("scope")}`);
    const token = `scoped.${crypto.randomUUID()}`;
    this.#tokens.set(token, Date.now() + 3_600_000);
    return this.#single("token", token);
  }

  async #open(request: Request, name: string): Promise<Response> {
    const body = (await request.json().catch(() => undefined)) as Record<string, unknown> | undefined;
    const unknown = Object.keys(body ?? { body }).find(
      (key) => !["offset_token", "fail_on_uncommitted_rows"].includes(key),
    );
    if (unknown !== undefined) return this.#violation(400, "INVALID", `field ${unknown} of an opening`);
    const key = name.toUpperCase();
    let channel = this.channels.get(key);
    if (!channel) {
      this.#opened += 1;
      const counts = { client: 0, row: 0, inserted: 0, errors: 0, lastError: undefined };
      channel = { name, createdAt: this.#opened, status: "ACTIVE", committed: null, uncommitted: [], ...counts };
      this.channels.set(key, channel);
    }
    if (channel.uncommitted.length > 0 && body?.fail_on_uncommitted_rows === true)
      return failure(409, "ERR_CHANNEL_HAS_UNCOMMITTED_DATA", "The channel has uncommitted rows.");
    Object.assign(channel, { client: channel.client + 1, row: 0, status: "ACTIVE", uncommitted: [] });
    return json({
      next_continuation_token: `${channel.client}_${channel.row}`,
      channel_status: this.#statusOf(channel),
    });
  }

  async #append(request: Request, { searchParams }: URL, name: string): Promise<Response> {
    const invalid = (message: string) => this.#violation(400, "INVALID", message);
    const known = ["continuationToken", "startOffsetToken", "endOffsetToken", "requestId"];
    const unknown = [...searchParams.keys()].find((key) => !known.includes(key));
    if (unknown !== undefined) return invalid(`parameter ${unknown} of rows`);
    if (searchParams.has("requestId") && !isUuid(searchParams.get("requestId") ?? ""))
      return invalid("requestId is no UUID");
    if (request.headers.get("content-type") !== "application/x-ndjson") return invalid("content type of rows");
    const text = await textOf(request);
    if (Buffer.byteLength(text) > 4_000_000) return this.#violation(413, "TOO_LARGE", "rows of more than 4 MB");
    if (!text.endsWith("\n")) return invalid("a JSON text without a line break");
    const channel = this.channels.get(name.toUpperCase());
    if (!channel) return failure(404, "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED", "The channel does not exist.");
    if (channel.status !== "ACTIVE") return failure(409, channel.status, "The channel must be reopened.");
    if (searchParams.get("continuationToken") !== `${channel.client}_${channel.row}`) {
      const message = "Channel sequencer in the continuation token is stale. Please reopen the channel";
      return failure(400, "STALE_CONTINUATION_TOKEN_SEQUENCER", message);
    }
    let rows: unknown[];
    try {
      rows = text
        .slice(0, -1)
        .split("\n")
        .map((line) => JSON.parse(line));
    } catch {
      return invalid("a row that is not JSON");
    }
    channel.row += 1;
    channel.uncommitted.push({ rows, end: searchParams.get("endOffsetToken") ?? undefined });
    return json({ next_continuation_token: `${channel.client}_${channel.row}` });
  }

  async #status(request: Request): Promise<Response> {
    const body = (await request.json().catch(() => undefined)) as { channel_names?: unknown } | undefined;
    const names = body?.channel_names;
    if (!Array.isArray(names) || names.length === 0) return this.#violation(400, "INVALID", "channel_names");
    if (this.commitAfter > 0) this.commitAfter -= 1;
    else this.commit();
    const found = names.flatMap((name) => [...this.channels.values()].filter((channel) => channel.name === name));
    const statuses = found.map((channel) => {
      const { rows_error_count: rows_errors, ...status } = this.#statusOf(channel);
      return [channel.name, { ...status, rows_errors }];
    });
    return json({ channel_statuses: Object.fromEntries(statuses) });
  }

  #commitRows(channel: Channel, rows: readonly unknown[], end: string | undefined): void {
    for (const row of rows) {
      const values = new Map(Object.entries(row as object).map(([name, value]) => [name.toUpperCase(), value]));
      const error = this.#columns.map((column) => errorIn(column, values.get(column.name.toUpperCase()))).find(Boolean);
      if (error !== undefined) {
        channel.errors += 1;
        channel.lastError = { message: error, token: end ?? "" };
      } else {
        channel.inserted += 1;
        this.table.push(Object.fromEntries(values));
      }
    }
    if (end !== undefined) channel.committed = end;
  }

  #statusOf({ name, createdAt, status, committed, inserted, errors, lastError }: Channel) {
    return {
      ...{ database_name: this.#names.database, schema_name: this.#names.schema, pipe_name: this.#names.pipe },
      ...{ channel_name: name, channel_status_code: status, last_committed_offset_token: committed },
      ...{
        created_on_ms: createdAt,
        rows_inserted: inserted,
        rows_parsed: inserted + errors,
        rows_error_count: errors,
      },
      last_error_offset_upper_bound: lastError?.token ?? null,
      last_error_message: lastError?.message ?? null,
      ...{ last_error_timestamp: null, snowflake_avg_processing_latency_ms: 100 },
    };
  }
}
