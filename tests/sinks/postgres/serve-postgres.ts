import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

const USER = { name: "writer", password: "secret" };

/** The version of the protocol in a startup message. */
const PROTOCOL = 196_608;

/** A message of the server: a letter, its length, and its content. */
const message = (letter: string, content: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.from(`${letter}0000`);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const READY = message("Z", Buffer.from("I"));

/** The values of an array as text, such as `{"a","b",NULL}`. */
const valuesIn = (array: string): (string | null)[] =>
  [...array.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|NULL/gs)].map(([, text]) =>
    text === undefined ? null : text.replaceAll(/\\(.)/gs, "$1"),
  );

/** Reads the parameters of a message `Bind`: texts, none of which is absent. */
const parametersIn = (content: Buffer): string[] => {
  let at = content.indexOf(0) + 1;
  at = content.indexOf(0, at) + 1;
  const formats = content.readInt16BE(at);
  at += 2 + 2 * formats;
  const count = content.readInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = content.readInt32BE(at);
    at += 4 + length;
    return content.toString("utf8", at - length, at);
  });
};

/** A server of Postgres on this machine, with the table `tidemark_records`. */
export interface FakePostgresServer {
  /** Its address with a user and a password. */
  address: string;
  /** The ids of the records in the table. */
  ids(): string[];
  stop(): Promise<void>;
}

/** Form of the statement that inserts rows, each column as an array, unless the table has their ids. */
const INSERT =
  /^INSERT INTO "tidemark_records" \(("event_id"(?:, "\w+")*)\) SELECT \* FROM unnest\((.*)\) ON CONFLICT \("event_id"\) DO NOTHING$/;

/** Serves the protocol of Postgres, version 3: a password, and extended queries that insert into one table. */
export const serveFakePostgres = async (): Promise<FakePostgresServer> => {
  const table = new Map<string, Record<string, unknown>>();
  const wrong: string[] = [];

  const insert = (statement: string, values: readonly (readonly (string | null)[])[]): number => {
    const [, names = "", arrays = ""] = INSERT.exec(statement) ?? [];
    const columns = names.split(", ").map((name) => name.replaceAll('"', ""));
    const [ids = []] = values;
    if (names === "" || columns.length !== values.length || arrays.split(", ").length !== columns.length)
      throw new Error(`the statement ${statement}`);
    if (values.some(({ length }) => length !== ids.length)) throw new Error("arrays of different lengths");
    const before = table.size;
    for (const [index, id] of ids.entries()) {
      const row = Object.fromEntries(columns.map((name, place) => [name, values[place]?.[index]]));
      if (id === null) throw new Error("a row without an id");
      if (!table.has(id)) table.set(id, { ...row, record: JSON.parse(`${row.record}`) });
    }
    return table.size - before;
  };

  const connect = (socket: Socket) => {
    let received = Buffer.alloc(0);
    let isStarted = false;
    let isSignedIn = false;
    let statement = "";
    let values: (string | null)[][] = [];
    const answer = (letter: string, content: Buffer): Buffer | undefined => {
      if (letter === "p") {
        isSignedIn = content.toString("utf8", 0, content.length - 1) === USER.password;
        if (isSignedIn) return Buffer.concat([message("R", int32(0)), READY]);
        throw new Error("another password");
      }
      if (!isSignedIn) throw new Error(`the message ${letter} before the password`);
      if (letter === "P") {
        [, statement = ""] = content.toString().split("\0");
        return message("1");
      }
      if (letter === "B") {
        values = parametersIn(content).map(valuesIn);
        return message("2");
      }
      if (letter === "D") return message("n");
      if (letter === "E") return message("C", Buffer.from(`INSERT 0 ${insert(statement, values)}\0`));
      if (letter === "S") return READY;
      if (letter === "X") return undefined;
      throw new Error(`the message ${letter}`);
    };
    const take = (letter: string, content: Buffer) => {
      try {
        const bytes = answer(letter, content);
        if (bytes) socket.write(bytes);
        else socket.end();
      } catch (error) {
        wrong.push(String(error));
        socket.destroy();
      }
    };
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (!isStarted && received.length >= 8) {
        // The first message has no letter.
        const length = received.readInt32BE(0);
        if (received.length < length) return;
        const [user] = /user\0[^\0]+/.exec(received.toString("utf8", 8, length)) ?? [];
        if (received.readInt32BE(4) !== PROTOCOL || user !== `user\0${USER.name}`) wrong.push("a startup message");
        received = received.subarray(length);
        isStarted = true;
        socket.write(message("R", int32(3)));
      }
      while (isStarted && received.length >= 5 && received.length > received.readInt32BE(1)) {
        const end = 1 + received.readInt32BE(1);
        take(String.fromCharCode(received[0] as number), received.subarray(5, end));
        received = received.subarray(end);
      }
    });
  };

  const server = createServer(connect);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `postgres://${USER.name}:${USER.password}@127.0.0.1:${(server.address() as AddressInfo).port}/shop`,
    ids: () => [...table].flatMap(([id, { record }]) => ((record as { id: string }).id === id ? [id] : [])),
    async stop() {
      server.close();
      await once(server, "close");
      if (wrong.length > 0) throw new Error(`the server received wrong messages: ${wrong.join("; ")}`);
    },
  };
};
