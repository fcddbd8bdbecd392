import { AttemptsPage } from "./AttemptsPage.tsx";
import { CombinePage } from "./CombinePage.tsx";
import { CoordinationPage } from "./CoordinationPage.tsx";
import type { ReportClient, ReportRequest } from "./reportClient.ts";
import { SpendPage } from "./SpendPage.tsx";

export function ReportPage({ client }: { client: ReportClient }) {
  const state = client.state.value;
  const send = (request: ReportRequest) => client.send(request);
  const reconnect = (hostId: string) => send({ kind: "reconnect", hostId });
  switch (state?.view) {
    case "spend":
      return <SpendPage state={state} choose={(choice) => send({ kind: "choose", choice })} reconnect={reconnect} />;
    case "attempts":
      return (
        <AttemptsPage
          state={state}
          act={(action, session) => send({ kind: "act", action, session })}
          reconnect={reconnect}
        />
      );
    case "coordination":
      return <CoordinationPage state={state} send={send} />;
    case "combine":
      return <CombinePage state={state} send={send} />;
    case undefined:
    default:
      return null;
  }
}
