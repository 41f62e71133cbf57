import { type Consent, type DeliveredReaction, type ErrorCode, errorCodes, followProof } from "@tidemark/schema";
import { featuresRejection } from "../access/consent.ts";
import { countServed } from "../metrics/feature-age.ts";
import { type Selection, select } from "../selected.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { digestOf } from "./digest.ts";
import type { FollowedVector, SessionVector } from "./session.ts";

/** The header with a {@link FollowRequest} as JSON, in the Worker's request to the object of a session. */
export const FOLLOW_HEADER = "tidemark-follow";

/** Largest length of a {@link FollowRequest} as JSON. The platform keeps at most 2,048 bytes for a connection. */
export const MAX_FOLLOW_REQUEST = 1_800;

/** A page's request to follow its session, as the Worker has checked it. */
export interface FollowRequest {
  site: string;
  /** The session's id. */
  id: string;
  /** Whether the browser sends Global Privacy Control. */
  gpc: boolean;
  /** The followed part of the vector. Default: all features. */
  selection?: Selection | undefined;
  /** Whether the page receives the session's reactions in place of the vector. */
  reactions?: boolean | undefined;
}

/** The state of a connection. The platform keeps it while the object is not in memory. */
interface Follower extends FollowRequest {
  connected_at: number;
  /**
   * Digest of the latest features that were sent, or the ids of the pending reactions that were; absent before the proof.
   */
  sent?: string;
  /** Hash of the session's user at the latest message; `null` for none. Only for reactions. */
  user?: number | null;
}

/** The reactions of a session that no page has acknowledged. */
export interface FollowedReactions {
  reactions: DeliveredReaction[];
  consent?: Consent | undefined;
  /** Hash of the session's user; `null` for none. */
  user: number | null;
}

/** Reads of the session, for a page with its secret or, without a secret, for one that has proven it. */
interface Reads {
  vector(site: string, secret?: string): SessionVector | "unavailable" | undefined;
  reactions(site: string, secret?: string): FollowedReactions | "unavailable" | undefined;
  /** Records a vector that a page is about to receive, if its set is recorded. A page does not receive an unrecorded one. */
  record(site: string, vector: FollowedVector): "unavailable" | undefined;
}

/** Largest number of connections of a session that have a proof, for each of vectors and reactions, and of those that have none. */
const MAX_PROVEN = 16;
const MAX_UNPROVEN = 16;

/** Largest length of the message with the proof. */
const MAX_PROOF = 1_024;

/** Time in which a page has to send its proof, in milliseconds. */
const PROVE_WITHIN_MS = 10_000;

/** Minimum time from one vector to the next, in milliseconds. The changes of this time are sent together. */
const SEND_EVERY_MS = 1_000;

const followerOf = (socket: WebSocket): Follower => socket.deserializeAttachment() as Follower;

const isProven = (socket: WebSocket): boolean => followerOf(socket).sent !== undefined;

/** Closes a connection for an error of the HTTP interface: the close code is 4000 plus the status. */
const reject = (socket: WebSocket, code: ErrorCode): void => socket.close(4_000 + errorCodes[code].status, code);

/** The secret in a page's first message, or the error of the message. */
const proofIn = (message: string | ArrayBuffer): { secret: string } | { error: ErrorCode } => {
  if (typeof message !== "string") return { error: "invalid_body" };
  if (message.length > MAX_PROOF) return { error: "body_too_large" };
  try {
    return { secret: followProof.parse(JSON.parse(message)).session_secret };
  } catch {
    return { error: "invalid_body" };
  }
};

const receivesReactions = (socket: WebSocket): boolean => followerOf(socket).reactions === true;

/**
 * The pages that follow a session, each by a WebSocket. The object leaves the memory while nothing happens, so all that a
 * connection needs is in its attachment. A page receives nothing before its proof.
 */
