// An ordinary small application: serves GET /, keeps what is posted to /keep beside itself, and posted to /scratch in /tmp.
const { createServer } = require("node:http");
const { createWriteStream } = require("node:fs");
const { tmpdir } = require("node:os");

const targets = { "/keep": `${process.cwd()}/uploads/upload`, "/scratch": `${tmpdir()}/upload` };

createServer((request, response) => {
  if (request.method === "GET") {
    response.end("served by node\n");
    return;
  }
  const file = createWriteStream(targets[request.url]);
  file.on("error", (error) => response.writeHead(500).end(`${error.message}\n`));
  file.on("finish", () => response.end("kept\n"));
  request.pipe(file);
}).listen(8000);
