import path from "node:path";
import * as z from "zod/mini";

const File = z.string().check(z.refine((file) => path.isAbsolute(file), "must be absolute"));

/** Member `gateway` of the configuration: who may reach the host, and how. */
export const GatewayConfig = z._default(
  z.looseObject({
    /** Origins of web pages that may connect, as browsers write them. Editors send none. Default: none. */
    allowedOrigins: z._default(z.array(z.string()), []),
    /** Names by which clients reach this host from elsewhere, such as `muster.example.com`. Default: none. */
    names: z._default(z.array(z.string().check(z.regex(/^[A-Za-z0-9.:[\]-]+$/, "must be a host name"))), []),
    /** Absolute paths of the certificate with its chain and of its key (PEM). Without them the host listens on loopback only. */
    tls: z.optional(z.looseObject({ cert: File, key: File })),
    /**
     * A proxy in front encrypts, and names who connects in `X-Forwarded-For`. It alone may be able to reach this host: what
     * is sent to it is not encrypted. Default false.
     */
    behindProxy: z._default(z.boolean(), false),
    /** Default 1,000. */
    maxConnections: z._default(z.int().check(z.minimum(1)), 1_000),
  }),
  { allowedOrigins: [], names: [], behindProxy: false, maxConnections: 1_000 },
);
export type GatewayConfig = z.infer<typeof GatewayConfig>;
