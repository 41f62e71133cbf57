import { DurableObject } from "cloudflare:workers";

interface Body {
  session_id: string;
  events: unknown[];
}

/** Counts the events of a session in one row, which each batch writes. */
export class Session extends DurableObject {
  #events: number;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS session (id INTEGER PRIMARY KEY, events INTEGER NOT NULL)");
    const [row] = this.ctx.storage.sql.exec<{ events: number }>("SELECT events FROM session").toArray();
    this.#events = row?.events ?? 0;
  }

  ingest({ events }: Body) {
    this.#events += events.length;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO session VALUES (1, ?)", this.#events);
    return { accepted: events.length };
  }
}

/** A minimal durable collector: parses the batch, sends it to its session in one call, writes one row, and responds. */
export default {
  async fetch(request, { SESSION }) {
    const body = await request.json<Body>();
    return Response.json(await SESSION.getByName(body.session_id).ingest(body));
  },
} satisfies ExportedHandler<{ SESSION: DurableObjectNamespace<Session> }>;
