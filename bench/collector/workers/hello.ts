/** Answers, and looks at nothing. */
export default { fetch: () => new Response("hello") } satisfies ExportedHandler;
