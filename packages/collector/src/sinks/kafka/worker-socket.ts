import { connect } from "cloudflare:sockets";
import type { OpenSocket } from "./byte-socket.ts";

/** Connects from a Worker. */
export const openWorkerSocket: OpenSocket = async ({ host, port }, tls) => {
  const socket = connect({ hostname: host, port }, { secureTransport: tls ? "on" : "off", allowHalfOpen: false });
  // A failure is that of `opened`.
  socket.closed.catch(() => {});
  await socket.opened;
  return socket;
};
