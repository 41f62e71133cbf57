import { KafkaError } from "./kafka-error.ts";

const encoder = new TextEncoder();
const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(encoder.encode(text));

/** A hash by which SCRAM works. */
export type ScramHash = "SHA-256" | "SHA-512";

/** The two keys that SCRAM derives from a password. */
interface ScramKeys {
  client: Uint8Array<ArrayBuffer>;
  server: Uint8Array<ArrayBuffer>;
}

/** Derived keys by password, salt and count: the derivation takes most of the time of an authentication. */
export type ScramCache = Map<string, ScramKeys>;

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

const hmac = async (hash: ScramHash, key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> => {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
};

const deriveKeys = async (hash: ScramHash, password: string, salt: string, iterations: number): Promise<ScramKeys> => {
  const key = await crypto.subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits"]);
  const derivation = { name: "PBKDF2", hash, salt: fromBase64(salt), iterations };
  const salted = new Uint8Array(await crypto.subtle.deriveBits(derivation, key, hash === "SHA-256" ? 256 : 512));
  return { client: await hmac(hash, salted, "Client Key"), server: await hmac(hash, salted, "Server Key") };
};

/** The attributes of a message: `r=…,s=…,i=…`. A value may contain `=`. */
const attributesOf = (message: Uint8Array): Record<string, string | undefined> =>
  Object.fromEntries(
    new TextDecoder()
      .decode(message)
      .split(",")
      .map((each) => [each.slice(0, 1), each.slice(2)]),
  );

/**
 * Authenticates by SCRAM, without channel binding: RFC 5802 and RFC 7677.
 *
 * @param exchange Sends a message, and returns the broker's.
 * @param nonce Random printable text without commas.
 * @throws KafkaError if the broker does not prove that it knows the password.
 */
export const authenticateByScram = async (
  hash: ScramHash,
  user: { username: string; password: string },
  exchange: (message: Uint8Array) => Promise<Uint8Array>,
  cache: ScramCache = new Map(),
  nonce: string = base64(crypto.getRandomValues(new Uint8Array(24))),
): Promise<void> => {
  const name = user.username.replaceAll("=", "=3D").replaceAll(",", "=2C");
  const clientFirst = `n=${name},r=${nonce}`;
  const serverFirst = await exchange(utf8(`n,,${clientFirst}`));
  const { r: serverNonce = "", s: salt = "", i: iterations = "" } = attributesOf(serverFirst);
  if (!serverNonce.startsWith(nonce) || serverNonce === nonce || !(Number(iterations) > 0))
    throw new KafkaError("the authentication: the broker's first message is not one of SCRAM");

  const cacheKey = [hash, iterations, salt, user.password].join();
  const keys = cache.get(cacheKey) ?? (await deriveKeys(hash, user.password, salt, Number(iterations)));
  cache.clear();
  cache.set(cacheKey, keys);

  const withoutProof = `c=biws,r=${serverNonce}`;
  const signed = `${clientFirst},${new TextDecoder().decode(serverFirst)},${withoutProof}`;
  const storedKey = new Uint8Array(await crypto.subtle.digest(hash, keys.client));
  const signature = await hmac(hash, storedKey, signed);
  const proof = keys.client.map((byte, index) => byte ^ (signature[index] as number));
  const { v: verifier, e: refusal } = attributesOf(await exchange(utf8(`${withoutProof},p=${base64(proof)}`)));
  if (refusal !== undefined) throw new KafkaError(`the authentication: the broker refuses it (${refusal})`, "change");
  if (verifier !== base64(await hmac(hash, keys.server, signed)))
    throw new KafkaError(
      "the authentication: the broker does not know the password; check the addresses of the brokers",
    );
};
