import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findOrInstall } from "@tidemark/cli/find-or-install";
import getPort from "get-port";
import pg from "pg";

const run = promisify(execFile);

const INITDB = {
  name: "Postgres",
  variable: "POSTGRES_INITDB",
  paths: ["/usr/lib/postgresql/*/bin/initdb", "/usr/local/bin/initdb"],
  apt: "postgresql",
};

/** Time for the start of the server on a busy machine, in milliseconds. */
const START_MS = 60_000;

/** A server of Postgres with the user `writer`. */
export interface PostgresServer {
  version: string;
  /** Certificate of the server, which is its own authority, as PEM. */
  authority: string;
  /** The server's address for the user. */
  address(password?: string): string;
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Ends all processes at once, as a crash does. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The user that runs the server: Postgres refuses root. */
const ownUser = (): { uid?: number; gid?: number } => {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
};

/** Installs Postgres if necessary, and starts a server with a new folder. */
export const startPostgres = async (): Promise<PostgresServer> => {
  const initdb = findOrInstall(INITDB);
  const user = ownUser();
  const folder = await mkdtemp(join(tmpdir(), "tidemark-postgres-"));
  const [data, password] = [join(folder, "data"), join(folder, "password")];
  await writeFile(password, "secret");
  const newKey = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost"];
  const names = ["-addext", "subjectAltName=DNS:localhost"];
  await run("openssl", [...newKey, ...names, "-keyout", "server.key", "-out", "server.crt"], { cwd: folder });
  await chmod(folder, 0o755);
  if (user.uid !== undefined && user.gid !== undefined)
    for (const file of ["", "password", "server.key", "server.crt"])
      await chown(join(folder, file), user.uid, user.gid);
  await run(initdb, ["-D", data, "-A", "scram-sha-256", "-U", "writer", `--pwfile=${password}`, "-E", "UTF8"], {
    ...user,
    cwd: folder,
  });
  for (const file of ["server.key", "server.crt"]) {
    await copyFile(join(folder, file), join(data, file));
    if (user.uid !== undefined && user.gid !== undefined) await chown(join(data, file), user.uid, user.gid);
  }
  await chmod(join(data, "server.key"), 0o600);
  const port = await getPort();
  let server: ChildProcess;
  const address = (given = "secret") => `postgres://writer:${given}@localhost:${port}/postgres`;
  const query = async (sql: string) => {
    const client = new pg.Client({ connectionString: address() });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const start = async () => {
    const settings = { listen_addresses: "localhost", unix_socket_directories: folder, ssl: "on" };
    const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    server = spawn(join(dirname(initdb), "postgres"), ["-D", data, "-p", `${port}`, ...given], {
      ...{ ...user, cwd: folder, stdio: ["ignore", "ignore", "ignore"] },
      // The processes of the server are a group.
      detached: true,
    });
    for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
      if (await query("SELECT 1").catch(() => undefined)) return;
      if (Date.now() > deadline || server.exitCode !== null) throw new Error("Postgres did not start");
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const exit = once(server, "exit");
    process.kill(-(server.pid as number), signal);
    await exit;
  };
  await start();
  const [row] = await query("SELECT version()");
  return {
    version: `${row?.version}`,
    authority: await readFile(join(folder, "server.crt"), "utf8"),
    address,
    query,
    kill: () => end("SIGKILL"),
    restart: start,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
};
