import type { SessionVectorResponse } from "@tidemark/schema";
import { expect } from "vitest";
import { request, SECRET } from "./client.ts";

/** Asks to follow a session as a page does. */
export const ask = (id: string, query = "", headers: Record<string, string> = {}, key = "tm_shop_aaaaaaaa") =>
  request(`/v1/follow/${id}?key=${key}${query}`, {
    headers: { upgrade: "websocket", origin: "https://shop.example", ...headers },
  });

/** A connection of a page, with the vectors that it has received and the close event. */
export interface Connection {
  socket: WebSocket;
  messages: string[];
  closed: Promise<[code: number, reason: string]>;
  /** The features of the next vector that has not been taken yet. */
  next(): Promise<SessionVectorResponse>;
}

export const connect = async (...asked: Parameters<typeof ask>): Promise<Connection> => {
  const response = await ask(...asked);
  const socket = response.webSocket;
  if (!socket) throw new Error(`expected a connection, got ${response.status} ${await response.text()}`);
  const messages: string[] = [];
  let taken = 0;
  socket.addEventListener("message", ({ data }) => {
    messages.push(String(data));
  });
  const closed = new Promise<[number, string]>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve([code, reason]));
  });
  socket.accept();
  const next = async () => {
    await expect.poll(() => messages.length).toBeGreaterThan(taken);
    taken += 1;
    return JSON.parse(messages[taken - 1] ?? "") as SessionVectorResponse;
  };
  return { socket, messages, closed, next };
};

export const prove = ({ socket }: Connection, session_secret: unknown = SECRET) =>
  socket.send(JSON.stringify({ session_secret }));

export const follow = async (...asked: Parameters<typeof ask>): Promise<Connection> => {
  const connection = await connect(...asked);
  prove(connection);
  return connection;
};
