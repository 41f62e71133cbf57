/** Responds without reading the request. */
export default { fetch: () => new Response("hello") } satisfies ExportedHandler;
