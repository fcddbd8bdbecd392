import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./answers.ts";

/** Names the content of an answer, and says only that it is the same to whoever has it already. */
export function conditional(answer: Answer, request: IncomingMessage): Answer {
  if (request.method !== "GET" || answer.status !== 200) return answer;
  const etag = `W/"${createHash("sha256").update(JSON.stringify(answer.body)).digest("hex")}"`;
  const headers = { ...answer.headers, etag };
  return request.headers["if-none-match"] === etag ? { status: 304, body: undefined, headers } : { ...answer, headers };
}

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

export function parseJson(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Answers the question that a browser asks first when an extension runs in a web worker. */
export function allowCrossOrigin(response: ServerResponse): void {
  const methods = "GET, POST, PATCH, PUT, DELETE";
  const headers = "authorization, accept, content-type, x-github-api-version";
  response.writeHead(204, {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": methods,
    "access-control-allow-headers": headers,
  });
  response.end();
}

export function write(response: ServerResponse, answer: Answer): void {
  const reset = String(Math.ceil(Date.now() / 1000) + 3600);
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "x-github-media-type": "github.v3; format=json",
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "4999",
    "x-ratelimit-reset": reset,
    "x-ratelimit-resource": "core",
    "access-control-allow-origin": "*",
    ...answer.headers,
  };
  response.writeHead(answer.status, headers);
  response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
}
