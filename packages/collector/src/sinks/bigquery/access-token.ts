import { secretOf } from "../../access/keys.ts";
import { askTarget, jsonIn } from "../ask-target.ts";
import { type SigningKey, signingKeyOf } from "../signing-key.ts";
import { TargetError } from "../target-error.ts";

/** The scope that streaming needs. */
const SCOPE = "https://www.googleapis.com/auth/bigquery.insertdata";

const TOKEN_URI = "https://oauth2.googleapis.com/token";

/** Lifetime of an assertion: the longest that Google accepts, in seconds. */
const ASSERTION_S = 3_600;

/** Time before its end at which a token is replaced, in milliseconds. */
const MARGIN_MS = 60_000;

interface Credentials {
  client_email: string;
  private_key: string;
  private_key_id?: unknown;
  token_uri?: unknown;
}

const isCredentials = (value: unknown): value is Credentials => {
  const { client_email, private_key } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof client_email === "string" && typeof private_key === "string";
};

/** The access tokens of a service account: one at a time, until shortly before it expires. */
export class AccessToken {
  readonly #secretName: string;
  #key: { secret: string; key: SigningKey; credentials: Credentials } | undefined;
  #token: { secret: string; text: string; endsAt: number } | undefined;

  constructor(secretName: string) {
    this.#secretName = secretName;
  }

  /** Forgets the token, which Google has rejected. */
  forget(): void {
    this.#token = undefined;
  }

  /**
   * Returns a valid token.
   *
   * @throws TargetError when there is none.
   */
  async get(env: object, signal: AbortSignal): Promise<string> {
    const secret = secretOf(env, this.#secretName);
    if (secret === undefined) throw new TargetError(`the secret ${this.#secretName} is not set`);
    if (this.#token?.secret === secret && this.#token.endsAt > Date.now()) return this.#token.text;
    const { key, credentials } = await this.#keyOf(secret);
    const now = Math.floor(Date.now() / 1_000);
    const uri = typeof credentials.token_uri === "string" ? credentials.token_uri : TOKEN_URI;
    const claims = { iss: credentials.client_email, scope: SCOPE, aud: uri, iat: now, exp: now + ASSERTION_S };
    const keyId = credentials.private_key_id;
    const assertion = await key.sign(claims, typeof keyId === "string" ? { kid: keyId } : {});
    const { status, text, afterMs } = await askTarget("Google's token server", uri, {
      ...{ method: "POST", signal, headers: { "content-type": "application/x-www-form-urlencoded" } },
      body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }).toString(),
    });
    const body = jsonIn(text) as { access_token?: unknown; expires_in?: unknown; error?: unknown } | undefined;
    if (status !== 200 || typeof body?.access_token !== "string") {
      const code = typeof body?.error === "string" ? body.error : "";
      const reason = `Google's token server responded with status ${status}${code && `: ${code}`}`;
      throw new TargetError(reason, status, code, afterMs);
    }
    const lifetime = typeof body.expires_in === "number" ? body.expires_in * 1_000 : 0;
    this.#token = { secret, text: body.access_token, endsAt: Date.now() + lifetime - MARGIN_MS };
    return body.access_token;
  }

  async #keyOf(secret: string): Promise<{ key: SigningKey; credentials: Credentials }> {
    if (this.#key?.secret === secret) return this.#key;
    const credentials = jsonIn(secret);
    const key = isCredentials(credentials) ? await signingKeyOf(credentials.private_key) : undefined;
    if (!isCredentials(credentials) || !key) {
      const expected = "expected the JSON file of a service account's key, with client_email and private_key";
      throw new TargetError(`the secret ${this.#secretName} is not a key of Google: ${expected}`);
    }
    this.#key = { secret, key, credentials };
    return this.#key;
  }
}
