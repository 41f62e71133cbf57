const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** A private key that signs JSON Web Tokens by RS256. */
export interface SigningKey {
  /** Base64 of the SHA-256 of its public key. */
  fingerprint: string;
  /** Signs claims as a JSON Web Token. */
  sign(claims: Readonly<Record<string, string | number>>, header?: Readonly<Record<string, string>>): Promise<string>;
}

const PRIVATE_KEY = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/;

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const fingerprintOf = async (key: CryptoKey): Promise<string> => {
  const { kty, n, e } = (await crypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  const publicKey = await crypto.subtle.importKey("jwk", { kty, n, e } as JsonWebKey, RS256, true, ["verify"]);
  const der = (await crypto.subtle.exportKey("spki", publicKey)) as ArrayBuffer;
  return Buffer.from(await crypto.subtle.digest("SHA-256", der)).toString("base64");
};

/**
 * Reads a private key. Line breaks may be written as `\n`.
 *
 * @param pem The key as PKCS#8 in PEM, without a passphrase.
 * @returns `undefined` for any other text.
 */
export const signingKeyOf = async (pem: string): Promise<SigningKey | undefined> => {
  const [, body] = PRIVATE_KEY.exec(pem.replaceAll("\\n", "\n")) ?? [];
  if (body === undefined) return undefined;
  const der = Uint8Array.from(Buffer.from(body, "base64"));
  const key = await crypto.subtle.importKey("pkcs8", der, RS256, true, ["sign"]).catch(() => undefined);
  if (!key) return undefined;
  return {
    fingerprint: await fingerprintOf(key),
    async sign(claims, header = {}) {
      const text = `${base64url({ alg: "RS256", typ: "JWT", ...header })}.${base64url(claims)}`;
      const signature = await crypto.subtle.sign(RS256.name, key, Buffer.from(text));
      return `${text}.${Buffer.from(signature).toString("base64url")}`;
    },
  };
};
