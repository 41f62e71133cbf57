/** Reads and parses a body. */
export default {
  async fetch(request) {
    const { events } = await request.json<{ events: unknown[] }>();
    return Response.json({ accepted: events.length });
  },
} satisfies ExportedHandler;
