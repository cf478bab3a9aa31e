import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The Host goes on as the browser sent it: the gateway compares it with the Origin of the page.
const gateway = { target: process.env["LOCALCLIP_SERVER"] ?? "http://127.0.0.1:8080", changeOrigin: false };

export default defineConfig({
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  plugins: [react(), tailwindcss()],
  server: { proxy: { "/api": gateway, "/ws": gateway, "/readyz": gateway, "/openapi.json": gateway } },
  worker: { format: "es" },
  build: {
    target: "es2023",
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: "router", test: /node_modules\/react-router\// },
          ],
        },
      },
    },
  },
  test: {
    environment: "node",
    setupFiles: ["./src/test-setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
