import * as z from "zod/mini";
import { LOG_LEVELS } from "../logging/hostLogger.ts";

/** How the host tells its operators what it does, and how it stops. */
export const LogConfig = z._default(
  z.looseObject({
    /** The least that is written: "debug", "info", "warn" or "error". SIGUSR2 switches to "debug" and back. Default "info". */
    level: z._default(z.enum(LOG_LEVELS), "info"),
  }),
  { level: "info" },
);

export const ShutdownConfig = z._default(
  z.looseObject({
    /** Seconds that running turns may still take when the host is asked to stop; then they are interrupted, to be resumed. Default 3. */
    finishTurnsSeconds: z._default(z.number().check(z.minimum(0), z.maximum(3_600)), 3),
  }),
  { finishTurnsSeconds: 3 },
);
