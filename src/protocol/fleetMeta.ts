import * as z from "zod/mini";
import { decode } from "./decode.ts";
import { META_NS } from "./fleet.ts";
import { loose, type Meta, openEnum, opt, Uri } from "./schema.ts";

export const PlanStep = loose({
  content: z.string(),
  status: openEnum(["pending", "in_progress", "completed"]),
  priority: opt(z.string()),
});
export type PlanStep = z.infer<typeof PlanStep>;

const choice = loose({ current: opt(z.string()), available: z.array(loose({ id: z.string(), name: z.string() })) });

/** What the agent of a session says of itself; each member is told whole when it changes. */
const agentAbout = {
  /** Its latest plan, done steps included. */
  plan: opt(z.array(PlanStep)),
  /** What a message may begin with after a slash. */
  commands: opt(z.array(loose({ name: z.string(), description: z.string(), hint: opt(z.string()) }))),
  modes: opt(choice),
  models: opt(choice),
};
export const AgentAbout = loose(agentAbout);
export type AgentAbout = z.infer<typeof AgentAbout>;

/**
 * What the fleet plane says in `_meta[META_NS]`, by the object that carries it; `InitializeResult` and `SessionSummary` are
 * in fleet.ts.
 */
export const FleetMeta = {
  /** Params of `reconnect`. */
  reconnect: loose({
    /** A client that names the log's epoch may resume over a restart of the host. */
    epoch: z.string(),
    /** How many of a chat's latest turns are enough if it comes as a snapshot, as in `view` of `subscribe`. */
    windows: opt(z.array(loose({ channel: Uri, turns: z.number() }))),
  }),
  /** Params of `dispatchAction`. */
  dispatch: loose({
    /** The highest `serverSeq` of the channel that the person who acts had been shown: what is said yes to later is another thing. */
    seenSeq: opt(z.number()),
  }),
  /** `SessionState`. */
  session: loose({
    /** An editor made the session before its first message: nobody else sees it yet. */
    draft: opt(z.boolean()),
    /** Who made the draft. */
    owner: opt(z.string()),
    /** A title of a person's own is never replaced by one of the agent's. */
    titleBy: opt(openEnum(["user"])),
    model: opt(z.string()),
    /** The beginning of the first message, for people who ask what the session is about. */
    prompt: opt(z.string()),
    ...agentAbout,
    /** The terminal channel that holds what the agent's program writes for its operator. */
    agentLog: opt(Uri),
  }),
  /** `ChangesetState` that lists only the first `shown` of its files: what there is in truth. */
  changeset: loose({ files: z.number(), additions: z.number(), deletions: z.number(), shown: z.number() }),
  /** `ChangesetFile`: what git says of it. */
  changesetFile: loose({
    status: opt(z.string()),
    /** As git writes it, such as `100755`. */
    oldMode: opt(z.string()),
    mode: opt(z.string()),
    binary: opt(z.boolean()),
    oldPath: opt(z.string()),
  }),
  /** `Annotation`: what exactly it was made on. */
  annotation: loose({
    /** Of a diff: `before` or `after`. */
    side: z.string(),
    /** Git object id of the version, and the commit that it was shown as part of. */
    blob: z.string(),
    commit: opt(z.string()),
    /** The file's path in the base commit, if it was there. */
    basePath: opt(z.string()),
    /** The lines of `range` as they were. */
    quoted: opt(z.string()),
  }),
  /** `AnnotationEntry`: an id of the person's own choice that tells one writer from another. */
  annotationEntry: loose({ by: opt(z.string()) }),
  /** `Attachment` of the type annotations: the entries that are said with this message. */
  annotationsAttachment: loose({ entries: z.array(z.string()) }),
  /** `TerminalInfo`. */
  terminal: loose({ session: z.string() }),
  /**
   * Params of the changeset operation `push`: the commit that was reviewed, and the message of the pushed one. A branch
   * that was pushed before and is not there any more is made again only with `recreates`; without it the push is refused
   * (`details.isBranchDeleted`).
   */
  push: loose({ commit: z.string(), title: opt(z.string()), body: opt(z.string()), recreates: opt(z.boolean()) }),
  /** Its result: where the commit went, and what it is there. */
  pushed: loose({ branch: z.string(), commit: opt(z.string()) }),
} as const;
export type FleetMeta = typeof FleetMeta;

/** `undefined` where a peer that is not one of ours said nothing, or something that cannot be read. */
export function fleetMeta<K extends keyof FleetMeta>(
  kind: K,
  owner: { readonly _meta?: Meta | undefined } | undefined,
): z.infer<FleetMeta[K]> | undefined {
  const schema: z.core.$ZodType<z.infer<FleetMeta[K]>> = FleetMeta[kind] as never;
  const told = owner?._meta?.[META_NS];
  const decoded = told === undefined ? undefined : decode(schema, told);
  return decoded?.ok ? decoded.value : undefined;
}
