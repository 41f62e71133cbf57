import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { rank } from "./rank.ts";

/** A vector in the response of `POST /v1/features`. */
interface Vector {
  entity: string;
  id: string;
  features: Record<string, unknown>;
}

const { TIDEMARK_URL = "http://localhost:8787", TIDEMARK_READ_KEY = "", PORT = "8790" } = process.env;

/** Time within which the collector answers with the vectors that it has, in milliseconds. */
const DEADLINE_MS = 40;

/** Longest time to wait for the collector, in milliseconds. */
const TIMEOUT_MS = 45;

const PAGE_FEATURES = ["page_engaged_ms_per_view", "page_completion_ratio", "page_reading_ms_p50", "page_popularity"];

/** Reads the features of a session and of pages in one request. The vectors that are missing are left out. */
const readFeatures = async (session: string, paths: readonly string[]): Promise<Vector[]> => {
  const read = [
    { entity: "session", id: session, features: ["recent_paths", "dwell_per_page_view_ms"] },
    ...paths.map((id) => ({ entity: "page", id, features: PAGE_FEATURES })),
  ];
  const response = await fetch(`${TIDEMARK_URL}/v1/features`, {
    method: "POST",
    headers: { authorization: `Bearer ${TIDEMARK_READ_KEY}` },
    body: JSON.stringify({ read, deadline_ms: DEADLINE_MS }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { vectors: Vector[] }).vectors;
};

/** Ranks paths for a session. Without features the list keeps its order: a recommendation never fails for them. */
const recommend = async (session: string, paths: readonly string[]) => {
  const vectors = await readFeatures(session, paths).catch((error: Error) => {
    console.error(`The features could not be read: ${error.message}`);
    return [];
  });
  const featuresOf = (entity: string, id: string) =>
    vectors.find((vector) => vector.entity === entity && vector.id === id)?.features;
  return rank(
    featuresOf("session", session),
    paths.map((path) => ({ path, features: featuresOf("page", path) })),
  );
};

/** The JSON of a request. @throws Error that says what is wrong. */
const listIn = async (request: IncomingMessage): Promise<{ session: string; paths: string[] }> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { session, paths } = JSON.parse(Buffer.concat(chunks).toString()) as { session?: unknown; paths?: unknown };
  if (typeof session !== "string" || !Array.isArray(paths)) throw new Error("expected { session, paths }");
  return { session, paths: paths.map(String) };
};

/** `POST /rank` with `{ session, paths }` answers with the paths and their scores, the best one first. */
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  listIn(request)
    .then(async ({ session, paths }) => response.end(JSON.stringify({ pages: await recommend(session, paths) })))
    .catch((error: Error) => response.writeHead(400).end(JSON.stringify({ error: error.message })));
});

server.listen(Number(PORT), "127.0.0.1", () =>
  console.log(
    `The recommender listens on http://localhost:${(server.address() as AddressInfo).port}. Ctrl-C stops it.`,
  ),
);
