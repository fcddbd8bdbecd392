import * as z from "zod/mini";
import { type ActionOf, defineActions, loose, openUnion, opt, type UnknownAction, Uri } from "./schema.ts";

const globs = opt(loose({ items: z.array(z.string()) }));

export const ResourceWatchState = loose({ root: Uri, recursive: z.boolean(), excludes: globs, includes: globs });
export type ResourceWatchState = z.infer<typeof ResourceWatchState>;

export const ResourceChange = openUnion(
  "type",
  [
    loose({ type: z.literal("added"), uri: Uri }),
    loose({ type: z.literal("updated"), uri: Uri }),
    loose({ type: z.literal("deleted"), uri: Uri }),
  ],
  {},
);
export type ResourceChange = z.infer<typeof ResourceChange>;

export const resourceWatchActions = defineActions({
  "resourceWatch/changed": { changes: loose({ items: z.array(ResourceChange) }) },
});
export type ResourceWatchAction = ActionOf<typeof resourceWatchActions>;

/** A watch only passes events on: nothing of them stays in its state. */
export function reduceResourceWatch(
  state: ResourceWatchState,
  _action: ResourceWatchAction | UnknownAction,
): ResourceWatchState {
  return state;
}
