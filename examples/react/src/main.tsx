import { clicks, dwell, elementDwell, hovers, pageViews, reactions, scrollDepth } from "@tidemark/sdk";
import { TidemarkProvider } from "@tidemark/sdk/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { Shop } from "./shop.tsx";
import "./style.css";

const options = {
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: import.meta.env.VITE_TIDEMARK_ENDPOINT ?? "http://localhost:8787",
  signals: [pageViews(), clicks(), hovers(), scrollDepth(), dwell(), elementDwell()],
  reactions,
};

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <TidemarkProvider options={options}>
      <BrowserRouter>
        <Shop />
      </BrowserRouter>
    </TidemarkProvider>
  </StrictMode>,
);
