import { AttemptsPage } from "./AttemptsPage.tsx";
import type { ReportClient } from "./reportClient.ts";
import { SpendPage } from "./SpendPage.tsx";

export function ReportPage({ client }: { client: ReportClient }) {
  const state = client.state.value;
  if (state === undefined) return null;
  return state.view === "spend" ? (
    <SpendPage state={state} choose={(choice) => client.send({ kind: "choose", choice })} />
  ) : (
    <AttemptsPage state={state} act={(action, session) => client.send({ kind: "act", action, session })} />
  );
}
