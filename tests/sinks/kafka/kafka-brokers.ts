import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import getPort from "get-port";
import { Kafka, logLevel } from "kafkajs";
import { mavenJars } from "../../interop/install.ts";

const run = promisify(execFile);

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url).href);

/** The user of the listeners with SASL. */
export const ALICE = { username: "alice", password: "alice-secret" };

/** Time for the start of a broker on a busy machine, in milliseconds. */
const START_MS = 120_000;

/** Properties that all brokers share: three replicas of each topic partition, of which two acknowledge a batch. */
const SHARED = `process.roles=broker,controller
inter.broker.listener.name=PLAIN
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.tls.ssl.keystore.type=PEM
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=3
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
num.network.threads=2
num.io.threads=4
`;

const jaasOf = (listener: string): string => {
  const name = `listener.name.${listener}`;
  const security = "org.apache.kafka.common.security";
  const user = `user_${ALICE.username}="${ALICE.password}"`;
  const scram = [256, 512].map(
    (bits) => `${name}.scram-sha-${bits}.sasl.jaas.config=${security}.scram.ScramLoginModule required;`,
  );
  return [`${name}.plain.sasl.jaas.config=${security}.plain.PlainLoginModule required ${user};`, ...scram, ""].join(
    "\n",
  );
};

/** Creates an authority, and a certificate of `localhost` by it. Returns the authority's certificate as PEM. */
const certify = async (folder: string): Promise<string> => {
  const openssl = (...args: string[]) => run("openssl", args, { cwd: folder });
  const newKey = ["req", "-newkey", "rsa:2048", "-nodes"];
  const authority = ["-x509", "-days", "3650", "-addext", "basicConstraints=critical,CA:TRUE"];
  await openssl(...newKey, ...authority, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem");
  await openssl(...newKey, "-subj", "/CN=localhost", "-keyout", "broker.key", "-out", "broker.csr");
  await writeFile(join(folder, "names"), "subjectAltName=DNS:localhost");
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", "names"];
  await openssl("x509", "-req", "-in", "broker.csr", ...signing, "-out", "broker.pem");
  // Kafka reads a key in PKCS#8, followed by the certificate.
  await openssl("pkcs8", "-topk8", "-nocrypt", "-in", "broker.key", "-out", "keystore.pem");
  await appendFile(join(folder, "keystore.pem"), await readFile(join(folder, "broker.pem")));
  return readFile(join(folder, "ca.pem"), "utf8");
};

/** A broker in its own process. */
interface Broker {
  id: number;
  /** Addresses by listener. */
  addresses: { plain: string; sasl: string; tls: string };
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts the process again, and waits until it serves. */
  restart(): Promise<void>;
  /** Stops the process, which then accepts connections and does not respond. */
  freeze(): void;
  /** Continues the process. */
  thaw(): void;
}

/** A broker that may still be starting. */
interface StartingBroker extends Broker {
  /** Waits until it serves. */
  started(): Promise<void>;
}

/** A cluster of Kafka 4.4.0. */
export interface KafkaCluster {
  brokers: readonly Broker[];
  /** Certificate of the authority of the listener with TLS, as PEM. */
  authority: string;
  /** kafkajs, connected to all brokers. */
  client: Kafka;
  stop(): Promise<void>;
}

/** Installs Kafka, and starts a cluster of three brokers. */
export const startKafka = async (): Promise<KafkaCluster> => {
  const jars = await mavenJars("kafka-4.4.0", here("pom.xml"));
  const folder = await mkdtemp(join(tmpdir(), "tidemark-kafka-"));
  const authority = await certify(folder);
  const javaArgs = (heap: string) => [
    ...[`-Xmx${heap}`, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
    ...[`-Dlog4j2.configurationFile=${here("log4j2.xml")}`, "-cp", `${jars}/*`],
  ];
  const ids = [1, 2, 3];
  const ports = await Promise.all(
    ids.map(async () => ({
      plain: await getPort(),
      controller: await getPort(),
      sasl: await getPort(),
      tls: await getPort(),
    })),
  );
  const voters = ids.map((id, index) => `${id}@127.0.0.1:${ports[index]?.controller}`).join();
  const clusterId = randomBytes(16).toString("base64url");

  const startBroker = async (id: number): Promise<StartingBroker> => {
    const own = join(folder, `broker-${id}`);
    await mkdir(own);
    const { plain, controller, sasl, tls } = ports[id - 1] as (typeof ports)[number];
    const clients = `PLAIN://127.0.0.1:${plain},SASL://127.0.0.1:${sasl},TLS://localhost:${tls}`;
    const properties = `${SHARED}${jaasOf("sasl")}${jaasOf("tls")}node.id=${id}
controller.quorum.voters=${voters}
listeners=${clients},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=${clients}
listener.name.tls.ssl.keystore.location=${folder}/keystore.pem
log.dirs=${own}/data
`;
    await writeFile(join(own, "server.properties"), properties);
    const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      ...["--add-scram", `${mechanism}=[name=${ALICE.username},password=${ALICE.password}]`],
    ]);
    const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", "server.properties", ...scram];
    await run("java", [...javaArgs("128m"), ...format], { cwd: own });

    let child: ChildProcess;
    let output = "";
    const start = () => {
      output = "";
      child = spawn("java", [...javaArgs("256m"), "kafka.Kafka", "server.properties"], { cwd: own });
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (chunk: Buffer) => {
          output = (output + chunk).slice(-20_000);
        });
    };
    const started = async () => {
      for (const deadline = Date.now() + START_MS; !output.includes("Kafka Server started"); await sleep(50))
        if (child.exitCode !== null || Date.now() > deadline)
          throw new Error(`broker ${id} did not start. End of its output:\n${output.slice(-4_000)}`);
    };
    start();
    return {
      id,
      addresses: { plain: `127.0.0.1:${plain}`, sasl: `127.0.0.1:${sasl}`, tls: `localhost:${tls}` },
      async kill() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, "exit");
        child.kill("SIGKILL");
        await exit;
      },
      async restart() {
        start();
        await started();
      },
      freeze: () => void child.kill("SIGSTOP"),
      thaw: () => void child.kill("SIGCONT"),
      started,
    };
  };
  const brokers: StartingBroker[] = [];
  const stop = async () => {
    for (const broker of brokers) await broker.kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const id of ids) brokers.push(await startBroker(id));
    for (const broker of brokers) await broker.started();
  } catch (error) {
    await stop();
    throw error;
  }
  const client = new Kafka({
    brokers: brokers.map(({ addresses }) => addresses.plain),
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, maxRetryTime: 5_000 },
  });
  return { brokers, authority, client, stop };
};
