import type { LogColumn } from "@tidemark/schema/log";
import { type Fake, LostConnection, textOf } from "../serve-fake.ts";
import { bearerIn, type KeyPair, readSigned } from "../signed-claims.ts";

/** A fault of a request: it or its answer is lost, or it is answered without being processed. */
export type Fault =
  | "lose request"
  | "lose answer"
  | { status: number; reason: string; headers?: Record<string, string> };

interface RowErrors {
  index: number;
  errors: { reason: string; location: string; debugInfo: string; message: string }[];
}

const KNOWN = ["kind", "skipInvalidRows", "ignoreUnknownValues", "templateSuffix", "rows", "traceId"];

/** Time for which an `insertId` is known, in milliseconds. */
const MEMORY_MS = 60_000;

const MAX_REQUEST = 10_000_000;

const failure = (status: number, reason: string, message: string, headers: Record<string, string> = {}) =>
  Response.json(
    { error: { code: status, message, errors: [{ message, domain: "global", reason }] } },
    { status, headers },
  );

/** The message of a value that does not fit into its column; `undefined` for none. */
const errorIn = ({ name, type, required }: LogColumn, value: unknown): string | undefined => {
  if (value === undefined || value === null) return required ? `Missing required field: ${name}.` : undefined;
  if (typeof value === "object") return `This field: ${name} is not a record.`;
  const text = String(value);
  const isFit = {
    ...{ text: true, json: true, boolean: /^(true|false)$/i.test(text), number: Number.isFinite(Number(text)) },
    ...{ int32: /^-?\d+$/.test(text), int64: /^-?\d+$/.test(text) },
    timestamp: typeof value === "string" && !Number.isNaN(Date.parse(value)),
  }[type];
  return isFit ? undefined : `Cannot convert value to ${type} (bad value): ${text}`;
};

/**
 * A strict fake of BigQuery's legacy streaming, for one table and one service account. It checks the rules of these pages of
 * Google's documentation:
 *
 * - "Method: tabledata.insertAll": fields of the request, `skipInvalidRows`, `ignoreUnknownValues`, `insertErrors`
 * - "Quotas and limits", Streaming inserts: 10 MB and 50,000 rows in a request, 128 characters in an `insertId`
 * - "Use the legacy streaming API", Best effort de-duplication: an `insertId` is known for a minute at least
 * - "Troubleshoot streaming inserts": one invalid row stops all others
 * - "Error messages": statuses and reasons
 * - "Using OAuth 2.0 for Server to Server Applications": claims of the assertion, and the token's lifetime
 */
export class FakeBigQuery implements Fake {
  url = "http://127.0.0.1:1";
  /** The rows of the table. */
  readonly table: Record<string, unknown>[] = [];
  /** Violations of the documented interface. */
  readonly violations: string[] = [];
  /** Numbers of rows by request. */
  readonly requests: number[] = [];
  tokensIssued = 0;
  fault: (step: "token" | "insert") => Fault | undefined = () => undefined;
  /** The errors that a valid row gets nevertheless, by `insertId`. */
  rowFault: (insertId: string) => { reason: string; message: string } | undefined = () => undefined;
  columns: readonly LogColumn[];
  readonly #key: KeyPair;
  readonly #tokens = new Map<string, number>();
  readonly #insertIds = new Map<string, number>();

  constructor(key: KeyPair, columns: readonly LogColumn[]) {
    this.#key = key;
    this.columns = columns;
  }

  /** The JSON file of the service account's key. */
  get credentials(): string {
    return JSON.stringify({
      ...{ type: "service_account", project_id: "shop-analytics", private_key_id: "key-1", private_key: this.#key.pem },
      ...{ client_email: "tidemark@shop-analytics.iam.gserviceaccount.com", token_uri: `${this.url}/token` },
    });
  }

  handle = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const step = pathname === "/token" ? "token" : "insert";
    const fault = this.fault(step);
    if (fault === "lose request") throw new LostConnection();
    if (typeof fault === "object") return failure(fault.status, fault.reason, "a fault of the test", fault.headers);
    const answer = await (step === "token" ? this.#token(request) : this.#insertAll(request, pathname));
    if (fault === "lose answer") throw new LostConnection();
    return answer;
  };

  expireTokens(): void {
    this.#tokens.clear();
  }

  #violation(status: number, reason: string, message: string): Response {
    this.violations.push(message);
    return failure(status, reason, message);
  }

