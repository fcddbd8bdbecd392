import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

export interface CopilotAccount {
  /** For `authenticate` on the resource of the agent; any other is as good. */
  readonly token: string;
  /** The one model that the account has. */
  readonly model: string;
  /** Makes an agent host take this server for GitHub and for Copilot's own API. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const model = "scripted-1";

/**
 * Stands in for GitHub and Copilot's API on loopback: it grants an account to whoever asks and hands what is meant for the
 * model to `modelServerUrl`, so that VS Code's own agent runs whole turns without a network.
 */
export async function startCopilotAccount(modelServerUrl: string): Promise<CopilotAccount> {
  const server = createServer((request, response) => {
    // The agent may hang up in the middle of an answer.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === "/chat/completions") return askModel(Buffer.concat(chunks), response);
    const known = answers[path];
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(known ?? { message: "Not Found" }));
  }

  async function askModel(body: Buffer, response: ServerResponse): Promise<void> {
    const headers = { "content-type": "application/json" };
    const target = `${modelServerUrl}/v1/chat/completions`;
    const told = await fetch(target, { method: "POST", headers, body: new Uint8Array(body) });
    response.writeHead(told.status, { "content-type": told.headers.get("content-type") ?? "application/json" });
    // Node's own streams and those of the web are typed apart.
    await pipeline(Readable.fromWeb(told.body as ReadableStream), response);
  }

  const answers: Readonly<Record<string, object>> = {
    "/copilot_internal/user": {
      login: "somebody",
      copilot_plan: "individual",
      access_type_sku: "free",
      chat_enabled: true,
      organization_list: [],
      endpoints: { api: url, proxy: url, telemetry: url, "origin-tracker": url },
      quota_snapshots: {},
    },
    "/models": { object: "list", data: [aModel] },
  };
  return {
    token: "gho_scripted",
    model,
    env: { COPILOT_DEBUG_GITHUB_API_URL: url, COPILOT_API_URL: url, VSCODE_AGENT_HOST_CAPI_URL_OVERRIDE: url },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const aModel = {
  id: model,
  name: "Scripted",
  object: "model",
  vendor: "Muster",
  version: model,
  preview: false,
  model_picker_enabled: true,
  is_chat_default: true,
  is_chat_fallback: true,
  policy: { state: "enabled", terms: "" },
  supported_endpoints: ["/chat/completions"],
  billing: { is_premium: false, multiplier: 1 },
  capabilities: {
    type: "chat",
    family: model,
    object: "model_capabilities",
    tokenizer: "o200k_base",
    limits: { max_context_window_tokens: 200_000, max_prompt_tokens: 128_000, max_output_tokens: 16_000 },
    supports: { tool_calls: true, streaming: true, parallel_tool_calls: true, vision: false },
  },
};
