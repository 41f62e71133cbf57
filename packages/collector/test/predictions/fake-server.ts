import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the server received. */
interface Received {
  path: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}

/** Behaviour of the server in place of an answer. */
export type ServerFault = "slow" | "cut" | "plain_500" | "unavailable" | "endless" | "html";

interface Tensor {
  name: string;
  shape: number[];
  datatype: string;
  data: unknown[];
  parameters?: { content_type?: string };
}

/** A server of models that is as strict as MLServer and KServe. Its models add up the values of a row. */
export interface FakeServer {
  url: string;
  received: Received[];
  /** Faults of the next requests, one for each. */
  faults: ServerFault[];
  isReady: boolean;
  /** Values that a model answers with in place of its sum. */
  answer: unknown;
  stop(): Promise<void>;
}

/** An error that the server responds with. */
class Failure extends Error {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: unknown) {
    super(String(status));
    this.status = status;
    this.body = typeof body === "string" ? body : JSON.stringify(body);
  }
}

/** MLServer's answer to an error of the model itself. */
const modelFailed = () => new Failure(500, "Internal Server Error");

const sumOf = (values: unknown): number => {
  if (!Array.isArray(values)) throw modelFailed();
  return values.reduce<number>((sum, value) => {
    if (typeof value !== "number" && typeof value !== "boolean") throw modelFailed();
    return sum + Number(value);
  }, 0);
};

const expectTensor = (tensor: Tensor): void => {
  const { shape, data, datatype } = tensor;
  const loc = ["body", "inputs", 0];
  if (!["FP64", "FP32", "INT64", "BOOL", "BYTES"].includes(datatype))
    throw new Failure(422, {
      detail: [{ type: "enum", loc: [...loc, "datatype"], msg: "Input should be 'BOOL', 'FP64'" }],
    });
  if (!Array.isArray(data))
    throw new Failure(422, { detail: [{ type: "missing", loc: [...loc, "data"], msg: "Field required" }] });
  if (shape.reduce((size, length) => size * length, 1) !== data.length) throw modelFailed();
};

const inferV2 = ({ id, inputs, outputs }: Record<string, unknown>, answer: unknown) => {
  // KServe's own servers fail without the id, which the protocol does not require.
  if (typeof id !== "string")
    throw new Failure(500, { error: "ValidationError : 1 validation error for InferenceResponse" });
  if (!Array.isArray(inputs))
    throw new Failure(422, { detail: [{ type: "missing", loc: ["body", "inputs"], msg: "Field required" }] });
  const tensors = inputs as Tensor[];
  for (const tensor of tensors) expectTensor(tensor);
  const names = (outputs as { name: string }[] | undefined)?.map(({ name }) => name) ?? ["predict"];
  const unknown = names.find((name) => !["predict", "predict_proba"].includes(name));
  if (unknown) throw new Failure(400, { error: `SKLearnModel only supports 'predict' (${unknown} was received)` });
  const score = sumOf(tensors.flatMap(({ data }) => data)) / 100;
  return {
    ...{ model_name: "m", model_version: null, id, parameters: null },
    outputs: names.map((name) => ({
      ...{ name, datatype: "FP64", parameters: null },
      shape: name === "predict" ? [1, 1] : [1, 2],
      data: answer ?? (name === "predict" ? [score] : [1 - score, score]),
    })),
  };
};

const predictV1 = ({ instances }: Record<string, unknown>, answer: unknown) => {
  if (!Array.isArray(instances)) throw new Failure(400, { error: 'Expected "instances" to be a list' });
  try {
    return { predictions: answer ?? instances.map((row: unknown[]) => sumOf(row) / 100) };
  } catch {
    throw new Failure(500, { error: "ValueError : could not convert string to float" });
  }
};

const answerTo = (path: string, body: Record<string, unknown>, { answer }: FakeServer): unknown => {
  if (/^\/v2\/models\/m(\/versions\/3)?\/infer$/.test(path)) return inferV2(body, answer);
  if (path === "/v1/models/m:predict") return predictV1(body, answer);
  if (path === "/score") return { result: { scores: answer ?? [sumOf(body.values) / 100] } };
  throw new Failure(404, { error: `Model ${path.split("/")[3]} not found` });
};

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
};

const respond = (response: ServerResponse, status: number, body: string) => {
  response.writeHead(status, { "content-type": body.startsWith("{") ? "application/json" : "text/plain" });
  response.end(body);
};

const respondWith = async (server: FakeServer, request: IncomingMessage, response: ServerResponse) => {
  const path = request.url ?? "";
  if (request.method === "GET") {
    // KServe's and MLServer's bodies differ: only the status counts.
    const isHealth = ["/v2/models/m/ready", "/v1/models/m"].includes(path);
    return respond(response, isHealth && server.isReady ? 200 : 503, isHealth ? '{"ready":false}' : "");
  }
  const body = await bodyOf(request);
  server.received.push({ path, authorization: request.headers.authorization, body });
  switch (server.faults.shift()) {
    case "slow":
      return;
    case "cut":
      return request.socket.destroy();
    case "plain_500":
      return respond(response, 500, "Internal Server Error");
    case "unavailable":
      return respond(response, 503, "upstream connect error");
    case "html":
      return respond(response, 200, "<html>");
    case "endless":
      return respond(response, 200, `{"x":"${"x".repeat(100_000)}"}`);
  }
  try {
    respond(response, 200, JSON.stringify(answerTo(path, body, server)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    respond(response, error.status, error.body);
  }
};

/** Starts a server without faults. */
export const startFakeServer = async (): Promise<FakeServer> => {
  const http = createServer((request, response) => void respondWith(server, request, response));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const server: FakeServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    ...{ received: [], faults: [], isReady: true, answer: undefined },
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
};
