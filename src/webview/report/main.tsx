import { render } from "preact";
import type { ReportInbound } from "../../protocol/report.ts";
import { ReportPage } from "./ReportPage.tsx";
import { ReportClient } from "./reportClient.ts";
import "@vscode/codicons/dist/codicon.css";
import "./report.css";

/** Given to the page by VS Code; may be called once. */
declare function acquireVsCodeApi(): { postMessage(message: ReportInbound): void };

const client = new ReportClient(acquireVsCodeApi(), document.body.dataset["nonce"] ?? "");
window.addEventListener("message", (event) => client.receive(event.data));
render(<ReportPage client={client} />, document.body);
client.start();
