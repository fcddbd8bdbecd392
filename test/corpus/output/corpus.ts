import { con1 } from "./con1Terminal.ts";
import { con2 } from "./con2Markup.ts";
import { con3 } from "./con3Unicode.ts";
import { con4Openable, con4Refused } from "./con4Links.ts";
import { con5 } from "./con5Paths.ts";
import { con7 } from "./con7Bytes.ts";
import { con8 } from "./con8Spoofing.ts";
import { con9 } from "./con9Documents.ts";
import type { Entries } from "./entries.ts";

const asText = (entries: Entries<Uint8Array>): Entries =>
  Object.fromEntries(Object.entries(entries).map(([name, bytes]) => [name, Buffer.from(bytes).toString("latin1")]));

const links: Entries = {
  ...con4Refused,
  ...Object.fromEntries(Object.entries(con4Openable).map(([name, { text, href }]) => [name, `[${text}](${href})`])),
};

const documents: Entries = Object.fromEntries(Object.entries(con9).map(([name, { text }]) => [name, text]));

/** Every stored output as a text, by group and by name. Sizes (CON-6) are made when they are wanted. */
export const corpus: readonly (readonly [group: string, entries: Entries])[] = [
  ["CON-1", con1],
  ["CON-2", con2],
  ["CON-3", con3],
  ["CON-4", links],
  ["CON-5", con5],
  ["CON-7", asText(con7)],
  ["CON-8", con8],
  ["CON-9", documents],
];
