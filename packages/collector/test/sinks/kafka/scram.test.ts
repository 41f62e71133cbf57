import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { authenticateByScram, type ScramHash } from "../../../src/sinks/kafka/scram.ts";

const PENCIL = { username: "user", password: "pencil" };

/** Answers with these messages, and keeps the received ones. */
const exchangeWith = (answers: string[]) => {
  const received: string[] = [];
  const exchange = async (message: Uint8Array) => {
    received.push(Buffer.from(message).toString());
    return Buffer.from(answers.shift() ?? "");
  };
  return { received, exchange };
};

/** A server with one user, which proves that it knows the password. */
const serverOf = (hash: ScramHash, { username, password }: typeof PENCIL, iterations = 4_096) => {
  const algorithm = hash.replace("-", "").toLowerCase();
  const hmac = (key: Buffer, text: string) => createHmac(algorithm, key).update(text).digest();
  const salt = Buffer.from("salt of the user");
  const salted = pbkdf2Sync(password, salt, iterations, hash === "SHA-256" ? 32 : 64, algorithm);
  const clientKey = hmac(salted, "Client Key");
  const name = username.replaceAll("=", "=3D").replaceAll(",", "=2C");
  let bare = "";
  let first = "";
  return async (message: Uint8Array): Promise<Uint8Array> => {
    const text = Buffer.from(message).toString();
    if (text.startsWith("n,,")) {
      bare = text.slice(3);
      expect(bare.startsWith(`n=${name},r=`)).toBe(true);
      first = `r=${bare.split(",r=")[1]}server,s=${salt.toString("base64")},i=${iterations}`;
      return Buffer.from(first);
    }
    const [withoutProof = "", proof = ""] = text.split(",p=");
    const signed = `${bare},${first},${withoutProof}`;
    const signature = hmac(createHash(algorithm).update(clientKey).digest(), signed);
    const given = Buffer.from(proof, "base64").map(
      (byte: number, index: number) => byte ^ (signature[index] as number),
    );
    if (!clientKey.equals(given)) return Buffer.from("e=invalid-proof");
    return Buffer.from(`v=${hmac(hmac(salted, "Server Key"), signed).toString("base64")}`);
  };
};

describe("SCRAM", () => {
  it("exchanges the messages of RFC 7677", async () => {
    const { received, exchange } = exchangeWith([
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ]);
    await authenticateByScram("SHA-256", PENCIL, exchange, new Map(), "rOprNGfwEbeRWgbNEkqO");
    expect(received).toEqual([
      "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    ]);
  });

  it.each(["SHA-256", "SHA-512"] as const)(
    "proves the password by %s, also with keys that it has derived",
    async (hash) => {
      const user = { username: "a,b=c", password: "pässword" };
      const cache = new Map();
      await authenticateByScram(hash, user, serverOf(hash, user), cache);
      await authenticateByScram(hash, user, serverOf(hash, user), cache);
      await authenticateByScram(hash, user, serverOf(hash, user, 8_192), cache);
      expect(cache.size).toBe(1);
    },
  );

  it("reports a wrong password", async () => {
    const authenticating = authenticateByScram("SHA-256", PENCIL, serverOf("SHA-256", { ...PENCIL, password: "pen" }));
    await expect(authenticating).rejects.toThrow("the broker refuses it (invalid-proof)");
  });

  it.each([
    [
      "a broker that does not know the password",
      ["r=nonce-2,s=c2FsdA==,i=4096", "v=AAAA"],
      "does not know the password",
    ],
    ["a nonce without the client's", ["r=other,s=c2FsdA==,i=4096"], "first message is not one of SCRAM"],
    ["the client's nonce alone", ["r=nonce,s=c2FsdA==,i=4096"], "first message is not one of SCRAM"],
    ["no number of iterations", ["r=nonce-2,s=c2FsdA==,i=many"], "first message is not one of SCRAM"],
  ])("reports %s", async (_, answers, message) => {
    const { exchange } = exchangeWith(answers);
    await expect(authenticateByScram("SHA-256", PENCIL, exchange, new Map(), "nonce")).rejects.toThrow(message);
  });
});
