import type { Suite } from "../suite.ts";
import { catchUp } from "./catchUp.ts";
import { fanOut } from "./fanOut.ts";
import { holding } from "./holding.ts";
import { parsing } from "./parsing.ts";
import { terminals } from "./terminals.ts";
import { updates } from "./updates.ts";

/** The protocol from end to end. */
export const wire = { parsing, catchUp, holding, updates, fanOut, terminals } satisfies Suite;
