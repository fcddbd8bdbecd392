import { render } from "preact";
import { ReportPage } from "./ReportPage.tsx";
import { ReportClient, type ReportHost } from "./reportClient.ts";
import "@vscode/codicons/dist/codicon.css";
import "./report.css";
import "./coordination.css";

/** Given to the page by VS Code; may be called once. */
declare function acquireVsCodeApi(): ReportHost;

const client = new ReportClient(acquireVsCodeApi(), document.body.dataset["nonce"] ?? "");
window.addEventListener("message", (event) => client.receive(event.data));
render(<ReportPage client={client} />, document.body);
client.start();
