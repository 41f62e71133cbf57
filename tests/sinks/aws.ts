import { AwsClient } from "aws4fetch";
import getPort from "get-port";
import { pythonPackages } from "../interop/install.ts";
import { type LocalServer, startLocalServer } from "./local-server.ts";

/** Region of all services. */
export const REGION = "eu-central-1";

/** Keys of a user of a service. */
export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Keys that services accept which check none. */
export const ANY_KEYS: Keys = { accessKeyId: "any", secretAccessKey: "any" };

/** Calls an operation of Kinesis. @throws Error with the response of the service. */
export const callKinesis = async (origin: string, keys: Keys, operation: string, body: object): Promise<unknown> => {
  const client = new AwsClient({ ...keys, service: "kinesis", region: REGION });
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `Kinesis_20131202.${operation}` };
  const response = await client.fetch(`${origin}/`, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text === "" ? undefined : JSON.parse(text);
};

/** A server of moto, which checks signatures. */
export interface Moto {
  origin: string;
  /** The keys of a user who may use all of a service. */
  keys: Keys;
  server: LocalServer;
}

/** Calls an operation of IAM. Returns its response in XML. */
const callIam = async (origin: string, operation: Record<string, string>): Promise<string> => {
  const client = new AwsClient({ ...ANY_KEYS, service: "iam", region: "us-east-1" });
  const body = new URLSearchParams({ ...operation, Version: "2010-05-08" }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return (await client.fetch(`${origin}/`, { method: "POST", headers, body })).text();
};

/**
 * Starts moto with a user. It checks signatures and permissions from the end of `prepare` on.
 *
 * @param service The service that the user may use, such as `kinesis`.
 */
export const startMoto = async (service: string, prepare: (origin: string) => Promise<unknown>): Promise<Moto> => {
  const packages = await pythonPackages("moto[server]==5.2.5");
  const port = await getPort();
  const origin = `http://127.0.0.1:${port}`;
  const args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", `${port}`];
  const server = await startLocalServer(`${origin}/moto-api/`, "python3", args, { PYTHONPATH: packages });
  await callIam(origin, { Action: "CreateUser", UserName: "tidemark" });
  const created = await callIam(origin, { Action: "CreateAccessKey", UserName: "tidemark" });
  const valueIn = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(created)?.[1] ?? "";
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: `${service}:*`, Resource: "*" }] };
  const document = { PolicyName: "all", PolicyDocument: JSON.stringify(policy) };
  await callIam(origin, { Action: "PutUserPolicy", UserName: "tidemark", ...document });
  await prepare(origin);
  const checking = await fetch(`${origin}/moto-api/reset-auth`, { method: "POST", body: "0" });
  if (!checking.ok) throw new Error(await checking.text());
  const keys = { accessKeyId: valueIn("AccessKeyId"), secretAccessKey: valueIn("SecretAccessKey") };
  return { origin, keys, server };
};
