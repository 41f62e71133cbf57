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

const PEM = { begin: "-----BEGIN PRIVATE KEY-----", end: "-----END PRIVATE KEY-----" };

/** The key pair of a private key. */
export const keyPairOf = async (pem: string): Promise<KeyPair> => {
  const der = Buffer.from(pem.replace(PEM.begin, "").replace(PEM.end, ""), "base64");
  const privateKey = await crypto.subtle.importKey("pkcs8", Uint8Array.from(der), RS256, true, ["sign"]);
  const { kty, n, e } = (await crypto.subtle.exportKey("jwk", privateKey)) as JsonWebKey;
  const publicKey = await crypto.subtle.importKey("jwk", { kty, n, e } as JsonWebKey, RS256, true, ["verify"]);
  const spki = (await crypto.subtle.exportKey("spki", publicKey)) as ArrayBuffer;
  const fingerprint = Buffer.from(await crypto.subtle.digest("SHA-256", spki)).toString("base64");
  return { pem, publicKey, fingerprint };
};

/** Creates a key pair. */
export const newKeyPair = async (): Promise<KeyPair> => {
  const options = { ...RS256, modulusLength: 2_048, publicExponent: new Uint8Array([1, 0, 1]) };
  const pair = (await crypto.subtle.generateKey(options, true, ["sign", "verify"])) as CryptoKeyPair;
  const der = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer;
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return keyPairOf([PEM.begin, ...lines, PEM.end, ""].join("\n"));
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
