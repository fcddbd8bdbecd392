import * as vscode from "vscode";
import * as z from "zod/mini";
import { AppError } from "../../base/appError.ts";
import type { Client } from "../../client/client.ts";
import { type CoordinatedRepository, PairChoice, type PairDetails } from "../../protocol/coordinationReport.ts";
import type { FleetConflictsState } from "../../protocol/fleetConflicts.ts";
import type { FilePart } from "../../protocol/fleetParts.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { agentKey } from "../fleet/fleetAgent.ts";
import type { AgentTarget } from "../ids.ts";
import { toLabel } from "../platform/plainText.ts";
import { type ErrorPresenter, sentenceOf } from "../platform/presentError.ts";
import type { StatePort } from "../platform/statePort.ts";
import { nameOf } from "./coordinationState.ts";
import { overlapMessage } from "./overlapMessage.ts";

export interface OverlapPairPorts {
  readonly fleet: Pick<Fleet, "get" | "send">;
  readonly presenter: Pick<ErrorPresenter, "present">;
  /** Keeps the pair that is looked at, and what is written about any, over a reload of the window. */
  readonly state: StatePort;
  /** The document of a file as an agent's branch has it; of no file without a `blob`. */
  readonly revision: (target: AgentTarget, path: string, blob: string | undefined) => vscode.Uri;
}

const Draft = z.object({ text: z.string(), to: z.array(z.string()) });
/** Messages by `keyOf` their pair. */
const Kept = z.object({ chosen: z.optional(PairChoice), drafts: z.record(z.string(), Draft) });
type Kept = z.infer<typeof Kept>;

/** The pair of one repository that a person looks at: its lines, and the message about it. */
export class OverlapPair {
  readonly #ports: OverlapPairPorts;
  readonly #of: CoordinatedRepository;
  readonly #stateKey: string;
  readonly #changed: () => void;
  #kept: Kept;
  #details: PairDetails | undefined;
  /** What was read of it, or is being read. */
  #read: string | undefined;
  #forecast: FleetConflictsState | undefined;

  /** @param changed there is something else to show */
  constructor(ports: OverlapPairPorts, of: CoordinatedRepository, stateKey: string, changed: () => void) {
    this.#ports = ports;
    this.#of = of;
    this.#stateKey = stateKey;
    this.#changed = changed;
    this.#kept = Kept.safeParse(ports.state.get(stateKey)).data ?? { drafts: {} };
    this.#open(this.#kept.chosen);
  }

  get details(): PairDetails | undefined {
    return this.#details;
  }

  choose(pair: PairChoice | undefined): void {
    this.#open(pair);
    this.#keep({ ...this.#kept, chosen: pair });
    this.#changed();
  }

