import * as z from "zod/mini";
import { isNetwork } from "./addressRules.ts";

const Text = z.string().check(z.minLength(1));
const megabytes = z.number().check(z.minimum(1));
const days = z.number().check(z.minimum(0));

/** What runs in a fresh workspace before its agent's first turn, and the variables that its programs get. */
export const SetupConfig = z.looseObject({
  /** Text for `sh`. Takes the place of the repository's own `.muster/setup.sh`. */
  script: z.optional(Text),
  /** `${home}`, `${workspace}` and `${env:NAME}` (a variable of the host) are replaced. */
  env: z._default(z.record(z.string(), z.string()), {}),
});
export type SetupConfig = z.infer<typeof SetupConfig>;

const defaults = {
  allowLocal: [],
  known: [],
  credentials: {},
  privateNetworks: [],
  maxFetchMegabytes: 5 * 1024,
  maxWorkspaceMegabytes: 10 * 1024,
  maxWorkspaceFiles: 300_000,
  mirrorMegabytes: 50 * 1024,
  mirrorIdleDays: 30,
  baseFetchMinutes: 10,
  setup: {},
  setupFromRepository: true,
  setupMinutes: 15,
};

/** Which repositories the host works on, and how much room they may take. */
export const RepositoriesConfig = z._default(
  z.looseObject({
    /** Absolute directories whose repositories may be named by path or file: address. Default: none. */
    allowLocal: z._default(z.array(z.string()), defaults.allowLocal),
    /** Addresses that editors offer for new sessions, besides those in use. Default: none. */
    known: z._default(z.array(Text), defaults.known),
    /** Tokens for servers, by origin: `{ "https://git.example.com": { "tokenEnv": "GIT_TOKEN" } }`. */
    credentials: z._default(z.record(z.string(), z.looseObject({ tokenEnv: Text })), defaults.credentials),
    /** Blocks of private addresses, as "10.20.0.0/16", in which there are git servers. Default: none, not even this machine. */
    privateNetworks: z._default(
      z.array(z.string().check(z.refine(isNetwork, 'is no block of addresses such as "10.20.0.0/16"'))),
      defaults.privateNetworks,
    ),
    /** What one fetch may bring over the network. Default 5,120. */
    maxFetchMegabytes: z._default(megabytes, defaults.maxFetchMegabytes),
    /** What the files of one agent may take, its home included. Default 10,240. */
    maxWorkspaceMegabytes: z._default(megabytes, defaults.maxWorkspaceMegabytes),
    /** How many there may be. Default 300,000. */
    maxWorkspaceFiles: z._default(z.int().check(z.minimum(1)), defaults.maxWorkspaceFiles),
    /** What the copies of repositories may take together. The longest unused go first. Default 51,200. */
    mirrorMegabytes: z._default(megabytes, defaults.mirrorMegabytes),
    /** Days after which a copy that no session was started from is removed. Default 30. */
    mirrorIdleDays: z._default(days, defaults.mirrorIdleDays),
    /** How often the base branches of live sessions are fetched for the conflict forecast; 0 for never. Default 10. */
    baseFetchMinutes: z._default(z.number().check(z.minimum(0)), defaults.baseFetchMinutes),
    /** What prepares a fresh workspace, by repository (`github.com/octo/app`) or `*` for all others. */
    setup: z._default(z.record(z.string(), SetupConfig), defaults.setup),
    /** Whether `.muster/setup.sh` and `.muster/environment.json` of the base branch are used. Default true. */
    setupFromRepository: z._default(z.boolean(), defaults.setupFromRepository),
    /** How long the set-up may take. Default 15. */
    setupMinutes: z._default(z.number().check(z.minimum(0.01)), defaults.setupMinutes),
  }),
  defaults,
);
export type RepositoriesConfig = z.infer<typeof RepositoriesConfig>;
