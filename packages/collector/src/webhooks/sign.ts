/** The bytes of a secret, which sign. */
export type Key = Uint8Array<ArrayBuffer>;

/** Lengths that a key may have, in bytes. */
const KEY_BYTES = { least: 24, most: 64 };

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/** Form of a webhook's secret, for errors. */
export const SECRET_FORM = `whsec_ and the base64 of ${KEY_BYTES.least} to ${KEY_BYTES.most} random bytes`;

const bytesOf = (base64: string): Key | undefined => {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
};

/** The key in a secret; `undefined` unless the secret has the form {@link SECRET_FORM}. */
export const keyOf = (secret: string): Key | undefined => {
  const key = bytesOf(SECRET.exec(secret)?.[1] ?? "");
  return key && key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most ? key : undefined;
};

const signatureOf = async (key: Key, text: string): Promise<string> => {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, hmac, false, ["sign"]);
  const signature = await crypto.subtle.sign(hmac, imported, new TextEncoder().encode(text));
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`;
};

/** A message as it is sent. */
export interface SentMessage {
  id: string;
  body: string;
}

/**
 * The headers with which a receiver verifies a message, after the specification Standard Webhooks 1.0.0:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param keys Each one signs. A receiver needs one of them, so that a secret can be replaced without an interruption.
 * @param now Time of the attempt, in UTC milliseconds.
 */
export const signedHeaders = async (
  { id, body }: SentMessage,
  keys: readonly Key[],
  now: number,
): Promise<Record<string, string>> => {
  const timestamp = Math.floor(now / 1_000);
  const signatures = await Promise.all(keys.map((key) => signatureOf(key, `${id}.${timestamp}.${body}`)));
  return {
    "webhook-id": id,
    "webhook-timestamp": `${timestamp}`,
    "webhook-signature": signatures.join(" "),
  };
};
