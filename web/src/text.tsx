// Text of a log: shown, never run. Characters that act or hide are drawn as their number.

import type { ComponentChildren } from "preact";

// Controls, what turns the direction of reading, what has no width, and halves of characters.
const ODD = /\p{Cc}|\p{Cf}|\p{Cs}|\p{Co}|\p{Zl}|\p{Zp}|\p{Variation_Selector}|[\u115f\u1160\u3164]/u;
const EACH_ODD = new RegExp(ODD, "gu");

/** `U+202E` */
export function codePoint(c: string): string {
  return `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The text with such characters as `U+XXXX`, for places that can only hold text. */
export function plain(text: string): string {
  return text.replace(EACH_ODD, codePoint);
}

/** Cut to so many characters. */
export function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Without its middle: both ends of a path say something. */
export function middle(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.floor(most / 3);
  return `${text.slice(0, most - tail - 1)}…${text.slice(text.length - tail)}`;
}

/** Log text as it is shown: isolated in its direction, odd characters in boxes. */
export function Log({ text }: { text: string }) {
  if (!ODD.test(text)) return <bdi>{text}</bdi>;
  const out: ComponentChildren[] = [];
  let from = 0;
  for (const match of text.matchAll(EACH_ODD)) {
    if (match.index > from) out.push(text.slice(from, match.index));
    out.push(<span class="odd">{codePoint(match[0])}</span>);
    from = match.index + match[0].length;
  }
  out.push(text.slice(from));
  return <bdi>{out}</bdi>;
}

/** Undoes percent signs (twice, if that is how it was sent) and the log's own `\\`; what is no UTF-8 stays. */
export function decodeTarget(text: string): string {
  let out = text.replaceAll("\\\\", "\\").replaceAll("+", " ");
  for (let i = 0; i < 2 && /%[0-9a-f]{2}/i.test(out); i++) {
    out = out.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  }
  return out;
}
