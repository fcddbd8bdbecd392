import type { CoordinatedAgent, CoordinationState } from "../../protocol/coordinationReport.ts";
import { toLine } from "../../base/visibleText.ts";
import { Icon } from "../kit/Icon.tsx";
import { t } from "../kit/l10n.ts";
import { ConflictMatrix } from "./ConflictMatrix.tsx";
import { Notes } from "./Notes.tsx";
import { overlapText } from "./overlapWords.ts";
import { PairPanel } from "./PairPanel.tsx";
import type { ReportRequest } from "./reportClient.ts";

interface CoordinationPageProps {
  state: CoordinationState;
  send: (request: ReportRequest) => void;
}

/** Where the agents of one repository meet, in which order to merge them, and how far their base has moved. */
export function CoordinationPage({ state, send }: CoordinationPageProps) {
  const { agents, note, repository, isLoading, chosen, train } = state;
  const updatable = agents.filter(({ obstacle }) => obstacle === undefined);
  return (
    <main class="report coordination">
      <header>
        <h1>{t("Overlaps")}</h1>
        <span class="muted">{repository}</span>
      </header>
      <Notes notes={note === undefined ? [] : [note]} reconnect={(hostId) => send({ kind: "reconnect", hostId })} />
      {isLoading && <p class="muted">{t("Asking the host…")}</p>}
      {!isLoading && agents.length === 0 && note === undefined && (
        <p>{t("No agent has changed anything in this repository yet. Branches show here after their first turn.")}</p>
      )}
      {agents.length > 0 && (
        <>
          <ConflictMatrix state={state} choose={(pair) => send({ kind: "choosePair", pair })} />
          {chosen !== undefined && (
            <PairPanel key={`${chosen.first}\n${chosen.second}`} state={state} chosen={chosen} send={send} />
          )}
          <div class="order-head">
            <h2>{t("Suggested merge order")}</h2>
            {train !== undefined && (
              <span class="train" role="status">
                <span class="muted">{t("Updating from their base: {0} of {1} done", train.done, train.count)}</span>{" "}
                <button type="button" class="button secondary" onClick={() => send({ kind: "stopTrain" })}>
                  <Icon name="debug-stop" /> {t("Stop after This One")}
                </button>
              </span>
            )}
            {train === undefined && updatable.length > 0 && (
              <button
                type="button"
                class="button secondary"
                onClick={() => send({ kind: "update", sessions: updatable.map(({ session }) => session) })}
              >
                <Icon name="sync" />{" "}
                {updatable.length === 1 ? t("Update 1 from Base") : t("Update {0} from Base", updatable.length)}
              </button>
            )}
          </div>
          <ol class="order">
            {agents.map((agent) => (
              <Agent key={agent.session} agent={agent} isUpdatable={train === undefined} send={send} />
            ))}
          </ol>
        </>
      )}
    </main>
  );
}

interface AgentProps {
  agent: CoordinatedAgent;
  isUpdatable: boolean;
  send: (request: ReportRequest) => void;
}

function Agent({ agent, isUpdatable, send }: AgentProps) {
  const { session, title, state, obstacle, baseBranch, update } = agent;
  return (
    <li>
      <button type="button" class="link-button" onClick={() => send({ kind: "act", action: "open", session })}>
        {title}
      </button>{" "}
      <span class="muted">
        {state} · {driftWords(agent)}
      </span>
      {isUpdatable && (obstacle === undefined || obstacle === "conflict") && (
        <button
          type="button"
          class="icon-button"
          aria-label={t("Update {0} from {1}", title, toLine(baseBranch, 60))}
          title={t("Update from {0}", toLine(baseBranch, 60))}
          onClick={() => send({ kind: "update", sessions: [session] })}
        >
          <Icon name="sync" />
        </button>
      )}
      {update !== undefined && <UpdateNote {...update} />}
    </li>
  );
}

/** How an agent fares that its host updates, or why that ended there. */
function UpdateNote({ state, message }: NonNullable<CoordinatedAgent["update"]>) {
  switch (state) {
    case "updating":
      return <p class="update-note muted">{t("being updated…")}</p>;
    case "waiting":
      return <p class="update-note muted">{t("waits to be updated")}</p>;
    case "refused":
    case "busy":
      return (
        <p class="update-note">
          <Icon name="warning" /> {toLine(message ?? "", 300)}
        </p>
      );
    default:
      return null;
  }
}

/** "3 commits behind main, applies cleanly". */
function driftWords(agent: CoordinatedAgent): string {
  const { behind, overlap } = agent;
  const base = toLine(agent.baseBranch, 60);
  if (behind === 0) return t("up to date with {0}", base);
  const distance = behind === 1 ? t("1 commit behind {0}", base) : t("{0} commits behind {1}", behind, base);
  return overlap === "conflict"
    ? t("{0}, {1}", distance, overlapText(agent))
    : t("{0}, still merges cleanly", distance);
}
