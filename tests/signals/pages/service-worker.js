/* Responds to batches in place of the collector, with the status and the body of this script's query. */
const query = new URLSearchParams(location.search);
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (event.request.method === "POST")
    event.respondWith(new Response(query.get("body"), { status: Number(query.get("status")) }));
});
