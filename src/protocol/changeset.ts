import * as z from "zod/mini";
import { ErrorInfo, FileEdit, StringOrMarkdown } from "./content.ts";
import { type ActionOf, defineActions, loose, Meta, openEnum, opt, set, type UnknownAction, upsert } from "./schema.ts";

/** `id` is the identity of the file across changes; the edit's contents are what to read. */
export const ChangesetFile = loose({
  id: z.string(),
  edit: FileEdit,
  reviewed: opt(z.boolean()),
  _meta: opt(Meta),
});
export type ChangesetFile = z.infer<typeof ChangesetFile>;

export const ChangesetStatus = openEnum(["computing", "ready", "error"]);
export type ChangesetStatus = z.infer<typeof ChangesetStatus>;

export const OperationStatus = openEnum(["idle", "running", "error", "disabled"]);
export type OperationStatus = z.infer<typeof OperationStatus>;

/** What may be done with the changeset by `invokeChangesetOperation`. Scopes: changeset, resource, range. */
export const ChangesetOperation = loose({
  id: z.string(),
  label: z.string(),
  description: opt(z.string()),
  scopes: z.array(z.string()),
  confirmation: opt(StringOrMarkdown),
  icon: opt(z.string()),
  group: opt(z.string()),
  status: OperationStatus,
  error: opt(ErrorInfo),
});
export type ChangesetOperation = z.infer<typeof ChangesetOperation>;

export const ChangesetState = loose({
  status: ChangesetStatus,
  error: opt(ErrorInfo),
  files: z.array(ChangesetFile),
  operations: opt(z.array(ChangesetOperation)),
  _meta: opt(Meta),
});
export type ChangesetState = z.infer<typeof ChangesetState>;

export const changesetActions = defineActions({
  "changeset/statusChanged": { status: ChangesetStatus, error: opt(ErrorInfo) },
  "changeset/fileSet": { file: ChangesetFile },
  "changeset/fileRemoved": { fileId: z.string() },
  "changeset/filesReviewChanged": { files: z.array(z.string()), reviewed: z.boolean() },
  /** Without `operations` the present ones stay. `_meta` is of these files: without it there is none. */
  "changeset/contentChanged": {
    files: z.array(ChangesetFile),
    operations: opt(z.array(ChangesetOperation)),
    _meta: opt(Meta),
  },
  /** Without `operations` there are none any more. */
  "changeset/operationsChanged": { operations: opt(z.array(ChangesetOperation)) },
  "changeset/operationStatusChanged": {
    operationId: z.string(),
    status: OperationStatus,
    error: opt(ErrorInfo),
  },
  "changeset/cleared": {},
});
export type ChangesetAction = ActionOf<typeof changesetActions>;

export function reduceChangeset(state: ChangesetState, action: ChangesetAction | UnknownAction): ChangesetState {
  switch (action.type) {
    case "changeset/statusChanged":
      return withStatus(state, action);
    case "changeset/fileSet":
      return set(state, { files: upsert(state.files, action.file, (file) => file.id) });
    case "changeset/fileRemoved":
      return set(state, { files: state.files.filter((file) => file.id !== action.fileId) });
    case "changeset/filesReviewChanged":
      return review(state, new Set(action.files), action.reviewed);
    case "changeset/contentChanged":
      return set(state, {
        files: action.files,
        operations: action.operations ?? state.operations,
        _meta: action._meta,
      });
    case "changeset/operationsChanged":
      return set(state, { operations: action.operations });
    case "changeset/operationStatusChanged": {
      const index = state.operations?.findIndex((operation) => operation.id === action.operationId) ?? -1;
      const operation = state.operations?.[index];
      if (!state.operations || !operation) return state;
      return set(state, { operations: state.operations.with(index, withStatus(operation, action)) });
    }
    case "changeset/cleared":
      return set(state, { files: [] });
    case "(unknown)":
    default:
      return state;
  }
}

/** An error lasts as long as the status says "error". */
function withStatus<T extends { status: string; error?: ErrorInfo | undefined }>(
  owner: T,
  { status, error }: Pick<T, "status" | "error">,
): T {
  return set<{ status: string; error?: ErrorInfo | undefined }>(owner, {
    status,
    error: status === "error" ? error : undefined,
  }) as T;
}

function review(state: ChangesetState, ids: ReadonlySet<string>, reviewed: boolean): ChangesetState {
  return set(state, { files: state.files.map((file) => (ids.has(file.id) ? set(file, { reviewed }) : file)) });
}
