import { AsyncLocalStorage } from "node:async_hooks";
import type { LogFields } from "../../base/logger.ts";

interface RequestContext {
  readonly fields: LogFields;
  isOver: boolean;
}

const contexts = new AsyncLocalStorage<RequestContext | undefined>();

/**
 * Runs a request's work so that every line that is logged on its behalf carries `fields`, however deep. What it leaves
 * running (an agent, a timer) is nobody's request any more once `work` has settled.
 */
export async function asRequest<T>(fields: LogFields, work: () => Promise<T>): Promise<T> {
  const context = { fields, isOver: false };
  try {
    return await contexts.run(context, work);
  } finally {
    context.isOver = true;
  }
}

/** For what happens to run in a request's wake and is not its work, such as what a commit of many sets off. */
export function outsideRequests<T>(work: () => T): T {
  return contexts.run(undefined, work);
}

/** The fields of the request whose work this is; none outside of one. */
export function requestFields(): LogFields {
  const context = contexts.getStore();
  return context === undefined || context.isOver ? {} : context.fields;
}
