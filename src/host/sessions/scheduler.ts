/**
 * Who may work: at most `limit` sessions at a time, the others wait in the order in which they asked. Pure; the driver is
 * slots.ts. A session is in one of the two lists at most.
 */
export interface SchedulerState {
  readonly limit: number;
  readonly running: readonly string[];
  /** Longest waiting first. */
  readonly waiting: readonly string[];
}

export function initialScheduler(limit: number): SchedulerState {
  return { limit, running: [], waiting: [] };
}

/** Asks for a slot; asking again changes nothing. */
export function request(state: SchedulerState, id: string): SchedulerState {
  if (state.running.includes(id) || state.waiting.includes(id)) return state;
  return admit({ ...state, waiting: [...state.waiting, id] });
}

/** Gives the slot back, or leaves the queue. */
export function release(state: SchedulerState, id: string): SchedulerState {
  if (!state.running.includes(id) && !state.waiting.includes(id)) return state;
  const without = (ids: readonly string[]) => ids.filter((other) => other !== id);
  return admit({ ...state, running: without(state.running), waiting: without(state.waiting) });
}

/** From 1 for the next in line; undefined when it does not wait. */
export function positionOf(state: SchedulerState, id: string): number | undefined {
  const index = state.waiting.indexOf(id);
  return index === -1 ? undefined : index + 1;
}

function admit(state: SchedulerState): SchedulerState {
  const free = Math.max(0, state.limit - state.running.length);
  if (free === 0 || state.waiting.length === 0) return state;
  return {
    ...state,
    running: [...state.running, ...state.waiting.slice(0, free)],
    waiting: state.waiting.slice(free),
  };
}
