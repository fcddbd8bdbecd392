import * as z from "zod/mini";
import { type Disposable } from "../../base/disposables.ts";
import { Emitter } from "../../base/emitter.ts";
import { type AgentFilter, noFilter } from "../fleet/agentFilter.ts";
import { ATTENTIONS } from "../fleet/fleetAgent.ts";
import type { StatePort } from "../platform/statePort.ts";
import { type AgentLayout, GROUPINGS, SORTINGS } from "./agentLayout.ts";

const Layout = z.object({
  grouping: z.enum(GROUPINGS),
  sorting: z.enum(SORTINGS),
  /** Archived agents are hidden unless somebody wants to see them. */
  showsArchived: z.boolean(),
});
const Filter = z.object({ text: z.string(), states: z.array(z.enum(ATTENTIONS)), isUnread: z.boolean() });
const Pins = z.array(z.string());

const keys = { layout: "muster.agents.layout", filter: "muster.agents.filter", pins: "muster.agents.pins" } as const;
const maxPins = 200;

export interface ViewLayout extends AgentLayout {
  readonly showsArchived: boolean;
}

/** `layout`: every row may stand elsewhere. `pins`: only these keys may. */
export type ViewChange = { readonly kind: "layout" } | { readonly kind: "pins"; readonly keys: readonly string[] };

export interface ViewMemories {
  /** Layout and pins: the person's, in every window. */
  readonly global: StatePort;
  /** The filter: what this window works on. */
  readonly workspace: StatePort;
}

/** How this person looks at the agents. It changes nothing on a host. */
export class AgentsViewSettings implements Disposable {
  readonly #memories: ViewMemories;
  readonly #changed: Emitter<ViewChange>;
  #layout: ViewLayout;
  #filter: AgentFilter;
  #pins: ReadonlySet<string>;

  constructor(memories: ViewMemories, onError: (error: unknown) => void) {
    this.#memories = memories;
    this.#changed = new Emitter(onError);
    const unset: ViewLayout = { grouping: "attention", sorting: "attention", showsArchived: false };
    this.#layout = read(Layout, memories.global, keys.layout, unset);
    this.#filter = read(Filter, memories.workspace, keys.filter, noFilter);
    this.#pins = new Set(this.#readPins());
  }

  get onDidChange() {
    return this.#changed.event;
  }

  get layout(): ViewLayout {
    return this.#layout;
  }

  get filter(): AgentFilter {
    return this.#filter;
  }

  isPinned(key: string): boolean {
    return this.#pins.has(key);
  }

  async setLayout(changes: Partial<ViewLayout>): Promise<void> {
    this.#layout = { ...this.#layout, ...changes };
    this.#changed.fire({ kind: "layout" });
    await this.#memories.global.update(keys.layout, this.#layout);
  }

  /** Shows it at once; `keep` also remembers it. */
  async setFilter(filter: AgentFilter, { keep }: { readonly keep: boolean } = { keep: true }): Promise<void> {
    this.#filter = filter;
    this.#changed.fire({ kind: "layout" });
    if (keep) await this.#memories.workspace.update(keys.filter, filter);
  }

  async pin(agents: readonly string[], isPinned: boolean): Promise<void> {
    // Another window may have pinned others meanwhile.
    const others = this.#readPins().filter((key) => !agents.includes(key));
    const pins = isPinned ? [...agents, ...others].slice(0, maxPins) : others;
    this.#pins = new Set(pins);
    this.#changed.fire({ kind: "pins", keys: agents });
    await this.#memories.global.update(keys.pins, pins);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #readPins(): readonly string[] {
    return read(Pins, this.#memories.global, keys.pins, []);
  }
}

function read<T>(schema: z.ZodMiniType<T>, state: StatePort, key: string, unset: T): T {
  const parsed = schema.safeParse(state.get(key));
  return parsed.success ? parsed.data : unset;
}