export class Followers {
  readonly #ctx: DurableObjectState;
  readonly #tenantsOf: () => Tenants;
  readonly #reads: Reads;
  #sentAt = 0;
  #isSending = false;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, tenantsOf: () => Tenants, reads: Reads) {
    this.#ctx = ctx;
    this.#tenantsOf = tenantsOf;
    this.#reads = reads;
  }

  /** Whether a page with a proof receives the session's reactions. */
  get haveReactions(): boolean {
    return this.#sockets().some((socket) => isProven(socket) && receivesReactions(socket));
  }

  /** Accepts the connection of a page, which then has to prove that it knows the session's secret. */
  accept(request: FollowRequest): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    const unproven = this.#sockets().filter((socket) => !isProven(socket));
    // Anybody who knows the id can connect: this must not keep the visitor's page from it.
    for (const oldest of unproven.slice(0, Math.max(0, unproven.length + 1 - MAX_UNPROVEN)))
      reject(oldest, "too_many_requests");
    this.#ctx.acceptWebSocket(server);
    server.serializeAttachment({ ...request, connected_at: Date.now() } satisfies Follower);
    // The runtime responds without the object.
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#expireUnproven();
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Takes a message of a page: its first one is the proof, and there is no other. */
  take(socket: WebSocket, message: string | ArrayBuffer): void {
    if (!this.#tenantsOf().has(followerOf(socket).site)) {
      // The site was removed from the configuration: all connections of the session are of this site.
      for (const each of this.#sockets()) reject(each, "unknown_key");
      return;
    }
    const proof = isProven(socket) ? { error: "invalid_body" as const } : proofIn(message);
    if ("error" in proof) reject(socket, proof.error);
    else if (this.#likeProven(socket).length >= MAX_PROVEN) reject(socket, "too_many_requests");
    else this.#send(socket, proof.secret);
    this.#expireUnproven();
  }

  /** The connections with a proof that receive the same as a given one: vectors or reactions. */
  #likeProven(socket: WebSocket): WebSocket[] {
    return this.#sockets().filter((each) => isProven(each) && receivesReactions(each) === receivesReactions(socket));
  }

  /**
   * Sends the vector and the reactions to the pages for which they have changed. The response to the batch comes first.
   * {@link SEND_EVERY_MS} pass from one to the next.
   */
  notify(): void {
    if (this.#isSending || this.#sockets().length === 0) return;
    this.#isSending = true;
    const remaining = this.#sentAt + SEND_EVERY_MS - Date.now();
    // `remaining` is too large after the clock was set back.
    this.#ctx.waitUntil(this.#sendAfter(remaining > SEND_EVERY_MS ? 0 : Math.max(0, remaining)));
  }

  async #sendAfter(ms: number): Promise<void> {
    await scheduler.wait(ms);
    this.#isSending = false;
    this.#sentAt = Date.now();
    for (const socket of this.#sockets().filter(isProven)) this.#send(socket);
  }

  /** Sends a page what has changed for it, or closes the connection of a page that may not read it. */
  #send(socket: WebSocket, secret?: string): void {
    if (receivesReactions(socket)) this.#sendReactions(socket, secret);
    else this.#sendVector(socket, secret);
  }

  #sendReactions(socket: WebSocket, secret?: string): void {
    const follower = followerOf(socket);
    const read = this.#reads.reactions(follower.site, secret);
    const rejection = this.#rejectionOf(follower, read);
    // Another user has logged in, or the user has logged out: the page connects again after its next batch.
    const isOther = typeof read === "object" && read.user !== (follower.user ?? read.user);
    if (typeof read !== "object" || rejection || isOther) {
      reject(socket, rejection ?? "not_found");
      return;
    }
    const { reactions, user } = read;
    const before = follower.sent?.split(" ") ?? [];
    const added = reactions.filter(({ id }) => !before.includes(id));
    const sent = reactions.map(({ id }) => id).join(" ");
    if (sent === follower.sent && user === follower.user) return;
    socket.serializeAttachment({ ...follower, sent, user } satisfies Follower);
    if (added.length > 0) socket.send(JSON.stringify({ reactions: added }));
  }

  #sendVector(socket: WebSocket, secret?: string): void {
    const follower = followerOf(socket);
    const vector = this.#reads.vector(follower.site, secret);
    const rejection = this.#rejectionOf(follower, vector);
    if (typeof vector !== "object" || rejection) {
      reject(socket, rejection ?? "not_found");
      return;
    }
    const selected = select({ entity: "session" as const, id: follower.id, ...vector }, follower.selection);
    const sent = digestOf(selected.features);
    if (sent === follower.sent) return;
    const failure = this.#reads.record(follower.site, selected);
    if (failure) {
      reject(socket, failure);
      return;
    }
    socket.serializeAttachment({ ...follower, sent } satisfies Follower);
    socket.send(JSON.stringify(selected));
    countServed(follower.site, selected);
  }

  /** The error for a page that may not receive what was read; `undefined` if it may. */
  #rejectionOf({ site, gpc }: Follower, read: { consent?: Consent | undefined } | "unavailable" | undefined) {
    if (typeof read !== "object") return read ?? ("not_found" satisfies ErrorCode);
    const rejection = featuresRejection(tenantOf(this.#tenantsOf(), site).site, read.consent, gpc);
    return rejection ? ("no_consent" satisfies ErrorCode) : undefined;
  }

  /** The open connections, the oldest first. */
  #sockets(): WebSocket[] {
    return this.#ctx
      .getWebSockets()
      .filter(({ readyState }) => readyState === WebSocket.OPEN)
      .toSorted((one, other) => followerOf(one).connected_at - followerOf(other).connected_at);
  }

  /** Closes each connection without a proof in time. A timer keeps the object in memory, so it runs only while there is one. */
  #expireUnproven(): void {
    clearTimeout(this.#expiry);
    const now = Date.now();
    const waiting = this.#sockets().filter((socket) => !isProven(socket));
    for (const socket of waiting)
      if (now - followerOf(socket).connected_at >= PROVE_WITHIN_MS) reject(socket, "unauthorized");
    if (waiting.some(({ readyState }) => readyState === WebSocket.OPEN))
      this.#expiry = setTimeout(() => this.#expireUnproven(), PROVE_WITHIN_MS);
  }
}
