import { render } from "preact";
import { PanelMemory } from "../protocol/panel.ts";
import { App } from "./App.tsx";
import { startClock } from "./kit/clock.ts";
import { PanelContext } from "./kit/panelContext.ts";
import { type PageHost, PanelClient } from "./panelClient.ts";
import { loadLexer } from "./transcript/markdownTokens.ts";
import "@vscode/codicons/dist/codicon.css";
import "./styles/main.css";

/** Given to the page by VS Code; may be called once. */
declare function acquireVsCodeApi(): PageHost;

const host = acquireVsCodeApi();
const memory = PanelMemory.safeParse(host.getState());
const client = new PanelClient(host, document.body.dataset["nonce"] ?? "", memory.success ? memory.data : {});

window.addEventListener("message", (event) => client.receive(event.data));
startClock();
void loadLexer();
render(
  <PanelContext.Provider value={client}>
    <App />
  </PanelContext.Provider>,
  document.body,
);
void client.start();
