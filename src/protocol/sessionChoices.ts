import { META_NS } from "./fleet.ts";
import { fleetMeta } from "./fleetMeta.ts";
import type { SessionState } from "./sessionState.ts";

/** What a person may choose anew while the session lives, by a `session/configChanged` of this property. */
export interface SessionChoice {
  /** The property. */
  readonly id: string;
  /** What a host calls it, if it does. */
  readonly title: string | undefined;
  readonly current: string | undefined;
  readonly available: readonly { readonly id: string; readonly name: string }[];
}

/** The properties of a host of ours, and where its agents' own words for them are. */
const ours = { mode: "modes", model: "models" } as const;

/** The choices of hosts of ours are what the agent offers; others name theirs in the schema of the session's configuration. */
export function choicesOf(session: SessionState): readonly SessionChoice[] {
  const { config } = session;
  if (config === undefined) return [];
  return session._meta?.[META_NS] === undefined ? choicesInSchema(config) : offeredChoices(session, config);
}

type Config = NonNullable<SessionState["config"]>;

function offeredChoices(session: SessionState, { values }: Config): readonly SessionChoice[] {
  const about = fleetMeta("session", session);
  return Object.entries(ours).flatMap(([id, member]) => {
    const offered = about?.[member];
    if (offered === undefined || offered.available.length === 0) return [];
    return [{ id, title: undefined, current: textOf(values[id]) ?? offered.current, available: offered.available }];
  });
}

function choicesInSchema({ schema, values }: Config): readonly SessionChoice[] {
  return Object.entries(schema.properties).flatMap(([id, property]) => {
    const { enum: options, enumLabels, title, sessionMutable, readOnly } = property;
    if (sessionMutable !== true || readOnly === true || options === undefined) return [];
    const available = options.flatMap((option, index) =>
      typeof option === "string" ? [{ id: option, name: enumLabels?.[index] ?? option }] : [],
    );
    const current = textOf(values[id]) ?? textOf(property.default);
    return available.length === 0 ? [] : [{ id, title, current, available }];
  });
}

/** What people have chosen for the agent of a host of ours; nothing where it is left to the agent. */
export function chosenIn(session: SessionState | undefined): { mode?: string | undefined; model?: string | undefined } {
  const { values } = session?.config ?? {};
  return { mode: textOf(values?.["mode"]), model: textOf(values?.["model"]) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
