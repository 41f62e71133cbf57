import type { Connection } from "./connection.ts";
import { saslAuthenticateRequest } from "./requests/sasl-authenticate.ts";
import { saslHandshakeRequest } from "./requests/sasl-handshake.ts";
import { authenticateByScram, type ScramCache, type ScramHash } from "./scram.ts";
import type { KafkaSasl } from "./settings.ts";

/** Authenticates a new connection. @throws KafkaError */
export const authenticate = async (
  connection: Connection,
  { mechanism, username, passwordSecret }: KafkaSasl,
  password: string,
  cache: ScramCache,
): Promise<void> => {
  const subject = `the authentication of ${username} with the secret ${passwordSecret}`;
  const exchange = (message: Uint8Array) => connection.request(saslAuthenticateRequest(message, subject));
  await connection.request(saslHandshakeRequest(mechanism));
  if (mechanism === "PLAIN") await exchange(new TextEncoder().encode(`\0${username}\0${password}`));
  else
    await authenticateByScram(mechanism.slice("SCRAM-".length) as ScramHash, { username, password }, exchange, cache);
};
