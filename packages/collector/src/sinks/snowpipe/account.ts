import { secretOf } from "../../access/keys.ts";
import { askTarget, jsonIn, type TargetResponse } from "../ask-target.ts";
import { type SigningKey, signingKeyOf } from "../signing-key.ts";
import { TargetError } from "../target-error.ts";
import type { SnowpipeSettings } from "./settings.ts";

/** Lifetime of a token that the user's key signs, in seconds. Snowflake accepts an hour. */
const SIGNED_S = 3_540;

/** Time for which a scoped token is used, in milliseconds. */
const SCOPED_MS = 1_800_000;

/** Access to the server that takes an account's rows. */
interface Ingest {
  secret: string;
  origin: string;
  token: string;
  until: number;
}

/** A text that a response has as JSON, in a field, or as it is. */
const textIn = (text: string, field: string): string | undefined => {
  const body = jsonIn(text);
  const value =
    typeof body === "object" && body !== null ? (body as Record<string, unknown>)[field] : (body ?? text.trim());
  return typeof value === "string" && value !== "" ? value : undefined;
};

/** The error of a response that is no success. */
const snowflakeError = ({ status, text, afterMs }: TargetResponse): TargetError => {
  const body = (jsonIn(text) ?? {}) as { code?: unknown; message?: unknown };
  const code = typeof body.code === "string" ? body.code : "";
  const message = typeof body.message === "string" ? body.message : "";
  const reason = [`Snowflake responded with status ${status}`, code, message].filter((part) => part !== "").join(": ");
  return new TargetError(reason, status, code, afterMs);
};

/** The account as a token names it: in capitals, and a locator without its region. */
const accountInToken = (account: string): string => account.replace(/\..*$/, "").toUpperCase();

/** An account of Snowflake: its sign-in, and requests to the server that takes its rows. */
export class SnowflakeAccount {
  readonly #settings: SnowpipeSettings;
  readonly #url: URL;
  #key: { secret: string; key: SigningKey } | undefined;
  #ingest: Ingest | undefined;

  constructor(settings: SnowpipeSettings) {
    this.#settings = settings;
    const host = settings.account.toLowerCase().replaceAll("_", "-");
    this.#url = new URL(settings.url ?? `https://${host}.snowflakecomputing.com`);
  }

  /**
   * Sends a request to the server that takes rows.
   *
   * @returns The JSON of the response.
   * @throws TargetError without a successful one.
   */
  async ask(method: string, path: string, env: object, init: { signal: AbortSignal; type: string; body: string }) {
    const { origin, token } = await this.#signIn(env, init.signal);
    const response = await askTarget("Snowflake", `${origin}${path}`, {
      ...{ method, signal: init.signal, body: init.body },
      headers: {
        ...{ authorization: `Bearer ${token}`, "content-type": init.type, accept: "application/json" },
        "x-snowflake-authorization-token-type": "OAUTH",
      },
    });
    if (response.status === 401) this.#ingest = undefined;
    if (response.status !== 200) throw snowflakeError(response);
    const body = jsonIn(response.text);
    if (typeof body !== "object" || body === null) throw new TargetError("Snowflake's response is not JSON");
    return body as Record<string, unknown>;
  }

  async #signIn(env: object, signal: AbortSignal): Promise<Ingest> {
    const { privateKeySecret, role } = this.#settings;
    const secret = secretOf(env, privateKeySecret);
    if (secret === undefined) throw new TargetError(`the secret ${privateKeySecret} is not set`);
    if (this.#ingest?.secret === secret && this.#ingest.until > Date.now()) return this.#ingest;
    const headers = { authorization: `Bearer ${await this.#signedToken(secret)}` };
    const type = { "x-snowflake-authorization-token-type": "KEYPAIR_JWT" };
    const found = await askTarget("Snowflake", new URL("/v2/streaming/hostname", this.#url).href, {
      ...{ signal, headers: { ...headers, ...type } },
    });
    if (found.status !== 200) throw snowflakeError(found);
    const name = textIn(found.text, "hostname");
    // Names of hosts have no underscores; Snowflake returns those of the account.
    const origin = name && URL.parse(`${this.#url.protocol}//${name.replaceAll("_", "-")}`);
    if (!name || !origin) throw new TargetError("Snowflake's response has no name of a host");
    const scope = role === undefined ? origin.host : `session:role:${role} ${origin.host}`;
    const exchanged = await askTarget("Snowflake", new URL("/oauth/token", this.#url).href, {
      ...{ method: "POST", signal },
      headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", scope }).toString(),
    });
    if (exchanged.status !== 200) throw snowflakeError(exchanged);
    const token = textIn(exchanged.text, "token");
    if (token === undefined) throw new TargetError("Snowflake's response has no token");
    this.#ingest = { secret, origin: origin.origin, token, until: Date.now() + SCOPED_MS };
    return this.#ingest;
  }

  async #signedToken(secret: string): Promise<string> {
    const { account, user, privateKeySecret } = this.#settings;
    const key = this.#key?.secret === secret ? this.#key.key : await signingKeyOf(secret);
    if (!key) {
      const expected = "expected a private key as PKCS#8 in PEM, without a passphrase";
      throw new TargetError(`the secret ${privateKeySecret} is not a key of Snowflake: ${expected}`);
    }
    this.#key = { secret, key };
    const subject = `${accountInToken(account)}.${user.toUpperCase()}`;
    const now = Math.floor(Date.now() / 1_000);
    return key.sign({ iss: `${subject}.SHA256:${key.fingerprint}`, sub: subject, iat: now, exp: now + SIGNED_S });
  }
}
