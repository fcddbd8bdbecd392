import type { Suite } from "../suite.ts";
import { activation } from "./activation.ts";
import { flood } from "./flood.ts";
import { list } from "./list.ts";
import { memory } from "./memory.ts";
import { panel } from "./panel.ts";
import { size } from "./size.ts";

/** The extension in a real VS Code, part by part. */
export const editor = { size, activation, list, panel, flood, memory } satisfies Suite;
