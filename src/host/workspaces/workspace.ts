import type { PatchToApply } from "./applyPatch.ts";
import type { Combiner } from "../combine/combiner.ts";
import type { SourcePick } from "../combine/combineTree.ts";
import type { CheckpointPlace } from "./checkpointCommit.ts";

/**
 * A workspace is one session's checkout: the files an agent works on, the agent's home, and a trusted git directory that
 * lives outside both. What the agent did is read from the trusted side only; the `.git` inside the checkout belongs to the
 * agent and the host never runs git against it.
 */

/** Who may read and push. One instance speaks for one person; tokens stay in memory and reach git by askpass only. */
export interface Credentials {
  /**
   * The token for exactly this origin (`https://github.com`, `http://127.0.0.1:4000`: scheme, host and port, no path), or
   * undefined when the person has given none.
   */
  tokenFor(origin: string): string | undefined;
}

export const noCredentials: Credentials = { tokenFor: () => undefined };

export interface ProvisionRequest {
  /** Names the directories, so it must be an id that the host minted (`[A-Za-z0-9-]`). */
  readonly sessionId: string;
  /** https, ssh or (where the configuration allows it) file URL or absolute path. */
  readonly repository: string;
  /** The branch to start from; the remote's HEAD when absent. */
  readonly baseBranch?: string | undefined;
  /** The branch that the agent finds checked out, `agent/...`. */
  readonly branch: string;
  readonly credentials: Credentials;
  /** What is happening, for people: "Fetching 43 %". */
  readonly onStage: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Absolute paths. `root` and `home` are the agent's to write; nothing the agent runs may reach `gitDir`. */
export interface WorkspacePaths {
  readonly root: string;
  readonly home: string;
  readonly gitDir: string;
  /** Variables that every program of the workspace gets, from the base branch or the host's configuration. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Commit on `refs/muster/checkpoints/<n>` of the trusted git directory. */
export interface Checkpoint {
  /** `1`, `2`, ... in the order taken. */
  readonly id: string;
  readonly commit: string;
  readonly tree: string;
  /** The commit of the base branch that it stands on. */
  readonly base: string;
  /** The commit that this one continues: the checkpoint before, or the base commit. */
  readonly parent: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Against the base commit: what a reviewer sees, not the step since the last checkpoint. */
  readonly files: number;
  readonly additions: number;
  readonly deletions: number;
  /** Directories that hold a git repository of their own; their files are not part of the checkpoint. */
  readonly nestedRepositories: readonly string[];
  readonly place?: CheckpointPlace;
}

export interface RestoreRequest {
  /** The id of a checkpoint; `0` for the base commit. */
  readonly checkpoint: string;
  /** Where the session stands. */
  readonly place: Omit<CheckpointPlace, "kind">;
  /** The present files are recorded: from here on they are replaced. */
  readonly onSafe: (safety: Checkpoint) => void;
  /** What is happening, for people: "Restoring 43 %". */
  readonly onStage: (text: string) => void;
}

export interface Restored {
  /** The files as they were before. */
  readonly safety: Checkpoint;
  /** The same files as the checkpoint that was asked for. */
  readonly restored: Checkpoint;
}

export interface ApplyRequest extends Pick<RestoreRequest, "place" | "onSafe" | "onStage">, PatchToApply {}

export interface Applied {
  /** The files as they were before. */
  readonly safety: Checkpoint;
  readonly applied: Checkpoint;
}

export interface UpdateRequest extends Pick<RestoreRequest, "place" | "onSafe" | "onStage"> {
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
  /** What git can't merge goes into the files as it is, both sides between its marks. */
  readonly leaveConflicts: boolean;
}

export interface Updated {
  /** The files as they were before. */
  readonly safety: Checkpoint;
  readonly updated: Checkpoint;
  /** How many the base branch had got. */
  readonly commits: number;
  /** Files that git could not merge. */
  readonly conflicts: readonly string[];
}

export interface CombineRequest extends Pick<ProvisionRequest, "sessionId" | "branch" | "onStage" | "signal"> {
  readonly base: string;
  readonly picks: readonly (Omit<SourcePick, "source"> & {
    /** Id of the session that it is picked from, and the commit of one of its checkpoints. */
    readonly sessionId: string;
    readonly head: string;
  })[];
  readonly place: Omit<CheckpointPlace, "kind">;
}

export interface ForkRequest {
  /** The session to be, as in `ProvisionRequest`. */
  readonly sessionId: string;
  readonly branch: string;
  /** The session whose checkpoint it begins with, and the checkpoint's id. */
  readonly source: string;
  readonly checkpoint: string;
  readonly place: Omit<CheckpointPlace, "kind">;
  /** Whether the agent's home comes along, with what the agent remembers. */
  readonly withHome: boolean;
  readonly onStage: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface FileVersion {
  readonly oid: string;
  /** Bytes. */
  readonly size: number;
  /** Git's octal mode: `100644`, `100755`, `120000` (symbolic link), `160000` (nested repository). */
  readonly mode: string;
}

export interface ChangedFile {
  /** Relative to the repository's root, with `/`, exactly as git stores it. */
  readonly path: string;
  /** Set when the file was renamed. */
  readonly oldPath?: string;
  readonly status: "added" | "modified" | "deleted" | "renamed";
  readonly before?: FileVersion;
  readonly after?: FileVersion;
  /** Lines; 0 for a binary file. */
  readonly additions: number;
  readonly deletions: number;
  readonly binary: boolean;
}

export interface PushRequest {
  /** `agent/...`; any other branch is refused. */
  readonly branch: string;
  /** A checkpoint's commit: what the person reviewed. */
  readonly commit: string;
  /** First line of the commit that is pushed. */
  readonly title: string;
  readonly body?: string | undefined;
  /** Makes the branch again if it was deleted on the server. */
  readonly recreates?: boolean | undefined;
  readonly credentials: Credentials;
  readonly signal?: AbortSignal | undefined;
}

export interface PushResult {
  readonly branch: string;
  /** The ordinary commit on the remote's branch; its tree is the checkpoint's tree. */
  readonly commit: string;
  /** The remote as people write it, without credentials. */
  readonly remote: string;
}

export interface Workspace {
  readonly paths: WorkspacePaths;
  readonly repository: string;
  readonly branch: string;
  readonly baseBranch: string;
  /** What the last checkpoint stands on. */
  readonly baseCommit: string;
  /** All that are kept and say where they stand, oldest first. */
  readonly checkpoints: readonly Checkpoint[];
  /**
   * Records tracked and untracked (not ignored) files. Undefined when neither the files nor the turn are others than those
   * of the last checkpoint (or of the base commit when there is none). One at a time: calls queue.
   */
  checkpoint(message: string, place?: CheckpointPlace): Promise<Checkpoint | undefined>;
  /**
   * Puts the files back: tracked and untracked, modes, links and deletions. What is ignored stays, and so does the agent's
   * own `.git`. Nothing of the workspace may run meanwhile. A process that dies on the way leaves the old files or the new
   * ones: the next `open` finishes. A failure puts everything back as it was. Throws `notFound` for an unknown checkpoint.
   */
  restore(request: RestoreRequest): Promise<Restored>;
  /**
   * Merges what the base branch has got into the files, and from then on counts from there. Undefined when it has got
   * nothing. Nothing of the workspace may run meanwhile; a process that dies on the way leaves what `restore` leaves.
   * Throws `conflict` (details.files) for what git can't merge unless it may be left, and what `Workspaces.provision` throws.
   */
  update(request: UpdateRequest): Promise<Updated | undefined>;
  /**
   * Merges a person's changes into the files, all or nothing. Nothing of the workspace may run meanwhile; a process that dies
   * on the way leaves what `restore` leaves. Throws `conflict` (details.files), `branch.empty` when the files have them.
   */
  apply(request: ApplyRequest): Promise<Applied>;
  /** Gives up checkpoints; their objects leave the disk some time later. The last one is kept. */
  drop(ids: readonly string[]): Promise<void>;
  /** Tree of the present files without a ref, for live diffs. Its objects last until the next collection. */
  snapshot(): Promise<string>;
  /** What differs between two commits or trees of the trusted git directory, in path order. */
  changes(from: string, to: string): Promise<readonly ChangedFile[]>;
  /** Throws `notFound` for an object that is no blob of this session, `content.tooLarge` above the limit. */
  readBlob(oid: string, limitBytes: number): Promise<Uint8Array>;
  /**
   * Throws `branch.empty`, `push.refused` (`details.isBranchDeleted` for a branch that was deleted on the server),
   * `auth.required` or `permission.denied`.
   */
  push(request: PushRequest): Promise<PushResult>;
  /** Where the last push went, also when its answer was lost; undefined when nothing of ours is there. */
  confirmPush(request: Pick<PushRequest, "branch" | "credentials">): Promise<PushResult | undefined>;
}

export interface Workspaces {
  /**
   * Makes the workspace, or opens it when this session already has a complete one. What a failed attempt left is removed.
   * Throws `repository.invalid`, `repository.cloneFailed`, `auth.required` (details.resource is the origin), `cancelled`.
   */
  provision(request: ProvisionRequest): Promise<Workspace>;
  /**
   * A workspace that begins with the files of another session's checkpoint, on a branch of its own and from the same base
   * commit, without asking the remote. Opens it when it is there already. Throws `notFound` when the other session or its
   * checkpoint is gone.
   */
  fork(request: ForkRequest): Promise<Workspace>;
  /**
   * A workspace that begins with the picked parts of other sessions' checkpoints. Opens it when it is there already. Throws
   * `notFound` when another session or its checkpoint is gone, `conflict` when the parts do not fit.
   */
  combine(request: CombineRequest): Promise<Workspace>;
  combiner(): Combiner;
  /** Throws `notFound` when the session has no complete workspace. */
  open(sessionId: string): Promise<Workspace>;
  /** Removes checkout, home and trusted git directory. The mirror stays. No workspace is no error. */
  remove(sessionId: string): Promise<void>;
}
