// What is drawn on a canvas takes its colours from the style sheet: it is drawn again when they change.

import { type Signal, signal } from "@preact/signals";

const theme = signal(0);
const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => {
  theme.value++;
});

export function useTheme(): Signal<number> {
  return theme;
}
