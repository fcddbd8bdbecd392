// Loaded before VS Code's server. The workbench in a browser keeps its secrets encrypted with a key of which the server
// holds one half; code-server's own front end hands it out at /mint-key. Without an answer there, every secret (a
// host's token among them) is lost when the page is reloaded.
import { randomBytes } from "node:crypto";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";

const half = randomBytes(32);
const createServer = http.createServer;

http.createServer = (...args) => {
  const handle = args.at(-1);
  if (typeof handle !== "function") return createServer(...args);
  return createServer(...args.slice(0, -1), (request, response) => {
    if (request.method !== "POST" || request.url !== "/mint-key") handle(request, response);
    else response.writeHead(200, { "content-type": "application/octet-stream" }).end(half);
  });
};
syncBuiltinESMExports();
