import * as z from "zod/mini";

/** Member `access` of the configuration. */
export const AccessConfig = z._default(
  z.looseObject({
    /** Days for which the record of who did what is kept. Default 90. */
    auditDays: z._default(z.number().check(z.minimum(1)), 90),
  }),
  { auditDays: 90 },
);
export type AccessConfig = z.infer<typeof AccessConfig>;
