/** The parts of a JSON Web Token. */
export interface SignedClaims {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

const jsonIn = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString());

/** A key pair of RSA, as an operator creates one. */
export interface KeyPair {
  /** The private key: PKCS#8 in PEM. */
  pem: string;
  publicKey: CryptoKey;
  /** Base64 of the SHA-256 of the public key. */
  fingerprint: string;
}

export const newKeyPair = async (): Promise<KeyPair> => {
  const options = { ...RS256, modulusLength: 2_048, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair = (await crypto.subtle.generateKey(options, true, ["sign", "verify"])) as CryptoKeyPair;
  const pkcs8 = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer;
  const spki = (await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer;
  const lines =
    Buffer.from(pkcs8)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return {
    pem: ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n"),
    publicKey: pair.publicKey,
    fingerprint: Buffer.from(await crypto.subtle.digest("SHA-256", spki)).toString("base64"),
  };
};

/** Reads a token whose signature is valid. Returns `undefined` for any other. */
export const readSigned = async (token: string, publicKey: CryptoKey): Promise<SignedClaims | undefined> => {
  const [header, claims, signature] = token.split(".");
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  const signed = Buffer.from(`${header}.${claims}`);
  if (!(await crypto.subtle.verify(RS256.name, publicKey, Buffer.from(signature, "base64url"), signed)))
    return undefined;
  return { header: jsonIn(header), claims: jsonIn(claims) };
};

/** The token of the header `Authorization`. */
export const bearerIn = (request: Request): string =>
  /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