  /** Reads the lines, and again whenever one of the two has another checkpoint. */
  async follow(client: Client, forecast: FleetConflictsState | undefined): Promise<void> {
    this.#forecast = forecast;
    if (this.#details === undefined || forecast === undefined) return;
    const { first, second } = this.#details;
    const heads = forecast.branches.filter(({ session }) => session === first || session === second);
    const version = JSON.stringify([first, second, heads.map(({ head }) => head)]);
    if (version === this.#read) return;
    this.#read = version;
    const asked = { channel: first, others: [second], isShared: true };
    const found =
      second === ""
        ? { files: [], fileCount: 0 }
        : await client
            .request("x-fleet/parts", asked)
            .catch((error: unknown) => ({ problem: sentenceOf(error, vscode.l10n.t) }));
    // Something else was chosen meanwhile.
    if (this.#read !== version || this.#details === undefined) return;
    const { problem: _problem, ...rest } = this.#details;
    const told = "problem" in found ? found : { files: found.files, fileCount: found.fileCount };
    this.#details = { ...rest, isLoading: false, ...told };
    this.#changed();
  }

  /** Without a text the prepared one, or none when it is for nobody. It is for none but the two. */
  write(text: string | undefined, to: readonly string[]): void {
    const details = this.#details;
    if (details === undefined || details.draft?.isSending === true) return;
    const isDiscarded = text === undefined && to.length === 0;
    const own = to.filter((session) => session === details.first || session === details.second);
    this.#setDraft(details, isDiscarded ? undefined : { text: text ?? this.#prepared(details), to: own });
  }

  /** To each in turn. Who has it already is not told again when it is sent once more. */
  async send(): Promise<void> {
    const details = this.#details;
    const draft = details?.draft;
    if (details === undefined || draft === undefined || draft.isSending) return;
    this.#details = { ...details, draft: { ...draft, isSending: true } };
    this.#changed();
    let left = [...draft.to];
    try {
      for (const session of draft.to) {
        await this.#ports.fleet.send(agentKey(this.#of.hostId, session), draft.text);
        left = left.filter((other) => other !== session);
      }
    } catch (error) {
      await this.#ports.presenter.present(error, "tell the agents");
    }
    this.#setDraft(details, left.length === 0 ? undefined : { text: draft.text, to: left });
  }

  /** Opens the files that both touch, as each of them has them. */
  async compare(): Promise<void> {
    const { hostId } = this.#of;
    const { first, second, files } = this.#details ?? { first: "", second: "", files: [] };
    if (files.length === 0) return;
    const side = (session: string, path: string, parts: readonly FilePart[]) =>
      this.#ports.revision({ hostId, session }, path, parts.find((part) => part.session === session)?.blob?.oid);
    // A branch that began from an earlier base has no file of its own that stands on the later one.
    const comparable = files.filter(({ parts }) => parts.every(({ blob, status }) => blob ?? status === "deleted"));
    if (comparable.length === 0) {
      throw new AppError(
        "conflict",
        "The two agents began from different commits. Update them from their base to compare their files.",
      );
    }
    const rows = comparable.map(({ path, parts }) => {
      const right = side(second, path, parts);
      return [right, side(first, path, parts), right];
    });
    const name = (session: string) => toLabel(nameOf(this.#ports.fleet.get(agentKey(hostId, session))) ?? "", 60);
    await vscode.commands.executeCommand("vscode.changes", `${name(first)} ↔ ${name(second)}`, rows);
  }

  #open(pair: PairChoice | undefined): void {
    this.#read = undefined;
    if (pair === undefined) {
      this.#details = undefined;
      return;
    }
    const draft = this.#kept.drafts[keyOf(pair)];
    const empty = { isLoading: true, files: [], fileCount: 0 };
    this.#details = {
      first: pair.first,
      second: pair.second,
      ...empty,
      ...(draft && { draft: { ...draft, isSending: false } }),
    };
  }

  #setDraft(pair: PairChoice, draft: z.infer<typeof Draft> | undefined): void {
    const { [keyOf(pair)]: _old, ...others } = this.#kept.drafts;
    this.#keep({ ...this.#kept, drafts: draft === undefined ? others : { ...others, [keyOf(pair)]: draft } });
    // It may be about a pair that is not looked at any more.
    if (this.#details !== undefined && keyOf(this.#details) === keyOf(pair)) {
      this.#details = { ...this.#details, draft: draft && { ...draft, isSending: false } };
    }
    this.#changed();
  }

  #prepared({ first, second, files }: PairDetails): string {
    const { branches = [], pairs = [] } = this.#forecast ?? {};
    const branchOf = (session: string) => branches.find((branch) => branch.session === session);
    const own = branchOf(first);
    const met = second === "" ? own : pairs.find((pair) => keyOf(pair) === keyOf({ first, second }));
    const agentName = (session: string) => nameOf(this.#ports.fleet.get(agentKey(this.#of.hostId, session)));
    return overlapMessage({
      first,
      second,
      nameOf: (session) =>
        session === "" ? (own?.baseBranch ?? "") : (agentName(session) ?? branchOf(session)?.branch ?? ""),
      branchOf: (session) => branchOf(session)?.branch,
      isConflict: met?.overlap === "conflict",
      files,
      paths: met?.files ?? [],
    });
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    void this.#ports.state.update(this.#stateKey, kept);
  }
}

/** The same whichever of the two comes first. */
function keyOf({ first, second }: PairChoice): string {
  return [first, second].toSorted().join(" ");
}
