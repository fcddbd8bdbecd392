import * as vscode from "vscode";
import * as z from "zod/mini";
import type { CombineFile, CombineState, FilePick } from "../../protocol/coordinationReport.ts";
import type { PartsPick } from "../../protocol/fleetParts.ts";
import type { ResultOf } from "../../protocol/methods.ts";
import type { FleetAgent } from "../fleet/fleetAgent.ts";
import { nameOf } from "./coordinationState.ts";

/** What the host tells of the branches. */
export type PartsRead = ResultOf<"x-fleet/parts">;

/** What a person has picked: by session, by path. Survives a reload of the window. */
export const Picks = z.object({
  title: z.string(),
  files: z.record(z.string(), z.record(z.string(), z.union([z.literal("whole"), z.array(z.string())]))),
});
export type Picks = z.infer<typeof Picks>;

export const noPicks: Picks = { title: "", files: {} };

export function withPick(picks: Picks, session: string, path: string, pick: FilePick | null): Picks {
  const { [path]: _old, ...others } = picks.files[session] ?? {};
  const own = pick === null ? others : { ...others, [path]: pick === "whole" ? pick : [...pick] };
  return { ...picks, files: { ...picks.files, [session]: own } };
}

/** Without what the branches do not have any more: they may have gone on. */
export function presentPicks(picks: Picks, { files }: PartsRead): Picks {
  const present: Picks["files"] = {};
  for (const { path, parts } of files) {
    for (const { session, hunks, problem } of parts) {
      const pick = picks.files[session]?.[path];
      if (pick === undefined || problem !== undefined) continue;
      const known = pick === "whole" ? pick : pick.filter((id) => hunks.some((hunk) => hunk.id === id));
      if (known.length > 0) present[session] = { ...present[session], [path]: known };
    }
  }
  return { ...picks, files: present };
}

/** For the host: every branch is named, because the base is one of theirs. */
export function toPartsPicks({ files }: Picks, { heads }: PartsRead): PartsPick[] {
  return heads.map(({ session, head }) => ({
    session,
    head,
    files: Object.entries(files[session] ?? {}).map(([path, pick]) => ({
      path,
      ...(pick !== "whole" && { hunks: [...pick] }),
    })),
  }));
}

export function toCombineState(
  agents: readonly { readonly session: string; readonly agent: FleetAgent | undefined }[],
  read: PartsRead | undefined,
  picks: Picks,
  shown: Pick<CombineState, "of" | "note" | "isLoading" | "isChecking" | "problems" | "preview" | "isCreating">,
): CombineState {
  const isGroup = new Set(agents.map(({ agent }) => agent?.group?.id)).size === 1;
  const sources = agents
    .map(({ session, agent }) => ({
      session,
      title: nameOf(agent) ?? vscode.l10n.t("An agent that is gone"),
      index: isGroup ? agent?.group?.index : undefined,
    }))
    .toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
  const placeOf = ({ session }: { readonly session: string }) => sources.findIndex((each) => each.session === session);
  return {
    view: "combine",
    ...shown,
    title: picks.title,
    sources,
    files: (read?.files ?? []).map(({ path, parts }): CombineFile => ({
      path,
      parts: parts
        .toSorted((a, b) => placeOf(a) - placeOf(b))
        .map((part) => ({ ...part, pick: picks.files[part.session]?.[path] })),
    })),
    fileCount: read?.fileCount ?? 0,
  };
}
