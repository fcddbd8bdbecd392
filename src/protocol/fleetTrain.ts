import * as z from "zod/mini";
import { loose, openEnum, opt, Timestamp, Uri } from "./schema.ts";

/**
 * One session of a train. `current`: its base branch had got nothing. `busy`: it worked, so it was passed over. `refused`:
 * it could not be updated, and the train ended there. `left`: the train ended before it.
 */
export const TrainStop = loose({
  session: Uri,
  state: openEnum(["waiting", "updating", "updated", "current", "busy", "refused", "left"]),
  /** Of the base branch, that came in. */
  commits: opt(z.number()),
  /** The checkpoint that undoes it. */
  safety: opt(z.string()),
  /** Why it was not updated, as a sentence. */
  message: opt(z.string()),
});
export type TrainStop = z.infer<typeof TrainStop>;

/** Sessions of one repository that their host updates from their base, one after the other, whoever looks on. */
export const FleetTrain = loose({
  id: z.string(),
  /** The user who started it. */
  by: z.string(),
  /** In the order in which it goes. */
  stops: z.array(TrainStop),
  startedAt: Timestamp,
  /** Absent while it goes. */
  endedAt: opt(Timestamp),
});
export type FleetTrain = z.infer<typeof FleetTrain>;
