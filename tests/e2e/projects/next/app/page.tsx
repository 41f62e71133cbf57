import { Save } from "./save.tsx";
import { tracker } from "./tracker.ts";

export const dynamic = "force-dynamic";

export default async function Page() {
  tracker.track("saved", { sku: "boots" });
  return (
    <main>
      <p>{`session: "${tracker.sessionId}", features: ${JSON.stringify(await tracker.features())}`}</p>
      <Save />
    </main>
  );
}