  async #token(request: Request): Promise<Response> {
    const form = new URLSearchParams(await textOf(request));
    const invalid = (error: string, error_description: string) =>
      Response.json({ error, error_description }, { status: 400 });
    if (request.method !== "POST" || form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer")
      return invalid("unsupported_grant_type", "Invalid grant_type");
    const signed = await readSigned(form.get("assertion") ?? "", this.#key.publicKey);
    if (!signed) return invalid("invalid_grant", "Invalid JWT Signature.");
    const { iss, scope, aud, iat, exp } = signed.claims as Record<string, string | number>;
    const now = Date.now() / 1_000;
    const isTimely = Number(iat) <= now + 60 && Number(exp) > now && Number(exp) - Number(iat) <= 3_600;
    if (!isTimely) return invalid("invalid_grant", "Invalid JWT: Token must be a short-lived token.");
    const { client_email, token_uri } = JSON.parse(this.credentials);
    if (iss !== client_email || aud !== token_uri) return invalid("invalid_grant", "Invalid JWT: iss or aud.");
    if (signed.header.alg !== "RS256" || signed.header.kid !== "key-1")
      return invalid("invalid_grant", "Invalid JWT header.");
    const scopes = ["bigquery", "bigquery.insertdata", "cloud-platform"].map(
      (name) => `https://www.googleapis.com/auth/${name}`,
    );
    if (!scopes.includes(String(scope))) return invalid("invalid_scope", "Invalid OAuth scope.");
    this.tokensIssued += 1;
    const access_token = `ya29.${crypto.randomUUID()}`;
    this.#tokens.set(access_token, Date.now() + 3_599_000);
    return Response.json({ access_token, expires_in: 3_599, token_type: "Bearer" });
  }

  async #insertAll(request: Request, pathname: string): Promise<Response> {
    if ((this.#tokens.get(bearerIn(request)) ?? 0) <= Date.now())
      return failure(401, "authError", "Request had invalid authentication credentials.");
    const path = "/bigquery/v2/projects/shop-analytics/datasets/tidemark_shop/tables/event_files/insertAll";
    if (request.method !== "POST" || pathname !== path) return failure(404, "notFound", `Not found: ${pathname}`);
    if (request.headers.get("content-type") !== "application/json")
      return this.#violation(400, "parseError", "content type");
    const text = await textOf(request);
    if (Buffer.byteLength(text) > MAX_REQUEST)
      return this.#violation(413, "uploadTooLarge", "a request of more than 10 MB");
    const body = JSON.parse(text) as Record<string, unknown>;
    const unknown = Object.keys(body).find((key) => !KNOWN.includes(key));
    if (unknown !== undefined)
      return this.#violation(400, "invalid", `Invalid JSON payload received. Unknown name "${unknown}"`);
    const rows = body.rows as { insertId?: string; json?: Record<string, unknown> }[];
    if (!Array.isArray(rows) || rows.length === 0)
      return this.#violation(400, "invalid", "No rows present in the request.");
    if (rows.length > 50_000) return this.#violation(400, "invalid", "too many rows present in the request");
    for (const row of rows) {
      const isRow = typeof row.json === "object" && Object.keys(row).every((key) => ["insertId", "json"].includes(key));
      if (!isRow) return this.#violation(400, "invalid", "a row without json");
      if ((row.insertId ?? "").length > 128)
        return this.#violation(400, "invalid", "an insertId of more than 128 characters");
    }
    this.requests.push(rows.length);
    const insertErrors = this.#errorsOf(rows, body.ignoreUnknownValues === true);
    const bad = new Set(insertErrors.map(({ index }) => index));
    const isStopped = bad.size > 0 && body.skipInvalidRows !== true;
    if (isStopped)
      for (const index of rows.keys())
        if (!bad.has(index))
          insertErrors.push({ index, errors: [{ reason: "stopped", location: "", debugInfo: "", message: "" }] });
    if (!isStopped) for (const [index, row] of rows.entries()) if (!bad.has(index)) this.#store(row);
    return Response.json({
      kind: "bigquery#tableDataInsertAllResponse",
      ...(insertErrors.length > 0 && { insertErrors }),
    });
  }

  #store({ insertId, json = {} }: { insertId?: string; json?: Record<string, unknown> }): void {
    const now = Date.now();
    if (insertId !== undefined) {
      const known = this.#insertIds.get(insertId);
      if (known !== undefined && now - known <= MEMORY_MS) return;
      this.#insertIds.set(insertId, now);
    }
    this.table.push(json);
  }

  #errorsOf(
    rows: readonly { insertId?: string; json?: Record<string, unknown> }[],
    ignoresUnknown: boolean,
  ): RowErrors[] {
    return [...rows.entries()].flatMap(([index, { insertId = "", json = {} }]) => {
      const error = (reason: string, location: string, message: string): RowErrors => ({
        index,
        errors: [{ reason, location, debugInfo: "", message }],
      });
      const fault = this.rowFault(insertId);
      if (fault) return [error(fault.reason, "", fault.message)];
      const extra = Object.keys(json).find((name) => !this.columns.some((column) => column.name === name));
      if (extra !== undefined && !ignoresUnknown) return [error("invalid", extra, `no such field: ${extra}.`)];
      for (const column of this.columns) {
        const message = errorIn(column, json[column.name]);
        if (message !== undefined) return [error("invalid", column.name, message)];
      }
      return [];
    });
  }
}
