import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startI18n } from "@/i18n";
import { App } from "./app";
import "./styles.css";

await startI18n();
const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
