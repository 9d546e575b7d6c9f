import { defineConfig } from "vitest/config";

// One script without modules, and one style sheet: Rust puts both into the page.
export default defineConfig({
  build: {
    lib: { entry: "src/main.tsx", formats: ["iife"], name: "coldtrail", fileName: () => "app.js", cssFileName: "app" },
    target: ["chrome113", "firefox113", "safari16.4"],
    emptyOutDir: true,
  },
  test: { include: ["test/**/*.test.ts"] },
});
