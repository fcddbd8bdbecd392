import path from "node:path";
import * as z from "zod/mini";
import { Isolation } from "../../protocol/fleet.ts";
import { isNetwork } from "../workspaces/addressRules.ts";
import { isHostPattern } from "./egress/hostPattern.ts";

const AbsoluteDirectory = z.string().check(z.refine((directory) => path.isAbsolute(directory), "must be absolute"));
const positive = z.int().check(z.minimum(1));

/**
 * How agents are confined. "bubblewrap" needs the program bwrap; without it agents do not start. "none" gives every agent
 * the rights of the account that runs the host, and is shown on each of its sessions. Default "bubblewrap".
 */
export const IsolationChoice = z._default(Isolation, "bubblewrap");

/** What one box may use, and what it sees besides the operating system. */
export const BoxConfig = z.looseObject({
  /** Memory of all processes of a box, with what they write to its `/tmp`. Default 4096. */
  memoryMegabytes: z._default(positive, 4_096),
  /** Processes and threads of a box. Default 1024. */
  processes: z._default(positive, 1_024),
  /** Processors; fractions are allowed. Default: all. */
  cpus: z.optional(z.number().check(z.minimum(0.1))),
  /** Size of the largest file that a program may write. Default 4096. */
  fileMegabytes: z._default(positive, 4_096),
  /** Size of a session's checkout and home together. Default 20480. */
  diskMegabytes: z._default(positive, 20_480),
  /** Files and directories in a session's checkout and home together. Default 2000000. */
  files: z._default(positive, 2_000_000),
  /** Size of a box's `/tmp`, which is kept in memory. Default 512. */
  tmpMegabytes: z._default(positive, 512),
  /** Absolute files and directories outside the system's that agents may read, such as an installation below a home. */
  readable: z._default(z.array(AbsoluteDirectory), []),
  /** Lets the programs of every box make name spaces of their own, as an agent with `hasOwnSandbox` may. Default false. */
  nestedNamespaces: z._default(z.boolean(), false),
  /** User ids of the boxes of a host that runs as root, one a session. They must belong to nobody else. */
  uids: z._default(z.looseObject({ first: z._default(positive, 700_000), count: z._default(positive, 10_000) }), {
    first: 700_000,
    count: 10_000,
  }),
});
export type BoxConfig = z.infer<typeof BoxConfig>;
export const defaultBox: BoxConfig = BoxConfig.parse({});

export const HostPattern = z
  .string()
  .check(z.refine(isHostPattern, 'must be a host name, "*.example.com" or "host:port"'));
const Port = z.int().check(z.minimum(1), z.maximum(65_535));

/** Where the programs of a box may connect to. Only "bubblewrap" can hold them to it. */
export const EgressConfig = z.looseObject({
  /** Host names besides those of the configured agents: "packages.example.com", "*.example.com", "git.example.com:8443". */
  allow: z._default(z.array(HostPattern), []),
  /** Host names that nobody is asked about, such as those of an agent's telemetry; they are refused at once. */
  deny: z._default(z.array(HostPattern), []),
  /** Ports of this machine's loopback that appear at the same port of every box's own: a model server, a package mirror. */
  hostPorts: z._default(z.array(Port), []),
  /** Blocks of private addresses, as "10.20.0.0/16", that allowed names may lead to. Default: none. */
  privateNetworks: z._default(z.array(z.string().check(z.refine(isNetwork, "must be a block of addresses"))), []),
  /** Seconds that a refused connection waits for a person who is asked about it. 0 refuses at once. Default 20. */
  askSeconds: z._default(z.number().check(z.minimum(0), z.maximum(600)), 20),
});
export type EgressConfig = z.infer<typeof EgressConfig>;
export const defaultEgress: EgressConfig = EgressConfig.parse({});
