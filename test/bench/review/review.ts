import type { Suite } from "../suite.ts";
import { multiDiff } from "./multiDiff.ts";
import { open } from "./open.ts";
import { radar } from "./radar.ts";
import { ship } from "./ship.ts";

/** From an agent's branch to a pull request, part by part. */
export const review = { open, multiDiff, radar, ship } satisfies Suite;
