/** What says, on a host's machine, what it lacks and what to do about that. */
export const CHECK_COMMAND = "muster-host doctor";
