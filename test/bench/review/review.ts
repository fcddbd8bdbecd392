import type { Suite } from "../suite.ts";
import { open } from "./open.ts";
import { radar } from "./radar.ts";

/** From an agent's branch to a pull request, part by part. */
export const review = { open, radar } satisfies Suite;
