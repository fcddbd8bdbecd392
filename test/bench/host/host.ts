import type { Suite } from "../suite.ts";
import { appends } from "./appends.ts";
import { delivery } from "./delivery.ts";
import { growth } from "./growth.ts";
import { memory } from "./memory.ts";
import { stalls } from "./stalls.ts";
import { starting } from "./starting.ts";
import { subscribers } from "./subscribers.ts";
import { workspaces } from "./workspaces.ts";

/** The backend, part by part. */
export const host = { appends, delivery, subscribers, memory, starting, growth, stalls, workspaces } satisfies Suite;
